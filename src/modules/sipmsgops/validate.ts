/** sipmsg_validate(): whether a message conforms to RFC 3261. */
import { bodyOffset, defineFunction, receivedBody } from '../../runtime/index.ts';
import {
  isHost,
  type NameAddr,
  parseUri,
  parseVia,
  type SipMessage,
  TRANSPORTS,
  type Uri,
  unfold,
} from '../../sip/index.ts';
import { sdpDefect } from '../../text/index.ts';

/** The manual's codes for requests, and their reasons. */
const reasons = {
  [-1]: 'no SIP message',
  [-2]: 'a header cannot be read',
  [-3]: 'no Call-ID header',
  [-4]: 'no Content-Length header, which the transport needs',
  [-5]: 'the Content-Length is not that of the body',
  [-6]: 'the session description cannot be read',
  [-7]: 'no CSeq header',
  [-8]: 'no From header',
  [-9]: 'no To header',
  [-10]: 'no Via header',
  [-11]: 'the request URI cannot be read',
  [-12]: 'bad host in the request URI',
  [-13]: 'no Max-Forwards header',
  [-14]: 'no Contact header',
  [-15]: 'a Path header in a request other than REGISTER',
  [-21]: 'no Content-Type header',
  [-22]: 'the To header cannot be read',
  [-23]: 'bad host in the To header',
  [-24]: 'the From header cannot be read',
  [-25]: 'bad host in the From header',
  [-26]: 'the Contact header cannot be read',
  [-27]: 'bad user in the request URI',
  [-28]: 'bad user in the From header',
  [-29]: 'bad user in the To header',
  [-30]: 'a Contact of * is for a REGISTER that expires all bindings',
} as const;

type Defect = keyof typeof reasons;

/** RFC 3261, 25.1: user, password and their parameters. */
const userCharacters = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})*$/;

interface UriDefects {
  readonly unreadable: Defect;
  readonly host: Defect;
  readonly user: Defect;
}

const ofRequestUri: UriDefects = { unreadable: -11, host: -12, user: -27 };
const ofTo: UriDefects = { unreadable: -22, host: -23, user: -29 };
const ofFrom: UriDefects = { unreadable: -24, host: -25, user: -28 };

function uriDefect(uri: Uri | null, codes: UriDefects): Defect | null {
  if (uri === null) return codes.unreadable;
  if (uri.host !== null && !isHost(uri.host)) return codes.host;
  return userCharacters.test(uri.user ?? '') ? null : codes.user;
}

const addressDefect = (address: NameAddr | null, codes: UriDefects) =>
  address === null ? codes.unreadable : uriDefect(parseUri(address.uri), codes);

/** RFC 3261, 8.1.1.8; RFC 3311, 5.1; RFC 3515, 2.4; RFC 6665. */
const needContact = new Set(['INVITE', 'UPDATE', 'REFER', 'SUBSCRIBE', 'NOTIFY']);

const has = (message: SipMessage, name: string) => message.header(name) !== null;

function mandatoryDefect(message: SipMessage, flags: string): Defect | null {
  if (!has(message, 'call-id')) return -3;
  if (!has(message, 'cseq')) return -7;
  if (!has(message, 'from')) return -8;
  if (!has(message, 'to')) return -9;
  if (!has(message, 'via')) return -10;
  if (message.kind === 'response') return null; // the other headers are mandatory in requests only (RFC 3261, 8.1.1)
  if (!flags.includes('m') && !has(message, 'max-forwards')) return -13;
  if (needContact.has(message.method) && !has(message, 'contact')) return -14;
  if (message.method !== 'REGISTER' && has(message, 'path')) return -15;
  return null;
}

function bodyDefect(message: SipMessage, flags: string): Defect | null {
  const length = message.header('content-length');
  if (length === null && TRANSPORTS[message.source.transport].framing === 'stream') return -4;
  if (length !== null && Number(length) !== message.raw.length - bodyOffset(message.raw)) return -5;
  if (message.body !== '' && message.contentType === null) return -21;
  if (!flags.includes('s')) return null;
  const sdp = receivedBody(message).parts.filter(({ type }) => /^application\/sdp\b/i.test(type));
  return sdp.some(({ body }) => sdpDefect(body) !== null) ? -6 : null;
}

function contactDefect(message: SipMessage, flags: string): Defect | null {
  const { contacts } = message;
  if (contacts === null) return flags.includes('c') || flags.includes('h') ? -26 : null;
  if (!flags.includes('c') || !contacts.some(({ uri }) => uri === '*')) return null;
  const clears = message.method === 'REGISTER' && message.header('expires')?.trim() === '0';
  return clears && contacts.length === 1 ? null : -30;
}

function headerDefect(message: SipMessage): Defect | null {
  if (message.headerAll('via').some((value) => parseVia(unfold(value)) === null)) return -2;
  if (message.findCSeq() === null) return -2;
  if (message.findTo() === null) return -22;
  if (message.findFrom() === null) return -24;
  const forwards = message.header('max-forwards');
  return forwards !== null && !/^\d{1,3}$/.test(forwards) ? -2 : null;
}

function defect(message: SipMessage | null, flags: string): Defect | null {
  if (message === null) return -1;
  const of = (flag: string, find: () => Defect | null) => (flags.includes(flag) ? find() : null);
  return (
    mandatoryDefect(message, flags) ??
    of('h', () => headerDefect(message)) ??
    of('r', () => (message.kind === 'request' ? uriDefect(message.requestUriParts, ofRequestUri) : null)) ??
    of('f', () => addressDefect(message.findFrom(), ofFrom)) ??
    of('t', () => addressDefect(message.findTo(), ofTo)) ??
    contactDefect(message, flags) ??
    bodyDefect(message, flags)
  );
}

export const validateFunction = defineFunction({
  name: 'sipmsg_validate',
  arguments: [
    {
      name: 'flags',
      type: 'string',
      optional: true,
      summary:
        'What to check: `s` the session description, `h` headers, `r` the request URI, `f` From, `t` To, `c` Contact; `m` allows Max-Forwards to be missing.',
    },
    {
      name: 'result_pvar',
      type: 'variable',
      optional: true,
      summary: 'Gets the reason if the message is invalid.',
    },
  ],
  summary: 'Whether the message is valid (RFC 3261); else a negative error code.',
  source: 'modules/sipmsgops',
  run: (run, flags, result) => {
    const found = defect(run.message, flags ?? '');
    if (found === null) return 1;
    result?.set(run, reasons[found]);
    return found;
  },
});
