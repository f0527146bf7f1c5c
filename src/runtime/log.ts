/**
 * The server's log and xlog(): lines on stderr, as text for people or as JSON for machines. Levels are
 * OpenSIPS' (-3 alert ... 4 debug); see script/log-levels.ts.
 */
import { createRequire } from 'node:module';
import type * as Pino from 'pino';

export type LogFormat = 'text' | 'json';

export interface LogOptions {
  readonly format: LogFormat;
  /** What is logged: messages of this level and below. The global parameters log_level and xlog_level. */
  readonly logLevel: number;
  readonly xlogLevel: number;
  /** The global parameter log_prefix. */
  readonly prefix: string;
  /** The number of the process, where there are several. */
  readonly process?: number | null;
  /** The global parameter stderror_enabled. */
  readonly enabled: boolean;
  /** Gets whole lines as bytes. */
  readonly write: (line: Buffer) => void;
}

const levelNames: Readonly<Record<number, string>> = {
  [-3]: 'ALERT',
  [-2]: 'CRITICAL',
  [-1]: 'ERROR',
  1: 'WARNING',
  2: 'NOTICE',
  3: 'INFO',
  4: 'DBG',
};

/** pino has no levels above fatal and none between info and warn: what OpenSIPS calls notice is info there. */
const pinoLevels = {
  [-3]: 'fatal',
  [-2]: 'fatal',
  [-1]: 'error',
  1: 'warn',
  2: 'info',
  3: 'info',
  4: 'debug',
} as const;

export class Log {
  readonly #options: LogOptions;
  readonly #emit: (level: number, bytes: string, origin: 'server' | 'script') => void;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#emit = options.format === 'json' ? jsonEmitter(options) : textEmitter(options);
  }

  get logLevel(): number {
    return this.#options.logLevel;
  }

  get xlogLevel(): number {
    return this.#options.xlogLevel;
  }

  error(text: string): void {
    this.log(-1, text);
  }

  warning(text: string): void {
    this.log(1, text);
  }

  notice(text: string): void {
    this.log(2, text);
  }

  info(text: string): void {
    this.log(3, text);
  }

  debug(text: string): void {
    this.log(4, text);
  }

  /** A line of the server's own. What came from the network may stand in it: control characters are shown, not sent. */
  log(level: number, text: string, limit = this.#options.logLevel): void {
    if (level <= limit && this.#options.enabled) this.#emit(level, printable(text), 'server');
  }

  /** What a script prints: its bytes as they are. */
  xlog(level: number, text: string, limit = this.#options.xlogLevel): void {
    if (level <= limit && this.#options.enabled) this.#emit(level, text, 'script');
  }
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  return text.replace(
    /[\x00-\x08\x0a-\x1f\x7f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function textEmitter({ write, prefix, process: number = null }: LogOptions) {
  const lead = `${number === null ? '' : `[${number}] `}${prefix === '' ? '' : `${prefix}: `}`;
  return (level: number, bytes: string, origin: string) => {
    const name = origin === 'script' && level >= 2 ? '' : `${levelNames[level] ?? ''}: `;
    write(Buffer.from(`${clock()} ${lead}${name}${bytes.endsWith('\n') ? bytes : `${bytes}\n`}`, 'latin1'));
  };
}

/** `22:04:05.123`, local time. */
function clock(): string {
  const now = new Date();
  const two = (n: number) => (n < 10 ? `0${n}` : n);
  const ms = now.getMilliseconds();
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}`;
}

const require = createRequire(import.meta.url);

function jsonEmitter({ write, prefix, process: number = null }: LogOptions) {
  // loaded only where it is used: it is a third of what the start of a small program takes
  const { pino } = require('pino') as typeof Pino;
  const logger = pino(
    {
      level: 'debug',
      base: {
        pid: process.pid,
        ...(number === null ? {} : { process: number }),
        ...(prefix === '' ? {} : { prefix }),
      },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(Buffer.from(line, 'utf8')) },
  );
  return (level: number, bytes: string, origin: string) => {
    const text = Buffer.from(bytes.replace(/\n$/, ''), 'latin1').toString('utf8');
    logger[pinoLevels[level as keyof typeof pinoLevels] ?? 'info']({ origin }, text);
  };
}
