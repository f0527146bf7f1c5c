import type {
  NameAddr,
  SendingSocket,
  SipMessage,
  SipRequest,
  SipResponse,
  Transport,
} from '../sip/index.ts';

/** What a side gets to see instead of the other one. */
export interface Mask {
  /** The Call-ID of the other side; null: the same. */
  readonly callId: string | null;
  /** Whether a socket leads to a side that may see everything. */
  trusts(socket: Transport | null): boolean;
  /**
   * The value of a Record-Route that leads a side that sees everything back to the sender of a message; null: none. Only
   * called for sockets that are trusted.
   */
  routeTo(message: SipMessage, socket: SendingSocket): string | null;
  /** The value of the receiver's Contact, instead of that of the sender of the request. */
  contactForward(contact: NameAddr, message: SipRequest, socket: SendingSocket): string;
  /** The value of the sender's Contact, instead of that of the sender of the response. */
  contactBack(contact: NameAddr, message: SipResponse, socket: SendingSocket): string;
}
