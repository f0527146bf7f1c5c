import { editDistance } from '../spelling/index.ts';

/** Codes of {@link RestOptionError}. */
export type RestOptionErrorCode =
  | 'unknown-option'
  | 'wrong-type'
  | 'out-of-range'
  | 'unreadable-file'
  | 'invalid-header'
  | 'invalid-certificate';

/**
 * An invalid option or argument, that is an error in the calling program: the only error that the client throws. What
 * happens on the network is an `Outcome`.
 */
export class RestOptionError extends TypeError {
  /** Always `RestOptionError`. */
  override readonly name = 'RestOptionError';
  /** The kind of error. */
  readonly code: RestOptionErrorCode;
  /** The option, in camelCase as given. */
  readonly option: string;

  /** @internal */
  constructor(code: RestOptionErrorCode, option: string, message: string) {
    super(message);
    this.code = code;
    this.option = option;
  }
}

/** Such as `invalid timeout: "2"; expected a number of milliseconds`. */
export function invalidOption(
  option: string,
  value: unknown,
  expected: string,
  code: RestOptionErrorCode = 'wrong-type',
): RestOptionError {
  return new RestOptionError(code, option, `invalid ${option}: ${describe(value)}; expected ${expected}`);
}

/** Such as `unknown option "timeOut" of a RestClient; did you mean timeout?`. */
export function unknownOption(option: string, owner: string, known: Iterable<string>): RestOptionError {
  return new RestOptionError(
    'unknown-option',
    option,
    `unknown option ${describe(option)} of ${owner}${hint(option, known)}`,
  );
}

/** Names that other clients, curl and scripts use for options, in lower case without underscores. */
const ELSEWHERE = new Map<string, string>([
  ['curltimeout', 'timeout, in milliseconds,'],
  ['headerstimeout', 'timeout'],
  ['bodytimeout', 'timeout'],
  ['connectiontimeout', 'connectTimeout, in milliseconds,'],
  ['maxtransfersize', 'maxBodySize, in bytes,'],
  ['maxcontentlength', 'maxBodySize'],
  ['maxresponsesize', 'maxBodySize'],
  ['curlhttpversion', 'httpVersion'],
  ['allowh2', 'httpVersion'],
  ['sslverifypeer', 'tls: { verifyPeer }'],
  ['rejectunauthorized', 'tls: { verifyPeer }'],
  ['sslverifyhost', 'tls: { verifyHost }'],
  ['sslcapath', 'tls: { caPath }'],
  ['enableexpect100', 'expect100'],
  ['keepalivetimeout', 'keepAlive'],
  ['useproxy', 'proxy'],
  ['curlconnlifetime', 'lockFreeAge, in milliseconds,'],
  ['data', 'body'],
]);

function hint(option: string, known: Iterable<string>): string {
  const plain = option.replaceAll('_', '').toLowerCase();
  const names = [...known];
  const same = names.find((name) => editDistance(name.toLowerCase(), plain, 1) <= 1);
  if (same !== undefined) return `; did you mean ${same}?`;
  const other = ELSEWHERE.get(plain);
  const name = other === undefined ? '' : (/^\w+/.exec(other)?.[0] ?? '');
  if (names.includes(name)) return `; use ${other} instead`;
  return `; expected ${names.join(', ')}`;
}

/** Shows a value in an error message. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** OpenSSL's text for a TLS error in one line, without file names and line breaks; null for any other error. */
export function tlsErrorText(error: Error): string | null {
  const { code, reason } = error as NodeJS.ErrnoException & { readonly reason?: unknown };
  return typeof reason === 'string' && code !== undefined ? `${reason} (${code})` : null;
}

/** The first line of a message, so that the log shows one entry. */
export function firstLine(message: string): string {
  const end = message.search(/[\r\n]/);
  return end < 0 ? message : message.slice(0, end);
}

/** The message of what was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
