/**
 * Where a server's log goes: to standard error, to syslog, or to the embedding program. All scripts of a process share
 * it; each has its own log with its levels and format.
 */

import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import {
  facilityNumber,
  jsonLines,
  type LineFormat,
  Log,
  type LogFormat,
  type LogOutput,
  type LogOverrides,
  localTime,
  noOverrides,
  type PendingRepetitions,
  printable,
  printableLines,
  type Settings,
  type StandardError,
  Syslog,
  type SyslogWay,
  severityOf,
  standardError,
  textLines,
} from '../runtime/index.ts';
import { type Clock, systemClock } from '../timers/index.ts';

/** Where log lines go. */
export interface LogDestinations {
  /** Format of log lines. Default: the script's, else `text`. */
  readonly logFormat?: LogFormat | undefined;
  /** Receives whole log lines as bytes, instead of stderr. */
  readonly writeLog?: ((line: Buffer) => void) | undefined;
  /** The socket of syslog, for scripts with `syslog_enabled`. Default `/dev/log`. */
  readonly syslogSocket?: string | undefined;
}

/** Log lines that were not written, by reason. */
export interface LogCounts {
  unwritable: number;
  backlog: number;
  repeated: number;
}

export type LogSettings = Pick<
  Settings,
  'logLevel' | 'xlogLevel' | 'logPrefix' | 'xlogForceColor' | 'stderror' | 'syslog'
>;

/** The defaults. */
export const usualLogSettings: LogSettings = {
  logLevel: 2,
  xlogLevel: 2,
  logPrefix: '',
  xlogForceColor: false,
  stderror: { enabled: true, format: 'plain_text', level: null },
  syslog: { enabled: false, format: 'plain_text', level: null, facility: 'LOG_DAEMON', name: 'siprest' },
};

/** How long to wait for a pipe or a child at the end, in ms. */
const lastWait = 500;

export class ServerLogs {
  readonly #destinations: LogDestinations;
  readonly #clock: Clock;
  readonly #standardError: StandardError | null;
  readonly #syslogs = new Map<string, Syslog>();
  readonly #own: LogCounts = { unwritable: 0, backlog: 0, repeated: 0 };
  /** A reload opens another, which goes with the last call of its script. */
  #logs: readonly WeakRef<Log>[] = [];
  #overrides: LogOverrides = noOverrides;
  readonly #pending: PendingRepetitions = new Set();

  /** @param clock for dates, and for limiting repeated lines */
  constructor(destinations: LogDestinations, clock = systemClock) {
    this.#destinations = destinations;
    this.#clock = clock;
    this.#standardError = destinations.writeLog === undefined ? standardError() : null;
  }

  get counts(): Readonly<LogCounts> {
    const { unwritable = 0, backlog = 0 } = this.#standardError?.losses ?? {};
    const own = this.#own;
    return {
      unwritable: own.unwritable + unwritable,
      backlog: own.backlog + backlog,
      repeated: own.repeated,
    };
  }

  get overrides(): LogOverrides {
    return this.#overrides;
  }

