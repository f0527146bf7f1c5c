import { RestOptionError } from './errors.ts';
import { checkHeaderField, type HeaderField } from './header-line.ts';

/** The header fields of a request as they go out, name and value in turn, and what they decide. */
export interface RequestHeaders {
  readonly fields: readonly string[];
  /** `Expect` was given: empty switches it off, `100-continue` on. */
  readonly expect: 'off' | 'on' | null;
  /** The caller has chosen the Host: the first of them, or none with an empty one. */
  readonly ownHost: boolean;
  /** `Connection: close` was given. */
  readonly closes: boolean;
}

export type HeadersOption = readonly HeaderField[] | Readonly<Record<string, string>>;

const FORM = 'application/x-www-form-urlencoded';

// The usual requests share their arrays; nobody writes to them.
const PLAIN = plain('Accept', '*/*');
const PLAIN_FORM = plain('Accept', '*/*', 'Content-Type', FORM);

function plain(...fields: string[]): RequestHeaders {
  return { fields, expect: null, ownHost: false, closes: false };
}

const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

const hasDefaultType = (method: string): boolean => method === 'POST' || method === 'PUT';

/**
 * Puts a request's fields together: what the client sends by itself (Accept, Authorization from the URL, a
 * Content-Type) and what the caller adds. A field of the caller replaces the client's own of that name; an
 * empty one removes it, as with libcurl; an empty content type removes the default one. Content-Type is the exception: the caller's field and the call's
 * content type are both sent, in this order (vector rest-hf-override-ctype).
 * @throws RestOptionError for a field that cannot be sent
 */
export function requestHeaders(
  method: string,
  given: HeadersOption | undefined,
  contentType: string | undefined,
  authorization: string,
): RequestHeaders {
  if (given === undefined && authorization === '') {
    if (contentType === undefined) return hasDefaultType(method) ? PLAIN_FORM : PLAIN;
    return contentType === '' ? PLAIN : plain('Accept', '*/*', 'Content-Type', contentType);
  }
  const own: string[] = [];
  const seen = new Set<string>();
  let expect: RequestHeaders['expect'] = null;
  let host: string | null = null;
  let ownHost = false;
  let closes = false;
  for (const { name, value } of listFields(given)) {
    const checked = checkHeaderField(name, value);
    if (!checked.ok) {
      throw new RestOptionError('invalid-header', 'headers', `header field refused: ${checked.reason}`);
    }
    const lower = name.toLowerCase();
    seen.add(lower);
    if (lower === 'host') ownHost = true;
    if (lower === 'expect') expect = checked.field.value === '' ? 'off' : 'on';
    else if (checked.field.value === '') continue;
    else if (lower === 'host') host ??= checked.field.value;
    else own.push(name, checked.field.value);
    if (lower === 'connection' && CLOSE.test(checked.field.value)) closes = true;
  }
  const fields: string[] = [];
  if (host !== null) fields.push('Host', host);
  if (authorization !== '' && !seen.has('authorization')) fields.push('Authorization', authorization);
  if (!seen.has('accept')) fields.push('Accept', '*/*');
  fields.push(...own);
  if (contentType !== undefined) {
    if (contentType !== '') fields.push('Content-Type', contentType);
  } else if (hasDefaultType(method) && !seen.has('content-type')) {
    fields.push('Content-Type', FORM);
  }
  return { fields, expect, ownHost, closes };
}

function listFields(given: HeadersOption | undefined): readonly HeaderField[] {
  if (given === undefined) return [];
  const fields = isList(given) ? given : Object.entries(given).map(([name, value]) => ({ name, value }));
  for (const field of fields) {
    if (typeof field?.name !== 'string' || typeof field.value !== 'string') {
      throw new RestOptionError('invalid-header', 'headers', 'headers are names and values, both strings');
    }
  }
  return fields;
}

const isList = (given: HeadersOption): given is readonly HeaderField[] => Array.isArray(given);
