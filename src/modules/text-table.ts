/** Tables in text files that are read again when they have changed. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, type Routing } from '../runtime/index.ts';
import { defineParameter, InvalidUse } from '../script/index.ts';
import { every } from '../timers/index.ts';
import { readTextTable, type TextRow } from './db-text.ts';

/** A name of a file, from the folder of the script. */
export const beside = (routing: Routing, file: string): string => resolve(dirname(routing.place(0)), file);

/** How often it is looked whether a file has changed, in ms. */
const period = 2000;

/** A parameter that names a column, a table or a file. */
export const nameParameter = <const Name extends string, const Default extends string>(
  name: Name,
  standard: Default,
  summary: string,
) => defineParameter({ name, type: 'string', default: standard, summary });

const noConnection = (scheme: string): string =>
  `siprest has no connection to databases such as ${scheme}://`;

/**
 * The folder of a `db_url`, `text://FOLDER` as of db_text. Throws {@link InvalidUse} for any other database.
 *
 * @param instead what else can be used
 */
export function folderOf(url: string, instead: string, refusal = noConnection): string {
  const [, scheme, folder] = /^(\w+):\/\/(.+)$/s.exec(url) ?? [];
  if (scheme === 'text' && folder !== undefined) return folder;
  throw new InvalidUse(
    scheme === undefined || scheme === 'text' ? 'db_url must be text://FOLDER' : refusal(scheme),
    `use text://FOLDER, with a table as of db_text, or ${instead}`,
  );
}

/** A table that a module looks into: read at once, and again when the file has changed. */
export class TextTable<Index> {
  readonly #routing: Routing;
  readonly #folder: string;
  readonly #table: string;
  readonly #index: (rows: readonly TextRow[]) => Index;
  #current: Index;
  #version: string | null = null;

  /** Throws an Error that says where the file is wrong. */
  constructor(routing: Routing, folder: string, table: string, index: (rows: readonly TextRow[]) => Index) {
    this.#routing = routing;
    this.#folder = beside(routing, folder);
    this.#table = table;
    this.#index = index;
    this.#current = index(readTextTable(this.#folder, table));
    const timer = every(routing.host.clock, period, () => void this.#look());
    routing.listeners.closed.add(() => timer.stop());
  }

  get current(): Index {
    return this.#current;
  }

  /** Reads it again. Throws, and changes nothing, if it cannot be read. */
  reload(): void {
    this.#current = this.#index(readTextTable(this.#folder, this.#table));
  }

  async #look(): Promise<void> {
    const file = join(this.#folder, this.#table);
    try {
      const { mtimeMs, size, ino } = await stat(file);
      const version = `${mtimeMs} ${size} ${ino}`;
      const isFirst = this.#version === null;
      if (version === this.#version) return;
      this.#version = version;
      if (!isFirst) this.reload();
    } catch (error) {
      if (this.#version === '') return;
      this.#version = '';
      this.#routing.log.warning(`${messageOf(error)}: the table stays as it was read last`);
    }
  }
}
