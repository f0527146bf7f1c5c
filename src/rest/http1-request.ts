import type { HttpTarget } from './http-target.ts';
import type { HttpRequest } from './request.ts';

/** Methods that send `Content-Length: 0` without a body (RFC 9110, section 8.6). */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** Request line and fields as sent, each character a byte. */
export function requestHead(
  { method, path, headers, body, streams }: HttpRequest,
  { beforePath, proxyLines, hostLines }: HttpTarget,
  http10: boolean,
  expectContinue: boolean,
): string {
  const { fields, ownHost } = headers;
  let text = `${method}${beforePath}${path} ${http10 ? 'HTTP/1.0' : 'HTTP/1.1'}\r\n`;
  // the caller's Host comes first, as required (RFC 9110, section 7.2)
  text += ownHost ? proxyLines : hostLines;
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  if (body !== null) text += `Content-Length: ${body.length}\r\n`;
  else if (streams !== null && streams.body !== null)
    text +=
      streams.body.length === null
        ? 'Transfer-Encoding: chunked\r\n'
        : `Content-Length: ${streams.body.length}\r\n`;
  else if (EXPECTS_BODY.has(method)) text += 'Content-Length: 0\r\n';
  if (expectContinue) text += 'Expect: 100-continue\r\n';
  return `${text}\r\n`;
}
