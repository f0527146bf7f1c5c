/**
 * The server's log and xlog(): lines for people or for machines, at OpenSIPS' levels (-3 alert ... 4 debug; see
 * script/log-levels.ts). Its outputs decide where they go.
 */
import { withoutSecrets } from '../script/index.ts';
import type { SipMessage } from '../sip/index.ts';
import { type Clock, systemClock } from '../timers/index.ts';
import { type LogFields, type LogOrigin, printable } from './logging/lines.ts';
import { filteredLevel, type LogOverrides, noOverrides } from './logging/log-levels.ts';
import { type PendingRepetitions, Repetitions } from './logging/repetitions.ts';

export type { LogFormat } from './logging/lines.ts';

/** Writes a line. Text from a script may contain control characters, the server's never does. */
export type LogOutput = (
  level: number,
  text: string,
  origin: LogOrigin,
  fields: LogFields | null,
  facility?: string,
) => void;

export interface LogOptions {
  /** Lines up to these levels are written: the global parameters log_level and xlog_level. */
  readonly logLevel: number;
  readonly xlogLevel: number;
  readonly outputs: readonly LogOutput[];
  /** Limits repeated lines. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Counts repeated lines that were left out. */
  readonly counts?: { repeated: number } | undefined;
  /** Gets what is to be flushed before the process ends: repeated lines that were left out. */
  readonly pending?: PendingRepetitions | undefined;
}

/** What a line is about; read only for lines that are written. */
export interface LogSubject {
  /** The fields that it adds to a line in JSON. */
  readonly logFields: LogFields;
}

export interface RecordOptions {
  /** In syslog. */
  readonly facility: string;
  readonly fields: LogFields;
}

/** Repeated lines up to this level are limited; debug lines never are. */
const thinnedLevel = 2;
const lifecycleLevel = 2;
export const debugLevel = 4;

/** The log of a script: the server's lines, and xlog(). */
export class Log {
  /** Whether the server's level includes debug lines. */
  debugs: boolean;
  /** Whether some calls have levels of their own. @internal */
  hasFilters = false;
  #overrides: LogOverrides = noOverrides;
  readonly #options: LogOptions;
  readonly #outputs: readonly LogOutput[];
  readonly #repetitions: Repetitions;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#outputs = options.outputs;
    this.debugs = this.#isDebugging();
    this.#repetitions = new Repetitions(
      options.clock ?? systemClock,
      (level, text) => this.#emit(level, text, 'server', null),
      options.pending ?? new Set(),
    );
  }

  /** The server's level, -3 to 4: `log_level`. */
  get logLevel(): number {
    return this.#overrides.level ?? this.#options.logLevel;
  }

  /** Replaces the levels of the script. @internal */
  override(overrides: LogOverrides): void {
    this.#overrides = overrides;
    this.hasFilters = overrides.filters.length > 0;
    this.debugs = this.#isDebugging();
  }

  /** The level for lines about a message: `level`, or a higher one of its call. @internal */
  levelFor(message: SipMessage | null, level: number): number {
    return this.hasFilters ? Math.max(level, filteredLevel(this.#overrides.filters, message)) : level;
  }

  /** Whether debug lines about a message are written. @internal */
  debugsFor(message: SipMessage | null): boolean {
    return this.debugs || (this.hasFilters && this.levelFor(message, this.logLevel) >= debugLevel);
  }

  #isDebugging(): boolean {
    return this.logLevel >= debugLevel && this.#outputs.length > 0;
  }

  /** The script's level: `xlog_level`. */
  get xlogLevel(): number {
    return this.#overrides.xlogLevel ?? this.#options.xlogLevel;
  }

  /** Logs at level -1. */
  error(text: string): void {
    this.log(-1, text);
  }

  /** Logs at level 1. */
  warning(text: string): void {
    this.log(1, text);
  }

  /** Logs at level 2. */
  notice(text: string): void {
    this.log(2, text);
  }

  /** Logs at level 3. */
  info(text: string): void {
    this.log(3, text);
  }

  /** Logs at level 4. */
  debug(text: string): void {
    this.log(4, text);
  }

  /** Logs a line of the server. It may contain text from the network, so control characters are escaped. */
  log(level: number, text: string, limit = this.logLevel, subject: LogSubject | null = null): void {
    if (level > limit || this.#outputs.length === 0) return;
    const line = printable(withoutSecrets(text));
    if (level <= thinnedLevel && !this.#repetitions.admit(level, line)) {
      if (this.#options.counts !== undefined) this.#options.counts.repeated++;
      return;
    }
    this.#emit(level, line, 'server', subject);
  }

  /** Logs that the server starts, stops, or has another script, at any log_level. @internal */
  lifecycle(text: string, fields: LogFields, level: number = lifecycleLevel): void {
    this.#emit(level, printable(withoutSecrets(text)), 'server', { logFields: fields });
  }

  /** Logs a line that must not be lost among equal ones, such as an accounting record. It may contain text from the network. @internal */
  record(level: number, text: string, { facility, fields }: RecordOptions): void {
    if (level <= this.logLevel) this.#emit(level, printable(text), 'server', { logFields: fields }, facility);
  }

  /** Logs a line of the script. */
  xlog(level: number, text: string, limit = this.xlogLevel, subject: LogSubject | null = null): void {
    if (level <= limit) this.#emit(level, text, 'script', subject);
  }

  #emit(level: number, text: string, origin: LogOrigin, subject: LogSubject | null, facility?: string): void {
    if (this.#outputs.length === 0) return;
    const fields = subject?.logFields ?? null;
    for (const output of this.#outputs) output(level, text, origin, fields, facility);
  }
}
