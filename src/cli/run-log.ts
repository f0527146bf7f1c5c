/** The messages of `siprest run`: on the terminal at the start, in the server's log afterwards. */
import {
  type Diagnostic,
  diagnosticRecords,
  type LoadedPolicy,
  type LoadedScript,
  type Log,
  type LogDestinations,
  renderDiagnostics,
  type SipServer,
} from '../index.ts';
import { inertText, isInert, openLog } from '../internal.ts';
import { type Streams, usesColor } from './streams.ts';

type Severity = Diagnostic['severity'];

const levels: Readonly<Record<Severity, number>> = { error: -1, warning: 1, note: 2 };

export class RunLog {
  /** Of the server's log. */
  readonly destinations: LogDestinations;
  readonly #streams: Streams;
  /** Before the server starts: JSON lines, or text for a terminal. */
  readonly #json: Log | null;
  #server: Pick<SipServer, 'log'> | null = null;

  readonly #verbose: boolean;

  /** `verbose`: reports each module and parameter without effect with its reason. */
  constructor(format: 'text' | 'json', streams: Streams, verbose = false) {
    this.#streams = streams;
    this.#verbose = verbose;
    this.destinations = {
      // for text, the script may set another format
      ...(format === 'json' ? { logFormat: 'json' } : {}),
      // the process's stream does not need to be awaited
      ...(streams.stderr === process.stderr ? {} : { writeLog: (line) => streams.stderr.write(line) }),
    };
    this.#json = format === 'json' ? openLog(this.destinations) : null;
  }

  /** Sends lines to the script's log from now on. */
  serve(server: Pick<SipServer, 'log'>): void {
    this.#server = server;
  }

  say(severity: Severity, text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const log = this.#server?.log ?? this.#json;
    if (log === null) this.#streams.stderr.write(`${text}\n`);
    else log.lifecycle(text, fields, levels[severity]);
  }

  /** `listening on udp:127.0.0.1:5060`, for programs that wait for it. */
  listening(sockets: readonly string[]): void {
    const { stdout } = this.#streams;
    for (const socket of sockets) {
      const msg = `listening on ${socket}`;
      const line = { level: 'info', time: new Date().toISOString(), pid: process.pid, msg, socket };
      stdout.write(`${this.#json === null ? msg : JSON.stringify(line)}\n`);
    }
  }

  /** With source lines on a terminal, as single lines in a log. */
  explain({ diagnostics, sources }: LoadedScript | LoadedPolicy): void {
    if (diagnostics.length === 0) return;
    const { stderr } = this.#streams;
    const brief = !this.#verbose;
    if (this.#server === null && this.#json === null) {
      const color = usesColor(this.#streams, stderr);
      stderr.write(`${renderDiagnostics(diagnostics, sources, { color, brief })}\n`);
      return;
    }
    // output for programs is complete
    const folded = brief && this.#json === null;
    const told = folded ? diagnostics.filter((one) => !isInert(one)) : diagnostics;
    for (const diagnostic of diagnosticRecords(told, sources)) {
      const { file, line, column, message, help, severity } = diagnostic;
      const more = help === null ? '' : ` (${help})`;
      this.say(severity, `${file}:${line}:${column}: ${message}${more}`, { diagnostic });
    }
    const inert = folded ? inertText(diagnostics) : '';
    if (inert !== '') this.say('note', inert);
  }
}
