/**
 * Parses messages as they arrive. One pass finds the start line, the header lines and the body; the fields needed for
 * every message (top Via, From, To, CSeq, Call-ID) are checked at once.
 */
import { isToken } from './header-names.ts';
import {
  MAX_MESSAGE_BYTES,
  MAX_VALUE_BYTES,
  type MalformedMessage,
  type ParsedMessage,
  type Replyable,
  type SipMessage,
  SipRequest,
  SipResponse,
} from './message.ts';
import { type Scan, scanMessage } from './scan.ts';
import type { Source, Transport } from './transport.ts';
import { DEFAULT_PROTOCOL, TRANSPORTS } from './transports.ts';

const NOWHERE: Source = { address: '0.0.0.0', port: 0, transport: DEFAULT_PROTOCOL };

/** Never throws. `data` is one complete message: a datagram, or one framed message of a stream. */
export function parseMessage(
  data: Uint8Array,
  source: Source = NOWHERE,
  socket: Transport | null = null,
): ParsedMessage {
  if (data.length > MAX_MESSAGE_BYTES) return malformed('message too large', '', source);
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const raw = bytes.toString('latin1');
  let start = 0;
  while (start < raw.length && isLineBreakOrNul(raw.charCodeAt(start))) start++; // 7.5
  if (start === raw.length) return { ...malformed('empty message', '', source), keepAlive: true };
  const scan = scanMessage(raw, start);
  const line = scan.startLine;
  if (line.startsWith('SIP/') || line.startsWith('sip/')) return asResponse(line, scan, source, socket);
  return asRequest(line, scan, source, socket);
}

const isLineBreakOrNul = (code: number): boolean => code === 13 || code === 10 || code === 0;

function malformed(reason: string, startLine: string, source: Source): MalformedMessage {
  const shown = startLine.slice(0, 200);
  return {
    kind: 'malformed',
    reason,
    keepAlive: false,
    startLine: shown,
    status: 400,
    request: null,
    answerable: null,
    source,
  };
}

const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: ([^\r]*))?$/i;

function asResponse(line: string, scan: Scan, source: Source, socket: Transport | null): ParsedMessage {
  const match = STATUS_LINE.exec(line);
  if (match === null) return malformed('invalid status line', line, source);
  const message = new SipResponse(Number(match[1]), match[2] ?? '', scan, source, socket);
  const defect = scan.defect ?? headerDefect(message);
  return defect === null ? message : malformed(defect, line, source);
}

const SIP_2_0 = 'SIP/2.0';
const VERSION = /^SIP\/\d+\.\d+$/i;
const URI_CHARACTERS = /^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20"<>\x7f]+$/;

function asRequest(line: string, scan: Scan, source: Source, socket: Transport | null): ParsedMessage {
  const firstSpace = line.indexOf(' ');
  const isUsual = line.endsWith(` ${SIP_2_0}`);
  const written = isUsual ? line : line.trimEnd();
  const lastSpace = isUsual ? line.length - SIP_2_0.length - 1 : written.lastIndexOf(' ');
  const method = line.slice(0, firstSpace);
  const version = isUsual ? SIP_2_0 : written.slice(lastSpace + 1).toUpperCase();
  if (lastSpace <= firstSpace || !isToken(method) || !(isUsual || VERSION.test(version)))
    return malformed('invalid start line', line, source);
  const uri = line.slice(firstSpace + 1, lastSpace);
  const message = new SipRequest(method, uri, scan, source, socket);
  const isLongUri = uri.length > MAX_VALUE_BYTES;
  const otherVersion = version === SIP_2_0 ? null : 'unsupported SIP version';
  const defect =
    otherVersion ??
    (isLongUri ? 'Request-URI too long' : null) ??
    (URI_CHARACTERS.test(uri) && written === line
      ? null
      : 'invalid Request-URI, or invalid space around it') ??
    scan.defect ??
    (TRANSPORTS[source.transport].framing === 'stream' && message.header('content-length') === null
      ? 'missing Content-Length' // 20.14
      : null) ??
    headerDefect(message);
  if (defect === null) return message;
  const via = scan.broken ? null : message.findVia();
  const answerable: Replyable | null =
    via === null || method === 'ACK'
      ? null
      : { method, headers: scan.headers, via, toTag: message.toTag, source, socket };
  return {
    ...malformed(defect, line, source),
    status: otherVersion !== null ? 505 : isLongUri ? 414 : 400,
    request: message,
    answerable,
  };
}

/** Headers that must occur exactly once, each with its bit in a set of them. */
const SINGLE_NAMES = ['From', 'To', 'Call-ID', 'CSeq'] as const;
const ALL_SINGLE = 2 ** SINGLE_NAMES.length - 1;

function singleBit(key: string): number {
  switch (key) {
    case 'from':
      return 1;
    case 'to':
      return 2;
    case 'call-id':
      return 4;
    case 'cseq':
      return 8;
    default:
      return 0;
  }
}

/** The first error in the mandatory headers (8.1.1, 20.*). */
function headerDefect(message: SipMessage): string | null {
  let found = 0;
  let repeated = 0;
  for (const { key } of message.headers) {
    const bit = singleBit(key);
    repeated |= found & bit;
    found |= bit;
  }
  if (found !== ALL_SINGLE || repeated !== 0)
    for (const [i, name] of SINGLE_NAMES.entries()) {
      if ((found & (1 << i)) === 0) return `missing ${name}`;
      if ((repeated & (1 << i)) !== 0) return `more than one ${name}`;
    }
  if (message.findVia() === null) return message.header('via') === null ? 'missing Via' : 'invalid Via';
  if (message.findFrom() === null) return 'invalid From';
  if (message.findTo() === null) return 'invalid To';
  if (message.callId === '' || message.callId.includes('\n') || message.callId.includes('\r'))
    return 'invalid Call-ID';
  const cseq = message.findCSeq();
  if (cseq === null) return 'invalid CSeq';
  if (message.kind === 'request' && cseq.method !== message.method) return 'CSeq with another method';
  return null;
}
