/**
 * To tags of replies that no transaction keeps. The same request gets the same tag however often it comes
 * (RFC 3261, 8.2.7), and an ACK that ends such an exchange is known by it, so that it can be absorbed: it
 * belongs to no transaction here, and a script must not route it (as OpenSIPS' sl module does). The ACK to a 2xx is a
 * request of its own, with a branch of its own (13.2.2.4): the script gets it.
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
    return `${this.#signature(request)}.${path(request)}`;
  }

  /** Whether `ack` answers a reply other than a 2xx with a tag of {@link tagFor}: it has its INVITE's branch (17.1.1.3). */
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
