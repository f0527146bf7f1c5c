/** The log of a simulated server. */

/** A line. */
export interface LogLine {
  /** How severe it is. */
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug';
  /** `script`: printed by xlog() or a handler; `server`: siprest's own. */
  readonly origin: 'server' | 'script';
  /** The text. */
  readonly text: string;
}

/** Limit on kept lines. */
const mostLines = 100_000;

export class LogLines {
  readonly lines: LogLine[] = [];

  /** @param line in JSON, as the server writes it */
  add(line: Buffer): void {
    if (this.lines.length >= mostLines) return;
    const { level, origin, msg } = JSON.parse(line.toString('utf8')) as Pick<LogLine, 'level' | 'origin'> & {
      readonly msg: string;
    };
    this.lines.push({ level, origin, text: msg });
  }
}
