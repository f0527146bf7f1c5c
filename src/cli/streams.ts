/** What a command has of the world: where it reads, writes and is told to stop. */
export interface Streams {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls `listener` on each SIGHUP from then on, which else ends the program. */
  readonly onHangup: (listener: () => void) => void;
}

export interface Output {
  readonly isTTY?: boolean | undefined;
  write(data: string | Uint8Array): unknown;
}

/** NO_COLOR and pipes are honoured (no-color.org). */
export function usesColor({ env }: Streams, output: Output): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return true;
  return output.isTTY === true && env['TERM'] !== 'dumb';
}

/** An error of the one who typed the command: a line, exit code 1. */
export class UsageError extends Error {}

/** `1 warning`, `2 warnings` */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
