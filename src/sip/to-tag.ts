/**
 * To tags of replies that no transaction keeps. The same request gets the same tag however often it comes
 * (RFC 3261, 8.2.7), and an ACK that answers such a reply is known by it, so that it can be absorbed: it
 * belongs to no transaction here, and a script must not route it (as OpenSIPS' sl module does).
 *
 * A tag is a signature over Call-ID, From tag and CSeq number, which an ACK shares with its INVITE, and a part
 * made from the Via branch, which tells the paths of a forked request apart.
 */
import { hash, randomBytes } from 'node:crypto';
import { Checksum } from './checksum.ts';
import type { SipRequest } from './message.ts';

const SIGNATURE_LENGTH = 22;

export class StatelessTags {
  readonly #secret = randomBytes(24).toString('base64');

  tagFor(request: SipRequest): string {
    return `${this.#signature(request)}.${new Checksum().add(request.via.branch ?? request.via.text).digits}`;
  }

  /** Whether `ack` answers a reply with a tag of {@link tagFor}. An ACK within a dialog carries the other side's tag. */
  isOwnStatelessAck(ack: SipRequest): boolean {
    const tag = ack.toTag;
    if (ack.method !== 'ACK' || tag === null || tag.charAt(SIGNATURE_LENGTH) !== '.') return false;
    return tag.startsWith(this.#signature(ack));
  }

  #signature(request: SipRequest): string {
    const text = `${this.#secret}\n${request.callId}\n${request.fromTag ?? ''}\n${request.findCSeq()?.number ?? 0}`;
    return hash('sha256', text, 'base64url').slice(0, SIGNATURE_LENGTH);
  }
}
