/** One side of a dialog: who it is, how it is reached, and the numbers of the requests that it sends and gets. */
import {
  ownCopy,
  parseNameAddr,
  parseNameAddrs,
  type SipMessage,
  unfold,
  uriParameter,
} from '../sip/index.ts';

/** What of a leg outlives the process, as plain data. */
export type LegRecord = readonly [
  tag: string,
  contact: string,
  routes: readonly string[],
  socket: string,
  received: number,
  sent: number,
  ackShift: number,
];

export class Leg {
  /** The tag of the party; '' before a callee has answered with one. */
  tag: string;
  /** The URI that requests to it have (RFC 3261, 12.2.1.1, remote target); '' if it gave none. */
  contact: string;
  /** The route set towards it, each value as in a Route header. */
  routes: readonly string[];
  /** The socket that it talks to: `udp:192.0.2.1:5060`. */
  socket: string;
  /** The highest CSeq number that it has sent; 0 before its first request. */
  received: number;
  /** The highest CSeq number sent to it, by the other side or by siprest. */
  sent: number;
  /** What was added to the number of the last INVITE sent to it, and has to be to that of its ACK. */
  ackShift: number;
  /** The last session description that it has sent; kept only for calls that need it. */
  body: string | null = null;

  constructor([tag, contact, routes, socket, received, sent, ackShift]: LegRecord) {
    this.tag = tag;
    this.contact = contact;
    this.routes = routes;
    this.socket = socket;
    this.received = received;
    this.sent = sent;
    this.ackShift = ackShift;
  }

  get record(): LegRecord {
    const { tag, contact, routes, socket, received, sent, ackShift } = this;
    return [tag, contact, routes, socket, received, sent, ackShift];
  }

  /** The number that a request from the other side gets on its way to this leg, so that numbers only grow. */
  numberFor(number: number, isNew: boolean): number {
    if (!isNew) return number + this.ackShift;
    const next = Math.max(number, this.sent + 1);
    this.sent = next;
    return next;
  }

  /** The number of the next request that siprest sends to it. */
  nextNumber(): number {
    this.sent++;
    return this.sent;
  }
}

/** The URI of the first Contact, as text of its own; '' without one. */
export function contactOf(message: SipMessage): string {
  return ownCopy(message.contacts?.[0]?.uri ?? '');
}

/** The values of Record-Route, each as text of its own. */
export function recordRoutesOf(message: SipMessage): string[] {
  return message.headerAll('record-route').flatMap((value) => routeTexts(value));
}

/** The values of one or more Route or Record-Route headers, joined by commas. */
export function routeTexts(value: string): string[] {
  return (parseNameAddrs(unfold(value)) ?? []).map(({ text }) => ownCopy(text));
}

/** Whether the first route is a loose router (RFC 3261, 12.2.1.1), or there is none. */
export function isLoose([first]: readonly string[]): boolean {
  const uri = first === undefined ? null : (parseNameAddr(first)?.uriParts ?? null);
  return first === undefined || (uri !== null && uriParameter(uri, 'lr') !== null);
}
