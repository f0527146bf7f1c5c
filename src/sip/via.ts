/** One Via value (RFC 3261, 20.42) as a byte string: `SIP/2.0/UDP host:port;params (comment)`. */
import {
  findParameter,
  isSpace,
  listItemEnd,
  parameterEnd,
  parseParameters,
  quotedEnd,
  trimmed,
} from './parameters.ts';
import { viaDefaultPort } from './transports.ts';
import { bareHost, isHost } from './uri.ts';

/** `SIP / 2.0 / UDP host : 5060`, with white space wherever the grammar allows. */
const SENT_BY =
  /^\s*([\w.!%*+`'~-]+)\s*\/\s*([\w.!%*+`'~-]+)\s*\/\s*([\w.!%*+`'~-]+)\s+(\[[^\]]*\]|[^\s:;,([]+)(?:\s*:\s*(\d{1,5}))?\s*(?=$|[;,(])/;
const TYPICAL = /^SIP\/2\.0\/UDP ([^\s:;,([]+)(?::(\d{1,5}))?(?=$|[;,])/;

/** One Via value. */
export class Via {
  /** `SIP` */
  readonly name: string;
  /** `2.0` */
  readonly version: string;
  /** As written, such as `UDP` or `TLS`. */
  readonly transport: string;
  /** Host of the sent-by; an IPv6 address keeps its brackets. */
  readonly host: string;
  /** Port of the sent-by, or null. */
  readonly port: number | null;
  /** Without the first `;`, or null. */
  readonly params: string | null;
  /** The comment in parentheses at the end, or null. */
  readonly comment: string | null;
  /** This value as written, up to its comma. */
  readonly text: string;
  #branch: string | null | undefined;

  /** @internal */
  constructor(
    parts: Omit<Via, 'branch' | 'received' | 'rport' | 'parameter' | 'sentBy' | 'senderPort' | 'stamped'>,
  ) {
    this.name = parts.name;
    this.version = parts.version;
    this.transport = parts.transport;
    this.host = parts.host;
    this.port = parts.port;
    this.params = parts.params;
    this.comment = parts.comment;
    this.text = parts.text;
  }

  /** The `branch` parameter, which identifies the transaction, or null. */
  get branch(): string | null {
    if (this.#branch === undefined) this.#branch = this.parameter('branch');
    return this.#branch;
  }

  /** The source address as the receiver saw it, or null. */
  get received(): string | null {
    return this.parameter('received');
  }

  /** '' for the bare flag by which a client requests it (RFC 3581). */
  get rport(): string | null {
    return this.parameter('rport');
  }

  /** The value of a parameter: '' without a value, null if absent. */
  parameter(name: string): string | null {
    return this.params === null ? null : findParameter(this.params, name);
  }

  /** Host and port for matching transactions (17.2.3), in lower case, with the default port if absent. */
  get sentBy(): string {
    return `${this.host.toLowerCase()}:${this.port ?? viaDefaultPort(this.transport)}`;
  }

  /** The port where the sender listens: the sent-by's port, or the default. 0 cannot be sent to. */
  get senderPort(): number {
    return this.port || viaDefaultPort(this.transport);
  }

  /**
   * This value with the source address in `received` if the sent-by has another one (18.2.1), and with it and the source
   * port in `rport` if that flag or `force` requests them (RFC 3581, 4). Values from the sender are replaced. `rportFirst`: `rport` precedes the other parameters.
   */
  stamped(address: string, port: number, force: boolean, { rportFirst = false } = {}): string {
    const zone = address.indexOf('%');
    const source = zone < 0 ? address : address.slice(0, zone);
    const wantsPort = force || this.rport !== null;
    const headEnd = this.text.search(AFTER_HEAD);
    let out = headEnd < 0 ? this.text : trimmed(this.text, 0, headEnd);
    if (wantsPort || bareHost(this.host) !== source) out += `;received=${source}`;
    let hasRport = rportFirst && wantsPort;
    if (hasRport) out += `;rport=${port}`;
    const params = this.params ?? '';
    for (let from = 0; from < params.length; ) {
      const found = parameterEnd(params, from);
      const end = found < 0 ? params.length : found;
      const segment = params.slice(from, end);
      if (RPORT.test(segment)) {
        if (!hasRport) out += `;rport=${port}`;
        hasRport = true;
      } else if (!RECEIVED.test(segment)) out += `;${segment}`; // do not copy the sender's claim
      from = end + 1;
    }
    if (force && !hasRport) out += `;rport=${port}`;
    return this.comment === null ? out : `${out} (${this.comment})`;
  }
}

const AFTER_HEAD = /[;(]/;
const RPORT = /^\s*rport\s*(?:=|$)/i;
const RECEIVED = /^\s*received\s*(?:=|$)/i;

/** The first Via value of `text`, which may be a comma-separated list; null if invalid. */
export function parseVia(text: string): Via | null {
  const typical = TYPICAL.exec(text);
  const match = typical ?? SENT_BY.exec(text);
  if (match === null) return null;
  const host = (typical ? match[1] : match[4]) ?? '';
  const portText = typical ? match[2] : match[5];
  const port = portText === undefined ? null : Number(portText);
  if ((port !== null && port > 65_535) || !isHost(host)) return null;

  let from = match[0].length;
  const end = listItemEnd(text, from);
  let params: string | null = null;
  let comment: string | null = null;
  // a comment comes last (25.1; RFC 2543 and real messages put one after via-parm)
  let paramsEnd = end;
  const open = openComment(text, from, end);
  if (open >= 0) {
    const close = text.lastIndexOf(')', end);
    if (close < open || trimmed(text, close + 1, end) !== '') return null;
    comment = text.slice(open + 1, close);
    paramsEnd = open;
  }
  while (from < paramsEnd && isSpace(text.charCodeAt(from))) from++;
  if (from < paramsEnd) {
    if (text[from] !== ';') return null;
    params = trimmed(text, from + 1, paramsEnd);
    if (params.includes('"') && parseParameters(params) === null) return null; // an unterminated quote
  }
  return new Via({
    name: typical ? 'SIP' : (match[1] ?? ''),
    version: typical ? '2.0' : (match[2] ?? ''),
    transport: typical ? 'UDP' : (match[3] ?? ''),
    host,
    port,
    params,
    comment,
    text: trimmed(text, 0, end),
  });
}

/** The index of a `(` outside quotes, or -1. */
function openComment(text: string, from: number, end: number): number {
  const open = text.indexOf('(', from);
  if (open < 0 || open >= end) return -1;
  for (let at = from; at >= 0 && at < end; at++) {
    if (text[at] === '(') return at;
    if (text[at] === '"') at = quotedEnd(text, at) - 1;
    if (at < from) return -1;
  }
  return -1;
}

/** A host and port as written in a Via or URI: an IPv6 address in brackets. */
export function formatHostPort(address: string, port: number | null): string {
  const host = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
  return port === null ? host : `${host}:${port}`;
}
