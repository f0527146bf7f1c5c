import type { OutgoingHttpHeaders } from 'node:http2';
import type { HttpTarget } from './http-target.ts';
import type { HttpRequest } from './request.ts';

/** HTTP/1 fields that HTTP/2 forbids or replaces (RFC 9113, section 8.2.2). */
const NOT_IN_HTTP2 = new Set(['host', 'connection', 'proxy-connection', 'keep-alive', 'upgrade']);
/** Fields that Node sends only once. */
const SINGLE = new Set(['content-type', 'authorization', 'user-agent', 'referer', 'from', 'date']);

/** Pseudo-fields and fields to send. */
export function http2RequestFields(request: HttpRequest, { authority }: HttpTarget): OutgoingHttpHeaders {
  const { method, path, headers, body, streams } = request;
  const { fields } = headers;
  const out: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': authority.scheme,
    ':authority': authority.host,
    ':path': path,
  };
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase();
    const value = fields[i + 1] ?? '';
    if (name === 'host') out[':authority'] = value;
    if (NOT_IN_HTTP2.has(name)) continue;
    const known = out[name];
    if (known === undefined) out[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else if (!SINGLE.has(name)) out[name] = [String(known), value];
  }
  const length = body?.length ?? streams?.body?.length ?? null;
  if (length !== null) out['content-length'] = length;
  return out;
}
