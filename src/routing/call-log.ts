import type { Log, LogSubject } from '../runtime/index.ts';
import { encode } from './text.ts';

/** What {@link CallLog} needs of its call. */
export interface LoggingCaller extends LogSubject {
  readonly callId: string;
  readonly log: Log;
  /** The level of lines about the call. */
  readonly logLevel: number;
}

type Level = 'error' | 'warning' | 'notice' | 'info' | 'debug';

const levels: Readonly<Record<Level, number>> = { error: -1, warning: 1, notice: 2, info: 3, debug: 4 };

/** Logs lines about a call: each ends with its Call-ID, and in JSON has the call, the handler and the place in its code. */
export class CallLog {
  readonly #caller: LoggingCaller;

  /** @internal */
  constructor(caller: LoggingCaller) {
    this.#caller = caller;
  }

  /** Something failed. */
  error(text: string): void {
    this.#write('error', text);
  }

  /** Something is wrong, but the call continues. */
  warning(text: string): void {
    this.#write('warning', text);
  }

  /** Something rare and important. */
  notice(text: string): void {
    this.#write('notice', text);
  }

  /** Something that happens in every call. */
  info(text: string): void {
    this.#write('info', text);
  }

  /** Details. */
  debug(text: string): void {
    this.#write('debug', text);
  }

  #write(level: Level, text: string): void {
    const { log, logLevel, callId, logFields } = this.#caller;
    if (levels[level] > logLevel) return;
    const place = placeAbove(this[level]);
    log.log(levels[level], `${encode(text)}, Call-ID ${callId}`, logLevel, {
      logFields: place === '' ? logFields : { ...logFields, place },
    });
  }
}

/** `/srv/policy.ts:12`, from where a function was called; '' if it is unknown. */
function placeAbove(called: (...args: never[]) => unknown): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, called);
  Error.stackTraceLimit = before;
  const [, file, line] = /(?:file:\/\/)?(\/[^()\n]*?):(\d+):\d+\)?$/.exec(holder.stack ?? '') ?? [];
  return file === undefined ? '' : `${decodeURIComponent(file)}:${line}`;
}
