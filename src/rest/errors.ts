/** Codes of {@link RestOptionError}. */
export type RestOptionErrorCode =
  | 'unknown-option'
  | 'wrong-type'
  | 'out-of-range'
  | 'unreadable-file'
  | 'invalid-header'
  | 'invalid-certificate';

/**
 * A programmer's mistake in an option or argument: the only error that the client throws. What happens on
 * the network is an `Outcome`, never an error.
 */
export class RestOptionError extends TypeError {
  override readonly name = 'RestOptionError';
  readonly code: RestOptionErrorCode;
  /** The option at fault, in camelCase as it was given. */
  readonly option: string;

  constructor(code: RestOptionErrorCode, option: string, message: string) {
    super(message);
    this.code = code;
    this.option = option;
  }
}

/** What OpenSSL says of a TLS error, in one line (its own message has file names and a line break); null for another error. */
export function tlsErrorText(error: Error): string | null {
  const { code, reason } = error as NodeJS.ErrnoException & { readonly reason?: unknown };
  return typeof reason === 'string' && code !== undefined ? `${reason} (${code})` : null;
}

/** The first line of a message: what is logged must not look like two entries. */
export function firstLine(message: string): string {
  const end = message.search(/[\r\n]/);
  return end < 0 ? message : message.slice(0, end);
}
