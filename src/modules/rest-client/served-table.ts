/**
 * A whole table that a REST service has: a JSON array with an object for each row, whose members are the columns. It is
 * asked for at the start, at an interval and by commands; while the service fails, the rows that it answered last stay.
 */
import { percentEncode, type RestClient, urlForLog } from '../../rest/index.ts';
import { type Host, messageOf, type Routing, StateKey } from '../../runtime/index.ts';
import type { TimerHandle } from '../../timers/index.ts';
import { bytesOf } from '../command-text.ts';
import type { TextRow } from '../db-text.ts';
import type { LoadedTable, TableOptions } from '../loaded-table.ts';
import { openScriptClient } from './transfers.ts';

/** Longer answers are failures, in bytes. */
const longest = 8 * 1024 * 1024;
/** When a service that has failed is asked again, in ms. */
const retry = 5000;

/** The rows that services have answered last, by URL: a new policy begins with them if its service fails. */
const lastRows = new StateKey<Host, Map<string, readonly TextRow[]>>('rows of services', () => new Map());

const textOf = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return bytesOf(typeof value === 'string' ? value : JSON.stringify(value));
};

/** Throws an Error that says what is wrong with the answer. */
function rowsOf(body: Buffer): readonly TextRow[] {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString('utf8'));
  } catch {
    throw new Error('the answer is not JSON');
  }
  if (!Array.isArray(answer)) throw new Error('the answer is not a JSON array of rows');
  return answer.map((row: unknown, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new Error(`row ${i + 1} of the answer is not an object`);
    return new Map(Object.entries(row).map(([name, value]) => [bytesOf(name), textOf(value)]));
  });
}

export class ServedTable<Index> implements LoadedTable<Index> {
  readonly #routing: Routing;
  readonly #options: TableOptions<Index>;
  readonly #url: string;
  readonly #client: RestClient;
  #current: Index;
  #body: Buffer | null = null;
  #asking: Promise<void> | null = null;
  #timer: TimerHandle | null = null;
  #failure: string | null = null;
  #isClosed = false;

  private constructor(routing: Routing, options: TableOptions<Index>) {
    const { url, table, index } = options;
    this.#routing = routing;
    this.#options = options;
    this.#url = url.replaceAll('{table}', percentEncode(table, 'latin1'));
    this.#client = openScriptClient(routing);
    this.#current = index(routing.host.states.get(lastRows).get(this.#url) ?? []);
    routing.listeners.closed.add(() => {
      this.#isClosed = true;
      this.#wait(null);
    });
  }

  /** Resolves when the service has answered or failed. */
  static async open<Index>(routing: Routing, options: TableOptions<Index>): Promise<ServedTable<Index>> {
    const table = new ServedTable(routing, options);
    await table.#refresh();
    return table;
  }

  get current(): Index {
    return this.#current;
  }

  /** Those who ask meanwhile wait for the same answer. */
  reload(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const outcome = await this.#client.request('GET', this.#url, {
      timeout: this.#options.timeout,
      encoding: 'latin1',
    });
    const place = urlForLog(this.#url);
    if (outcome.kind !== 'response') throw new Error(`${place}: ${outcome.reason}`);
    const { status, body } = outcome;
    if (status < 200 || status > 299) throw new Error(`${place}: status ${status}`);
    if (body.length > longest)
      throw new Error(`${place}: an answer of ${body.length} bytes, more than ${longest}`);
    if (this.#body?.equals(body) === true) return;
    try {
      const rows = rowsOf(body);
      this.#current = this.#options.index(rows);
      this.#routing.host.states.get(lastRows).set(this.#url, rows);
      this.#body = body;
    } catch (error) {
      throw new Error(`${place}: ${messageOf(error)}`, { cause: error });
    }
  }

  async #refresh(): Promise<void> {
    const { log } = this.#routing;
    const { module, refresh } = this.#options;
    try {
      await this.reload();
      if (this.#failure !== null) log.notice(`${module}: ${urlForLog(this.#url)} answers again`);
      this.#failure = null;
      this.#wait(refresh > 0 ? refresh : null);
    } catch (error) {
      const failure = messageOf(error);
      if (failure !== this.#failure)
        log.error(`${module}: ${failure}: the rows that were read last stay, and the service is asked again`);
      this.#failure = failure;
      this.#wait(refresh > 0 ? Math.min(refresh, retry) : retry);
    }
  }

  #wait(milliseconds: number | null): void {
    const { clock } = this.#routing.host;
    if (this.#timer !== null) clock.clearTimer(this.#timer);
    this.#timer =
      milliseconds === null || this.#isClosed
        ? null
        : clock.setTimer(milliseconds, () => void this.#refresh());
  }
}
