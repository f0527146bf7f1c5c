/**
 * Node.js cannot write to the local syslog socket, which is a datagram socket, so `logger` (bsdutils, util-linux) does:
 * one child that lives as long as the server and reads lines with priorities from its standard input. It is restarted
 * when it ends; while syslog cannot be reached, lines are written elsewhere. A child lives in real time, whatever the
 * host's clock.
 */
import type { ChildProcess } from 'node:child_process';
import { Backlog } from './backlog.ts';
import type { LogFields, LogOrigin } from './lines.ts';
import type { LogLosses } from './standard-error.ts';

/** A formatted line. */
export interface LogRecord {
  readonly level: number;
  readonly text: string;
  readonly origin: LogOrigin;
  readonly fields: LogFields | null;
  /** Default: that of the server's other lines. */
  readonly facility?: string | undefined;
}

export interface SyslogOptions {
  /** The tag of each line: the global parameter syslog_name. */
  readonly name: string;
  /** Default `/dev/log`. */
  readonly socket?: string | undefined;
  readonly losses: LogLosses;
  /** Called once each time that syslog becomes unreachable. */
  readonly onFailure: (reason: string) => void;
}

/** Writes a line with its priority and end, or elsewhere while syslog cannot be reached. */
export interface SyslogWay {
  readonly format: (record: LogRecord) => string;
  readonly instead: (record: LogRecord) => void;
}

/** Limit on waiting bytes. */
const mostWaiting = 4 * 1024 * 1024;
const mostInFlight = 64 * 1024;
/** A child that lives this long has reached the socket, in ms. */
const trial = 250;
/** Time until a restart, in ms: doubled each time that the child has not survived its trial. */
const [firstDelay, longestDelay] = [50, 30_000];
/** Lines written to a child this shortly before it failed, in ms, may be lost; that many are kept. */
const [recently, mostRecent] = [2000, 1000];
/** Maximum length of a line, in bytes; `logger` splits longer ones. */
const longestLine = 8192;

interface Kept {
  readonly record: LogRecord;
  readonly line: string;
  readonly way: SyslogWay;
}

