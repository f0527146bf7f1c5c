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

/** Ends a transfer with words of our own; `code` is an errno or empty. Never leaves the client. */
export class ExplainedError extends Error {
  readonly code: string;

  constructor(message: string, code = '') {
    super(message);
    this.code = code;
  }
}
