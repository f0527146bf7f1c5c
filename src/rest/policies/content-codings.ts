/** Content codings (RFC 9110, section 8.4.1): which there are, and decoding within a limit. */
import type { Transform } from 'node:stream';
import type { ByteBudget } from '../../timers/index.ts';
import { zlib } from '../lazy-modules.ts';

/** Those that can be asked for, as this Node has them. */
export const CODINGS = ['gzip', 'deflate', 'br', 'zstd'] as const;
export type Coding = (typeof CODINGS)[number];

/** Node 22.15 and later have zstd, which the types of Node 20 do not know. */
interface MayHaveZstd {
  readonly createZstdDecompress?: () => Transform;
}

export const isAvailable = (coding: Coding): boolean =>
  coding !== 'zstd' || (zlib() as MayHaveZstd).createZstdDecompress !== undefined;

/** What decodes a coding; null for one that is unknown here. */
function decoderOf(coding: string, body: Buffer): Transform | null {
  const { createGunzip, createInflate, createInflateRaw, createBrotliDecompress } = zlib();
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      // some servers leave the zlib header out (section 8.4.1.2)
      return ((body[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return (zlib() as MayHaveZstd).createZstdDecompress?.() ?? null;
    default:
      return null;
  }
}

/** What decoding comes to. `unknown`: the body stays as it is. */
export type Decoded =
  | { readonly kind: 'decoded'; readonly body: Buffer }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'too-large' | 'busy' }
  | { readonly kind: 'invalid'; readonly reason: string };

/** More codings than this in a row are an attack. */
const MAX_CODINGS = 3;

/** The codings of Content-Encoding, in the order in which they were applied; null: too many. */
export function codingsOf(value: string): readonly string[] | null {
  const codings = value
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  return codings.length > MAX_CODINGS ? null : codings;
}

/**
 * Decodes one coding. Memory is reserved as it is used, so that many bodies that are each below the limit do not exceed
 * what all of them may take.
 */
export function decode(
  coding: string,
  body: Buffer,
  limit: number,
  budgets: readonly ByteBudget[],
): Promise<Decoded> {
  const decoder = decoderOf(coding, body);
  if (decoder === null) return Promise.resolve({ kind: 'unknown' });
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let length = 0;
    let reserved = 0;
    const end = (decoded: Decoded): void => {
      for (const budget of budgets) budget.release(reserved);
      reserved = 0;
      decoder.destroy();
      resolve(decoded);
    };
    decoder.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > limit) {
        end({ kind: 'too-large' });
      } else if (reserveAll(budgets, piece.length)) {
        reserved += piece.length;
        pieces.push(piece);
      } else {
        end({ kind: 'busy' });
      }
    });
    decoder.once('end', () => end({ kind: 'decoded', body: Buffer.concat(pieces, length) }));
    decoder.on('error', (error: Error) => end({ kind: 'invalid', reason: error.message }));
    decoder.end(body);
  });
}

function reserveAll(budgets: readonly ByteBudget[], bytes: number): boolean {
  const done: ByteBudget[] = [];
  for (const budget of budgets) {
    if (!budget.reserve(bytes)) {
      for (const one of done) one.release(bytes);
      return false;
    }
    done.push(budget);
  }
  return true;
}