export class Syslog {
  readonly #options: SyslogOptions;
  readonly #backlog = new Backlog(mostWaiting);
  /** Lines from before the child has proved that it reaches the socket. */
  #early: Kept[] = [];
  #earlyBytes = 0;
  /** The last lines written to the child. */
  #recent: (Kept & { readonly at: number })[] = [];
  #state: 'starting' | 'running' | 'failing' | 'closed' = 'starting';
  #child: ChildProcess | null = null;
  #isWriting = false;
  #delay = firstDelay;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SyslogOptions) {
    this.#options = options;
    this.#start();
  }

  write(record: LogRecord, way: SyslogWay): void {
    if (this.#state === 'failing' || this.#state === 'closed') {
      way.instead(record);
      return;
    }
    const line = way.format(record);
    if (this.#state === 'starting') {
      if (this.#earlyBytes + line.length > mostWaiting) {
        this.#options.losses.backlog++;
        return;
      }
      this.#earlyBytes += line.length;
      this.#early.push({ record, line, way });
    } else {
      const at = performance.now();
      this.#recent.push({ record, line, way, at });
      if (this.#recent.length > mostRecent) this.#recent.splice(0, mostRecent / 2);
      this.#keep(line);
      this.#pass();
    }
  }

  /** Resolves when everything is written, or after `within` ms. */
  async flush(within: number): Promise<void> {
    const until = performance.now() + within;
    while (
      (this.#early.length > 0 || this.#backlog.size > 0 || this.#isWriting) &&
      performance.now() < until
    ) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }

  /** Lets the child read everything, then end. */
  close(): void {
    this.#state = 'closed';
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#child?.stdin?.end();
    this.#child = null;
  }

  #start(): void {
    const { name, socket } = this.#options;
    const { spawn } = process.getBuiltinModule('node:child_process');
    // a process group of its own: signals from the server's terminal must not end it before the last line
    const child = spawn(
      'logger',
      [
        ...['--prio-prefix', '--skip-empty', '--socket-errors=on', `--size=${longestLine}`],
        ...[`--tag=${name}`, `--id=${process.pid}`],
        ...(socket === undefined ? [] : [`--socket=${socket}`]),
      ],
      { stdio: ['pipe', 'ignore', 'pipe'], detached: true },
    );
    let said = '';
    let isOver = false;
    this.#child = child;
    const over = (reason: string) => {
      if (isOver || this.#child !== child) return;
      isOver = true;
      this.#ended(said.trim().split('\n')[0] || reason, child.exitCode);
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      over(error.code === 'ENOENT' ? 'logger is not installed (package bsdutils)' : error.message),
    );
    child.once('close', (code, signal) => over(`logger ended ${signal ?? `with ${code}`}`));
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (data: Buffer) => {
      if (said.length < 500) said += data.toString('latin1');
    });
    child.unref();
    (child.stderr as Partial<{ unref(): void }>).unref?.();
    (child.stdin as Partial<{ unref(): void }>).unref?.();
    this.#timer = setTimeout(() => this.#passed(), trial).unref();
  }

  #passed(): void {
    this.#timer = null;
    this.#delay = firstDelay;
    this.#state = 'running';
    const at = performance.now();
    this.#recent = this.#early.map((kept) => ({ ...kept, at }));
    for (const { line } of this.#early) this.#keep(line);
    this.#early = [];
    this.#earlyBytes = 0;
    this.#pass();
  }

  #ended(reason: string, code: number | null): void {
    const wasRunning = this.#state === 'running';
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#child = null;
    this.#isWriting = false;
    // somebody may have ended a working child: try another
    if (wasRunning) {
      this.#state = 'starting';
      const since = performance.now() - recently;
      if (code !== 0 && code !== null && this.#backlog.size === 0)
        this.#early = this.#recent.filter(({ at }) => at >= since);
    } else {
      if (this.#state !== 'failing') this.#options.onFailure(reason);
      this.#state = 'failing';
      for (const { record, way } of this.#early) way.instead(record);
      this.#early = [];
      this.#earlyBytes = 0;
      this.#options.losses.unwritable += this.#backlog.clear();
    }
    this.#timer = setTimeout(() => this.#start(), this.#delay).unref();
    this.#delay = Math.min(2 * this.#delay, longestDelay);
  }

  #keep(line: string): void {
    if (!this.#backlog.append(Buffer.from(line, 'latin1'))) this.#options.losses.backlog++;
  }

  /** Writes to the child a piece at a time, so that unread pieces are still here when it ends. */
  #pass(): void {
    const stdin = this.#child?.stdin;
    if (this.#isWriting || this.#backlog.size === 0 || stdin === null || stdin === undefined) return;
    const waiting = this.#backlog.peek();
    const end = waiting.length <= mostInFlight ? waiting.length : waiting.lastIndexOf(0x0a, mostInFlight) + 1;
    const piece = Buffer.from(waiting.subarray(0, end > 0 ? end : waiting.length));
    this.#isWriting = true;
    const child = this.#child;
    stdin.write(piece, (error) => {
      if (this.#child !== child) return;
      this.#isWriting = false;
      if (error) return; // it has ended: the next child gets the piece
      this.#backlog.advance(piece.length);
      this.#pass();
    });
  }
}

/** Facilities by number (RFC 5424, 6.2.1). */
const facilities: ReadonlyMap<string, number> = new Map([
  ...[
    'KERN',
    'USER',
    'MAIL',
    'DAEMON',
    'AUTH',
    'SYSLOG',
    'LPR',
    'NEWS',
    'UUCP',
    'CRON',
    'AUTHPRIV',
    'FTP',
  ].map((name, number) => [`LOG_${name}`, number] as const),
  ...Array.from({ length: 8 }, (_, i) => [`LOG_LOCAL${i}`, 16 + i] as const),
]);

export const facilityNames: readonly string[] = [...facilities.keys()];

/** The number of a facility; an unknown name counts as `daemon`. */
export function facilityNumber(name: string): number {
  return facilities.get(name) ?? 3;
}
