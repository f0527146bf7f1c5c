/** The environment of a command: its streams and signals. */
export interface Streams {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls `listener` on each SIGHUP from then on; without a listener SIGHUP ends the program. */
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

/** A user error: one line, exit code 1. */
export class UsageError extends Error {}

/** `1 warning`, `2 warnings` */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
