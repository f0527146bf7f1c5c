/** What is known of a TLS connection, as bytes for other processes. */
import type { TlsFacts } from '../sip/index.ts';

type Encoded = Omit<TlsFacts, 'peer' | 'own'> & { readonly peer: string | null; readonly own: string | null };

const inClear = Buffer.alloc(0);

/** Limit on a peer's certificate, in bytes: a larger one is passed on as none. */
const MAX_CERTIFICATE = 8192;

/** Null: a connection in clear text. */
export function encodeFacts(facts: TlsFacts | null): Uint8Array {
  if (facts === null) return inClear;
  const { peer, own, ...others } = facts;
  const encoded: Encoded = { ...others, peer: base64(peer), own: base64(own) };
  return Buffer.from(JSON.stringify(encoded));
}

export function decodeFacts(data: Uint8Array): TlsFacts | null {
  if (data.length === 0) return null;
  const { peer, own, ...others } = JSON.parse(Buffer.from(data).toString('utf8')) as Encoded;
  return { ...others, peer: peer === null ? null : Buffer.from(peer, 'base64'), own: shared(own) };
}

const base64 = (der: Uint8Array | null): string | null =>
  der === null || der.length > MAX_CERTIFICATE ? null : Buffer.from(der).toString('base64');

/** The own certificate, which is that of most connections, is kept once. */
let last: { readonly text: string; readonly der: Buffer } = { text: '', der: inClear };

function shared(text: string | null): Buffer | null {
  if (text === null) return null;
  if (text !== last.text) last = { text, der: Buffer.from(text, 'base64') };
  return last.der;
}