  /** Replaces the levels of all scripts, also of later ones. */
  override(overrides: LogOverrides): void {
    this.#overrides = overrides;
    for (const log of this.#logs) log.deref()?.override(overrides);
  }

  /** Opens the log of a script. `process`: its number among several processes. */
  open(settings: LogSettings, process: number | null, name = ''): Log {
    const prefix = [settings.logPrefix, name].filter((part) => part !== '').join(': ');
    const { logFormat } = this.#destinations;
    const lines = (form: string): LineFormat => {
      const options = { prefix, process, clock: this.#clock };
      if (form === 'plain_text' && logFormat !== 'json') return textLines(options);
      const json = jsonLines(options);
      return form === 'json_cee' ? (...line) => `@cee: ${json(...line)}` : json;
    };
    const { stderror, syslog } = settings;
    const isJson = (form: string) => form !== 'plain_text' || logFormat === 'json';
    const toError = this.#toStandardError(lines(stderror.format), isJson(stderror.format), settings);
    const outputs: LogOutput[] = [];
    if (stderror.enabled) outputs.push(upTo(stderror.level, toError));
    if (syslog.enabled)
      outputs.push(
        upTo(
          syslog.level,
          this.#toSyslog(
            lines(syslog.format),
            isJson(syslog.format),
            syslog,
            stderror.enabled ? () => undefined : toError,
            toError,
          ),
        ),
      );
    const log = new Log({
      logLevel: settings.logLevel,
      xlogLevel: settings.xlogLevel,
      outputs,
      counts: this.#own,
      clock: this.#clock,
      pending: this.#pending,
    });
    log.override(this.#overrides);
    this.#logs = [...this.#logs.filter((one) => one.deref() !== undefined), new WeakRef(log)];
    return log;
  }

  /** Writes waiting lines, for a short time. */
  async close(): Promise<void> {
    for (const repetitions of this.#pending) repetitions.flush();
    await Promise.all([
      this.#standardError?.flush(lastWait),
      ...[...this.#syslogs.values()].map(async (syslog) => {
        await syslog.flush(lastWait);
        syslog.close();
      }),
    ]);
    this.#syslogs.clear();
  }

  #toStandardError(line: LineFormat, isJson: boolean, { xlogForceColor }: LogSettings): LogOutput {
    const colors = xlogForceColor || (isatty(2) && !process.env['NO_COLOR']);
    const encoding = isJson ? 'utf8' : 'latin1';
    const { writeLog } = this.#destinations;
    const output = this.#standardError;
    const isJournal = output !== null && isJournalStream();
    const whole: LineFormat = (level, text, origin, fields) => {
      if (isJournal) {
        const shown = isJson ? text : onOneLine(text, origin);
        return `<${severityOf(level)}>${line(level, shown, origin, fields)}\n`;
      }
      if (isJson) return `${line(level, text, origin, fields)}\n`;
      const shown = origin === 'script' ? printableLines(text, colors) : text;
      return `${localTime(this.#clock.date())} ${line(level, shown, origin, fields)}\n`;
    };
    if (output !== null) {
      const form = { encoding, describe: (text: string) => whole(1, text, 'server', null) } as const;
      return (level, text, origin, fields) => output.write(whole(level, text, origin, fields), form);
    }
    return (level, text, origin, fields) =>
      writeLog?.(Buffer.from(whole(level, text, origin, fields), encoding));
  }

  #toSyslog(
    line: LineFormat,
    isJson: boolean,
    { name, facility }: LogSettings['syslog'],
    instead: LogOutput,
    tell: LogOutput,
  ): LogOutput {
    const syslog =
      this.#syslogs.get(name) ??
      new Syslog({
        name,
        socket: this.#destinations.syslogSocket,
        losses: this.#own,
        onFailure: (reason) =>
          tell(1, printable(`cannot reach syslog, logging to stderr instead: ${reason}`), 'server', null),
      });
    this.#syslogs.set(name, syslog);
    const way: SyslogWay = {
      format: ({ level, text, origin, fields, facility: own = facility }) => {
        const bytes = line(level, isJson ? text : onOneLine(text, origin), origin, fields);
        // the child reads bytes
        return `<${8 * facilityNumber(own) + severityOf(level)}>${isJson ? Buffer.from(bytes, 'utf8').toString('latin1') : bytes}\n`;
      },
      instead: ({ level, text, origin, fields }) => instead(level, text, origin, fields),
    };
    return (level, text, origin, fields, own) =>
      syslog.write({ level, text, origin, fields, facility: own }, way);
  }
}

/** A log for a program that has no server yet. */
export function openLog(destinations: LogDestinations): Log {
  return new ServerLogs(destinations).open(usualLogSettings, null);
}

function onOneLine(text: string, origin: string): string {
  return origin === 'script' ? printable(text.replace(/\r?\n$/, '')) : text;
}

function upTo(limit: number | null, output: LogOutput): LogOutput {
  if (limit === null) return output;
  return (level, ...line) => {
    if (level <= limit) output(level, ...line);
  };
}

/** Whether the journal reads stderr (systemd.exec(5), JOURNAL_STREAM) and understands priorities before lines. */
function isJournalStream(): boolean {
  const stream = process.env['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(2);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
