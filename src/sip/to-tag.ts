/**
 * To tags of stateless replies. Retransmissions of a request get the same tag (RFC 3261, 8.2.7), and the ACK that
 * ends such an exchange is recognized by it and absorbed: it belongs to no transaction, and a script must not route
 * it (as in OpenSIPS' sl module). The ACK to a 2xx is a separate request with its own branch (13.2.2.4): the script
 * gets it.
 *
 * A tag is a signature over Call-ID, From tag and CSeq number, which an ACK shares with its INVITE, and a part made
 * from the Via branch, which distinguishes the paths of a forked request.
 */
import { hash, randomBytes } from 'node:crypto';
import { Checksum } from './checksum.ts';
import type { SipRequest } from './message.ts';

const SIGNATURE_LENGTH = 22;

export class StatelessTags {
  readonly #secret = randomBytes(24).toString('base64');

  tagFor(request: SipRequest): string {
    return `${this.#signature(request)}.${path(request)}`;
  }

  /**
   * Whether `ack` answers a reply other than a 2xx with a tag of {@link tagFor}: it has its INVITE's branch (17.1.1.3).
   */
  isOwnStatelessAck(ack: SipRequest): boolean {
    const tag = ack.toTag;
    if (ack.method !== 'ACK' || tag === null || tag.charAt(SIGNATURE_LENGTH) !== '.') return false;
    return tag === this.tagFor(ack);
  }

  #signature(request: SipRequest): string {
    const text = `${this.#secret}\n${request.callId}\n${request.fromTag ?? ''}\n${request.findCSeq()?.number ?? 0}`;
    return hash('sha256', text, 'base64url').slice(0, SIGNATURE_LENGTH);
  }
}

function path({ via }: SipRequest): string {
  return new Checksum().add(via.branch ?? via.text).digits;
}
