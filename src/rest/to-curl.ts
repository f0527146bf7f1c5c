/** A request as a command of curl, to be shown or pasted. */
import { fieldOf, type HttpRequest } from './request.ts';

/** What {@link toCurl} shows. */
export interface CurlOptions {
  /** Show passwords, tokens and cookies. Default false: `***` in their place. */
  readonly showSecrets?: boolean | undefined;
}

const SECRET_FIELD =
  /^(?:authorization|proxy-authorization|cookie|.*(?:token|secret|password|api-?key|auth-?key|signature).*)$/i;
const SECRET_PARAMETER =
  /([?&][^=&#]*(?:token|secret|passw|api-?key|apikey|signature|sig|key)[^=&#]*=)[^&#]*/gi;
const HIDDEN = '***';
/** Bodies above this size are not shown. */
const LONGEST_BODY = 65_536;

/** The command, quoted for POSIX shells. */
export function toCurl(request: HttpRequest, { showSecrets = false }: CurlOptions = {}): string {
  const { method, authority, path, headers, body, streams, timeout, connectTimeout } = request;
  const words = ['curl'];
  if (method === 'HEAD') words.push('--head');
  else if (method !== 'GET' || body !== null) words.push('-X', quoted(method));
  words.push('--max-time', seconds(timeout));
  if (connectTimeout < timeout) words.push('--connect-timeout', seconds(connectTimeout));
  const { fields } = headers;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', value = ''] = fields.slice(i, i + 2);
    if (name === 'Accept' && value === '*/*') continue;
    const shown = !showSecrets && SECRET_FIELD.test(name) ? HIDDEN : value;
    words.push('-H', quoted(Buffer.from(`${name}: ${shown}`, 'latin1').toString('utf8')));
  }
  let before = '';
  if (streams !== null && streams.body !== null) words.push('--data-binary', '@-');
  else if (body !== null) {
    // curl would add one of its own
    if (fieldOf(headers, 'content-type') === undefined) words.push('-H', quoted('Content-Type:'));
    if (body.length > LONGEST_BODY) words.push('--data-binary', '@-');
    else if (isPlainText(body)) words.push('--data-raw', quoted(body.toString('utf8')));
    else {
      before = `printf ${quoted(octal(body))} | `;
      words.push('--data-binary', '@-');
    }
  }
  const url = `${authority.scheme}://${authority.host}${path}`;
  if (/[[\]{}]/.test(url)) words.push('--globoff');
  words.push('--path-as-is', quoted(showSecrets ? url : url.replace(SECRET_PARAMETER, `$1${HIDDEN}`)));
  return before + words.join(' ');
}

const seconds = (milliseconds: number): string => String(milliseconds / 1000);

/** In single quotes nothing has a meaning but the quote itself. */
const quoted = (text: string): string =>
  /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Text that a shell passes on as it is. */
const isPlainText = (bytes: Buffer): boolean =>
  !bytes.includes(0) && Buffer.from(bytes.toString('utf8')).equals(bytes);

/** For printf(1), whose format has `%` and `\` as special characters. */
const octal = (bytes: Buffer): string =>
  [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
