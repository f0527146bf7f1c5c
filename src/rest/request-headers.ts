import { invalidOption, RestOptionError } from './errors.ts';
import { checkHeaderField, type HeaderField } from './header-line.ts';

/** The header fields of a request, names and values in turn, and the settings that follow from them. */
export interface RequestHeaders {
  /** Names and values in turn. */
  readonly fields: readonly string[];
  /** The caller's `Expect`: an empty one is `off`, `100-continue` is `on`; null without one. */
  readonly expect: 'off' | 'on' | null;
  /** Whether the caller sets Host: it comes first, or is omitted if empty. */
  readonly ownHost: boolean;
  /** Whether `Connection: close` was given. */
  readonly closes: boolean;
}

/**
 * Header fields of a request: an object, a list of `{ name, value }` for repeated fields, or any other iterable of
 * pairs (`Headers`, `Map`, a list of pairs). Names and values are byte strings, each character one byte.
 */
export type HeadersOption =
  | Readonly<Record<string, string>>
  | readonly HeaderField[]
  | Iterable<readonly [name: string, value: string]>;

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const NO_FIELDS: readonly HeaderField[] = [];

// common requests share these arrays, which are never written to
const PLAIN = plain('Accept', '*/*');
const PLAIN_FORM = plain('Accept', '*/*', 'Content-Type', FORM);
const PLAIN_JSON = plain('Accept', '*/*', 'Content-Type', JSON_TYPE);

function plain(...fields: string[]): RequestHeaders {
  return { fields, expect: null, ownHost: false, closes: false };
}

const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/**
 * Replaces all fields of this name by one; an empty value removes them.
 * @throws RestOptionError for an invalid field
 */
export function withField(headers: RequestHeaders, name: string, value: string): RequestHeaders {
  const checked = checkHeaderField(name, value);
  if (!checked.ok) {
    throw new RestOptionError('invalid-header', 'headers', `header field refused: ${checked.reason}`);
  }
  const field = checked.field.value;
  const lower = name.toLowerCase();
  if (lower === 'expect') return { ...headers, expect: field === '' ? 'off' : 'on' };
  const fields: string[] = [];
  for (let i = 0; i + 1 < headers.fields.length; i += 2) {
    const [known = '', its = ''] = headers.fields.slice(i, i + 2);
    if (known.toLowerCase() !== lower) fields.push(known, its);
  }
  // Host comes first, as required (RFC 9110, section 7.2)
  if (field !== '' && lower === 'host') fields.unshift(name, field);
  else if (field !== '') fields.push(name, field);
  if (lower === 'host') return { ...headers, fields, ownHost: true };
  return lower === 'connection' ? { ...headers, fields, closes: CLOSE.test(field) } : { ...headers, fields };
}

/** The content type of a body whose kind says none; empty: none. */
const defaultType = (method: string): string => (method === 'POST' || method === 'PUT' ? FORM : '');

/**
 * Combines the fields that the client sends by itself (Accept, Authorization from the URL, Content-Type) with the
 * caller's. As in libcurl, a caller's field replaces the client's of that name, and an empty one removes it; an empty
 * content type removes the default one. Content-Type is the exception: the caller's field and the call's content type
 * are both sent, in this order (vector rest-hf-override-ctype).
 * @param ownType the content type of the body's kind, if the caller says none
 * @param defaults fields of the client, which those of the caller replace
 * @throws RestOptionError for an invalid field
 */
export function requestHeaders(
  method: string,
  given: HeadersOption | undefined,
  contentType: string | undefined,
  authorization: string,
  ownType: string | undefined,
  defaults: readonly HeaderField[] = NO_FIELDS,
): RequestHeaders {
  if (given === undefined && authorization === '' && defaults.length === 0) {
    if (contentType === undefined) {
      if (ownType === JSON_TYPE) return PLAIN_JSON;
      if (ownType !== undefined) return plain('Accept', '*/*', 'Content-Type', ownType);
      return method === 'POST' || method === 'PUT' ? PLAIN_FORM : PLAIN;
    }
    return contentType === '' ? PLAIN : plain('Accept', '*/*', 'Content-Type', contentType);
  }
  const own: string[] = [];
  const seen = new Set<string>();
  let expect: RequestHeaders['expect'] = null;
  let host: string | null = null;
  let ownHost = false;
  let closes = false;
  for (const { name, value } of headersOver(defaults, checkedFields(listFields(given)))) {
    const lower = name.toLowerCase();
    seen.add(lower);
    if (lower === 'host') ownHost = true;
    if (lower === 'expect') expect = value === '' ? 'off' : 'on';
    else if (value === '') continue;
    else if (lower === 'host') host ??= value;
    else own.push(name, value);
    if (lower === 'connection' && CLOSE.test(value)) closes = true;
  }
  const fields: string[] = [];
  if (host !== null) fields.push('Host', host);
  if (authorization !== '' && !seen.has('authorization')) fields.push('Authorization', authorization);
  if (!seen.has('accept')) fields.push('Accept', '*/*');
  fields.push(...own);
  if (contentType !== undefined) {
    if (contentType !== '') fields.push('Content-Type', contentType);
  } else if (!seen.has('content-type')) {
    const type = ownType ?? defaultType(method);
    if (type !== '') fields.push('Content-Type', type);
  }
  return { fields, expect, ownHost, closes };
}

/** Each with its value trimmed. @throws RestOptionError */
export function checkedFields(fields: readonly HeaderField[]): readonly HeaderField[] {
  return fields.map(({ name, value }) => {
    const checked = checkHeaderField(name, value);
    if (checked.ok) return checked.field;
    throw new RestOptionError(
      'invalid-header',
      'headers',
      `invalid header ${JSON.stringify(name)}: ${checked.reason}`,
    );
  });
}

/** The fields of `above`, and those of `below` whose names it does not have. */
export function headersOver(
  below: readonly HeaderField[],
  above: readonly HeaderField[],
): readonly HeaderField[] {
  if (below.length === 0) return above;
  const names = new Set(above.map(({ name }) => name.toLowerCase()));
  return [...below.filter(({ name }) => !names.has(name.toLowerCase())), ...above];
}

export function listFields(given: HeadersOption | undefined): readonly HeaderField[] {
  if (given === undefined) return [];
  if (given === null || typeof given !== 'object') {
    throw invalidOption('headers', given, 'an object, a list, Headers or a Map', 'invalid-header');
  }
  const fields = isIterable(given)
    ? Array.from(given, toField)
    : Object.entries(given).map(([name, value]) => ({ name, value }));
  for (const { name, value } of fields) {
    if (typeof name !== 'string')
      throw invalidOption('headers', name, 'a name that is a string', 'invalid-header');
    if (typeof value !== 'string') throw invalidOption(`header ${name}`, value, 'a string', 'invalid-header');
  }
  return fields;
}

type Entry = HeaderField | readonly [name: string, value: string];

const isIterable = (given: HeadersOption): given is HeadersOption & Iterable<Entry> =>
  Symbol.iterator in given;

function toField(entry: Entry): HeaderField {
  if (entry === null || typeof entry !== 'object') {
    throw invalidOption('headers', entry, 'a list of { name, value } or of [name, value]', 'invalid-header');
  }
  return 'name' in entry ? entry : { name: entry[0], value: entry[1] };
}
