/** Messages are byte strings; handlers see text. */
import { isUtf8 } from 'node:buffer';

const beyondAscii = /[\x80-\uffff]/;

/** UTF-8 decoded; other bytes stay one character each. */
export function decode(bytes: string): string {
  if (!beyondAscii.test(bytes)) return bytes;
  const data = Buffer.from(bytes, 'latin1');
  return isUtf8(data) ? data.toString('utf8') : bytes;
}

export function encode(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** Missing parts of a message are undefined for handlers. */
export const decodeOr = (bytes: string | null | undefined): string | undefined =>
  bytes == null ? undefined : decode(bytes);
