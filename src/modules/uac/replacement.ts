/** A replaced URI and what it replaces, as text that a Record-Route carries through the call. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { parseUri } from '../../sip/index.ts';

export interface Replacement {
  /** The URI of the caller's own messages. */
  readonly original: string;
  /** That of the callee's. */
  readonly replaced: string;
}

const cipher = 'aes-128-gcm';
const [nonceSize, tagSize] = [12, 16];
const separator = '\0';

/** Of the last password. */
let known: { readonly password: string; readonly key: Buffer } | null = null;

function keyOf(password: string): Buffer {
  if (known?.password !== password)
    known = { password, key: Buffer.from(hkdfSync('sha256', password, '', 'siprest uac', 16)) };
  return known.key;
}

/** As base64url, which a parameter of a URI may have. */
export function encode({ original, replaced }: Replacement, password: string): string {
  const data = Buffer.from(`${original}${separator}${replaced}`, 'latin1');
  if (password === '') return data.toString('base64url');
  const nonce = randomBytes(nonceSize);
  const sealing = createCipheriv(cipher, keyOf(password), nonce);
  const sealed = Buffer.concat([sealing.update(data), sealing.final()]);
  return Buffer.concat([nonce, sealing.getAuthTag(), sealed]).toString('base64url');
}

/** Null for text of another kind, or another password: anybody on the way may have changed it. */
export function decode(text: string, password: string): Replacement | null {
  const data = opened(Buffer.from(text, 'base64url'), password);
  const [original = '', replaced = '', ...rest] = data?.toString('latin1').split(separator) ?? [];
  if (rest.length > 0 || !isPlain(original) || !isPlain(replaced)) return null;
  return { original, replaced };
}

/** Whether it may stand between angle brackets. */
const isPlain = (uri: string) => parseUri(uri) !== null && !/[<>\s\x00-\x1f\x7f]/.test(uri);

function opened(data: Buffer, password: string): Buffer | null {
  if (password === '') return data;
  try {
    const opening = createDecipheriv(cipher, keyOf(password), data.subarray(0, nonceSize));
    opening.setAuthTag(data.subarray(nonceSize, nonceSize + tagSize));
    return Buffer.concat([opening.update(data.subarray(nonceSize + tagSize)), opening.final()]);
  } catch {
    return null;
  }
}
