/** The flags of ds_select_dst(): letters, in any case. */
import type { FlagRules } from '../../script/index.ts';

export interface SelectFlags {
  /** `f`: the other destinations are kept for ds_next_dst(). */
  readonly isFailover: boolean;
  /** `u`: only the users of URIs are hashed. */
  readonly isUserOnly: boolean;
  /** `d`: the last destination of the set is tried last. */
  readonly usesDefault: boolean;
  /** `a`: the destinations are added to those of the last selection. */
  readonly appends: boolean;
  /** In older scripts, `M 5` or `5`: at most so many destinations. */
  readonly most: number | null;
  readonly unknown: string | null;
}

const names = ['f', 'u', 'd', 'a'];

/** `s` of older versions has no effect: the destination is always set. */
const pattern = /^[fudas\s]*(?:m?\s*(\d{1,6}))?\s*$/i;

export const selectFlagRules: FlagRules = {
  names,
  isFormer: (text) => /s|\d/i.test(text) && pattern.test(text),
  unknown: (text) => (pattern.test(text) ? null : (/[^fudas\s]/i.exec(text)?.[0] ?? text)),
};

/** Scripts contain only a few different texts. */
const known = new Map<string, SelectFlags>();

export function selectFlags(text: string): SelectFlags {
  let read = known.get(text);
  if (read === undefined) {
    const letters = text.toLowerCase();
    const most = pattern.exec(text)?.[1];
    read = {
      isFailover: letters.includes('f'),
      isUserOnly: letters.includes('u'),
      usesDefault: letters.includes('d'),
      appends: letters.includes('a'),
      most: most === undefined ? null : Number(most),
      unknown: selectFlagRules.unknown(text),
    };
    if (known.size < 100) known.set(text, read);
  }
  return read;
}
