/** Tables that modules hold in memory as a whole: from a text file, or from a REST service. */
import type { Awaitable } from '../timers/index.ts';
import type { TextRow } from './db-text.ts';

/** The rows of a table, as its module has indexed them. */
export interface LoadedTable<Index> {
  readonly current: Index;
  /** Reads it again. Throws or rejects, and changes nothing, if it cannot be read. */
  reload(): Awaitable<void>;
}

export interface TableOptions<Index> {
  /** The module, for the log. */
  readonly module: string;
  /** Of a module's `db_url`: `text://FOLDER`, or the URL of a service, with `{table}` if it has several. */
  readonly url: string;
  readonly table: string;
  /** How often a service is asked again, in ms; 0: only by a reload. A file is read again when it has changed. */
  readonly refresh: number;
  /** The longest time for an answer of the service, in ms. */
  readonly timeout: number;
  /** Called for each new version. An exception leaves the version before in force. */
  readonly index: (rows: readonly TextRow[]) => Index;
}
