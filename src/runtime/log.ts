/**
 * The server's log and xlog(): lines for people or for machines, at OpenSIPS' levels (-3 alert ... 4 debug; see
 * script/log-levels.ts). Where they go is the business of its outputs.
 */
import { withoutSecrets } from '../script/index.ts';
import { type Clock, systemClock } from '../timers/index.ts';
import { type LogFields, type LogOrigin, printable } from './logging/lines.ts';
import { Repetitions } from './logging/repetitions.ts';

export type { LogFormat } from './logging/lines.ts';

/** Writes a line. The text of a script's may have control characters, a server's has none. */
export type LogOutput = (level: number, text: string, origin: LogOrigin, fields: LogFields | null) => void;

export interface LogOptions {
  /** What is logged: messages of this level and below. The global parameters log_level and xlog_level. */
  readonly logLevel: number;
  readonly xlogLevel: number;
  readonly outputs: readonly LogOutput[];
  /** By which lines that repeat are thinned out. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Lines that repeat too often to be written are counted there. */
  readonly counts?: { repeated: number } | undefined;
}

/** Lines up to this level that repeat are thinned out; those for debugging are as many as there are. */
const thinnedLevel = 2;
const lifecycleLevel = 2;
export const debugLevel = 4;

/** The log of a script: what the server says, and what the script prints by xlog(). */
export class Log {
  /** Whether lines for debugging are written, as the server's level has it. */
  readonly debugs: boolean;
  readonly #options: LogOptions;
  readonly #outputs: readonly LogOutput[];
  readonly #repetitions: Repetitions;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#outputs = options.outputs;
    this.debugs = options.logLevel >= debugLevel && options.outputs.length > 0;
    this.#repetitions = new Repetitions(options.clock ?? systemClock, (level, text) =>
      this.#emit(level, text, 'server', null),
    );
  }

  /** Lines of the server up to this level are written, -3 to 4: `log_level`. */
  get logLevel(): number {
    return this.#options.logLevel;
  }

  /** Lines of the script up to this level are written: `xlog_level`. */
  get xlogLevel(): number {
    return this.#options.xlogLevel;
  }

  /** A line of level -1. */
  error(text: string): void {
    this.log(-1, text);
  }

  /** A line of level 1. */
  warning(text: string): void {
    this.log(1, text);
  }

  /** A line of level 2. */
  notice(text: string): void {
    this.log(2, text);
  }

  /** A line of level 3. */
  info(text: string): void {
    this.log(3, text);
  }

  /** A line of level 4. */
  debug(text: string): void {
    this.log(4, text);
  }

  /** A line of the server's own. It may contain text from the network, so control characters are escaped. */
  log(level: number, text: string, limit = this.#options.logLevel): void {
    if (level > limit || this.#outputs.length === 0) return;
    const line = printable(withoutSecrets(text));
    if (level <= thinnedLevel && !this.#repetitions.admit(level, line)) {
      if (this.#options.counts !== undefined) this.#options.counts.repeated++;
      return;
    }
    this.#emit(level, line, 'server', null);
  }

  /** That the server starts, stops, or has another script: written whatever the script's log_level is. @internal */
  lifecycle(text: string, fields: LogFields, level: number = lifecycleLevel): void {
    this.#emit(level, printable(withoutSecrets(text)), 'server', fields);
  }

  /** What a script prints. */
  xlog(level: number, text: string, limit = this.#options.xlogLevel): void {
    if (level <= limit) this.#emit(level, text, 'script', null);
  }

  /** Tells now how often lines were left out that repeat. */
  flush(): void {
    this.#repetitions.flush();
  }

  #emit(level: number, text: string, origin: LogOrigin, fields: LogFields | null): void {
    for (const output of this.#outputs) output(level, text, origin, fields);
  }
}
