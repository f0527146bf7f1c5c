/**
 * Text that goes through the network and back: only the holder of a password can read it, or make another one. The same
 * text is always sealed the same way (RFC 5297 explains why its tag may be the nonce), so that all copies of a message have
 * the same.
 */
import { createCipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** 64 bits: an attacker can only try them on this server, at the rate of its requests. */
const tagSize = 8;

const derived = (password: string, purpose: string, size: number) =>
  Buffer.from(hkdfSync('sha256', Buffer.from(password, 'latin1'), '', `siprest ${purpose}`, size));

export class Sealer {
  readonly #authentication: Buffer;
  readonly #encryption: Buffer;

  constructor(password: string, purpose: string) {
    this.#authentication = derived(password, `${purpose} tag`, 32);
    this.#encryption = derived(password, `${purpose} key`, 16);
  }

  /** `context`: what {@link open} has to be given as well. */
  seal(text: string, context = ''): Buffer {
    const plain = Buffer.from(text, 'latin1');
    const tag = this.#tagOf(plain, context);
    return Buffer.concat([tag, this.#encrypt(plain, tag)]);
  }

  /** Null for what was not sealed with this password and context. */
  open(data: Buffer, context = ''): string | null {
    if (data.length < tagSize) return null;
    const tag = data.subarray(0, tagSize);
    const plain = this.#encrypt(data.subarray(tagSize), tag);
    return timingSafeEqual(tag, this.#tagOf(plain, context)) ? plain.toString('latin1') : null;
  }

  #tagOf(plain: Buffer, context: string): Buffer {
    const hmac = createHmac('sha256', this.#authentication).update(`${context.length} ${context}`, 'latin1');
    return hmac.update(plain).digest().subarray(0, tagSize);
  }

  #encrypt(data: Buffer, tag: Buffer): Buffer {
    const counter = Buffer.alloc(16);
    tag.copy(counter);
    const cipher = createCipheriv('aes-128-ctr', this.#encryption, counter);
    return Buffer.concat([cipher.update(data), cipher.final()]);
  }
}
