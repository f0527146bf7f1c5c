/**
 * Reads the first message of TLS before a TLS engine does: the server name in it chooses the certificate, what is asked
 * of the client and the allowed versions, and a client that sends nothing or not TLS costs no more than a TCP connection.
 */

/** What the first bytes of a connection are. */
export type FirstBytes =
  | { readonly kind: 'incomplete' }
  /** `serverName` in lower case; null without SNI (RFC 6066, 3). */
  | { readonly kind: 'hello'; readonly serverName: string | null }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Maximum size of a ClientHello, in bytes: a tenth of it is usual, with post-quantum keys an eighth. */
export const MAX_HELLO = 16_384;

const RECORD_HEADER = 5;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
/** Limit on a record's plaintext (RFC 8446, 5.1). */
const MAX_RECORD = 16_384;
const SERVER_NAME = 0;
const HOST_NAME = 0;

const incomplete: FirstBytes = { kind: 'incomplete' };
const invalid = (reason: string): FirstBytes => ({ kind: 'invalid', reason });

/** Reads all bytes received so far. */
export function readClientHello(bytes: Buffer): FirstBytes {
  const type = bytes[0];
  if (type === undefined) return incomplete;
  if (type !== HANDSHAKE_RECORD) return invalid('the first bytes are not TLS');
  if (bytes.length > 1 && bytes[1] !== 3) return invalid('the first bytes are not TLS');
  const message = handshakeBytes(bytes);
  if (message === null) return invalid('the first TLS record is invalid');
  if (message.length > 0 && message[0] !== CLIENT_HELLO)
    return invalid('TLS does not begin with a ClientHello');
  if (message.length < 4) return incomplete;
  const length = message.readUIntBE(1, 3);
  if (length > MAX_HELLO) return invalid('the ClientHello is too long');
  if (message.length < 4 + length) return incomplete;
  const serverName = serverNameOf(new Fields(message.subarray(4, 4 + length)));
  return serverName === undefined ? invalid('the ClientHello is invalid') : { kind: 'hello', serverName };
}

/** The content of the handshake records, which may divide the message (RFC 8446, 5.1); null if one is invalid. */
function handshakeBytes(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  for (let at = 0; at + RECORD_HEADER <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== HANDSHAKE_RECORD || length === 0 || length > MAX_RECORD)
      return parts.length > 0 ? joined(parts) : null;
    parts.push(bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length));
    at += RECORD_HEADER + length;
  }
  return joined(parts);
}

const joined = (parts: readonly Buffer[]): Buffer => (parts.length === 1 && parts[0]) || Buffer.concat(parts);

/** The server name; undefined if the message is malformed. */
function serverNameOf(hello: Fields): string | null | undefined {
  hello.skip(2 + 32); // version and random
  hello.skip(hello.number(1)); // session
  hello.skip(hello.number(2)); // ciphers
  hello.skip(hello.number(1)); // compression
  if (hello.isAtEnd) return hello.isBroken ? undefined : null;
  const extensions = hello.part(hello.number(2));
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.part(extensions.number(2));
    if (type !== SERVER_NAME) continue;
    const names = content.part(content.number(2));
    const kind = names.number(1);
    const name = names.text(names.number(2));
    if (names.isBroken || kind !== HOST_NAME || !/^[a-z0-9._-]{1,255}$/i.test(name)) return undefined;
    return name.replace(/\.$/, '').toLowerCase();
  }
  return extensions.isBroken || hello.isBroken ? undefined : null;
}

/** Fields of a message, one after the other. After a field that reaches beyond the end all are empty. */
class Fields {
  isBroken = false;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.isBroken || this.#at === this.#bytes.length;
  }

  number(size: 1 | 2): number {
    const at = this.#at;
    return this.skip(size) ? this.#bytes.readUIntBE(at, size) : 0;
  }

  part(length: number): Fields {
    const at = this.#at;
    const fields = new Fields(this.#bytes.subarray(at, this.skip(length) ? at + length : at));
    fields.isBroken = this.isBroken;
    return fields;
  }

  text(length: number): string {
    const at = this.#at;
    return this.skip(length) ? this.#bytes.toString('latin1', at, at + length) : '';
  }

  /** False if it reaches beyond the end. */
  skip(length: number): boolean {
    this.isBroken ||= this.#at + length > this.#bytes.length;
    if (!this.isBroken) this.#at += length;
    return !this.isBroken;
  }
}
