/**
 * A name-addr or addr-spec with its header parameters (RFC 3261, 20.10): From, To, Contact, Route, ...
 * `"Bob" <sip:bob@x.example>;tag=12`, `Bob <...>`, `<...>`, `sip:bob@x.example;tag=12`. Byte strings.
 */
import { findParameter, listItemEnd, quotedEnd, trimmed } from './parameters.ts';
import { parseUri, type Uri } from './uri.ts';

/** A name-addr or addr-spec with its header parameters: From, To, Contact, Route, ... */
export class NameAddr {
  /** As written, with its quotes; null if absent. */
  readonly display: string | null;
  /** Between the angle brackets; `*` for a wildcard Contact. */
  readonly uri: string;
  /** The header's parameters without the first `;`; null if there are none. */
  readonly params: string | null;
  /** The whole value as written, up to its comma. */
  readonly text: string;
  /** Bytes from the start of the value to the closing `>`, or to the end of a URI without brackets. */
  readonly addressLength: number;
  #uriParts: Uri | null | undefined;
  #tag: string | null | undefined;

  /** @internal */
  constructor(
    display: string | null,
    uri: string,
    params: string | null,
    text: string,
    addressLength: number,
  ) {
    this.display = display;
    this.uri = uri;
    this.params = params;
    this.text = text;
    this.addressLength = addressLength;
  }

  /** The URI's parts; null if it is not a SIP, SIPS or TEL URI. */
  get uriParts(): Uri | null {
    if (this.#uriParts === undefined) this.#uriParts = parseUri(this.uri);
    return this.#uriParts;
  }

  /** The `tag` parameter, or null. */
  get tag(): string | null {
    if (this.#tag === undefined) this.#tag = this.parameter('tag') || null;
    return this.#tag;
  }

  /** The value of a header parameter: '' without a value, null if absent. */
  parameter(name: string): string | null {
    return this.params === null ? null : findParameter(this.params, name);
  }
}

/** The first name-addr of `text`, which may be a comma-separated list; null if invalid. */
export function parseNameAddr(text: string): NameAddr | null {
  return readNameAddr(text, 0, listItemEnd(text, 0));
}

/**
 * All entries of a comma-separated list; null if any is invalid, or the list is empty. `scheme` is added to URIs in
 * angle brackets that have none, `<bob@x.example>`: scripts and manuals use them, but messages must not.
 */
export function parseNameAddrs(
  text: string,
  scheme: 'required' | 'optional' = 'required',
): NameAddr[] | null {
  const list: NameAddr[] = [];
  for (let from = 0; from < text.length; ) {
    const end = listItemEnd(text, from);
    if (trimmed(text, from, end) !== '') {
      const one = readNameAddr(text, from, end, scheme);
      if (one === null) return null;
      list.push(one);
    }
    from = end + 1;
  }
  return list.length > 0 ? list : null;
}

function readNameAddr(
  whole: string,
  start: number,
  stop: number,
  scheme: 'required' | 'optional' = 'required',
): NameAddr | null {
  const text = trimmed(whole, start, stop);
  if (text === '') return null;
  if (text === '*') return new NameAddr(null, '*', null, text, 1);
  let open: number;
  if (text.startsWith('"')) {
    const end = quotedEnd(text, 0);
    open = end < 0 ? -1 : text.indexOf('<', end);
    if (open < 0 || trimmed(text, end, open) !== '') return null;
  } else open = text.indexOf('<');

  let semicolon: number;
  if (open >= 0) {
    const close = text.indexOf('>', open);
    if (close < 0) return null;
    const uri = trimmed(text, open + 1, close);
    if (scheme === 'required' && !SCHEME.test(uri)) return null;
    const display = trimmed(text, 0, open);
    const params = readParams(text, close + 1);
    return params === undefined
      ? null
      : new NameAddr(display === '' ? null : display, uri, params, text, close + 1);
  }
  // without brackets everything after the first `;` belongs to the header (20.10)
  semicolon = text.indexOf(';');
  if (semicolon < 0) semicolon = text.length;
  const uri = trimmed(text, 0, semicolon);
  if (!SCHEME.test(uri) || SPACE.test(uri)) return null;
  const params = readParams(text, semicolon);
  return params === undefined ? null : new NameAddr(null, uri, params, text, uri.length);
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:./;
const SPACE = /[\s">]/;

/** Null if nothing follows the address, else the parameters after the `;`; undefined if invalid. */
function readParams(text: string, from: number): string | null | undefined {
  const rest = trimmed(text, from, text.length);
  if (rest === '') return null;
  return rest.startsWith(';') ? trimmed(rest, 1, rest.length) : undefined;
}
