/** What do_accounting() selects: the types of records, and what is accounted. */
import type { FlagRules } from '../../script/index.ts';
import { noAaa, noDatabase } from './reasons.ts';

export const recordTypes = ['log', 'db', 'aaa', 'evi', 'rest'] as const;
export type RecordType = (typeof recordTypes)[number];

export const accountingFlags = ['cdr', 'missed', 'failed'] as const;
export type AccountingFlag = (typeof accountingFlags)[number];

const wordsOf = (text: string) => text.split('|').map((word) => word.trim().toLowerCase());

/** Words separated by `|`, in any case. */
export interface Words<Name extends string> extends FlagRules {
  /** Null if one is unknown. */
  read(text: string): readonly Name[] | null;
}

function defineWords<const Name extends string>(
  names: readonly Name[],
  inert: Readonly<Record<string, string>> = {},
): Words<Name> {
  const isKnown = (word: string): word is Name => (names as readonly string[]).includes(word);
  return {
    names,
    inert,
    isFormer: () => false,
    unknown: (text) => wordsOf(text).find((word) => !isKnown(word)) ?? null,
    read(text) {
      const words = wordsOf(text);
      const known = words.filter(isKnown);
      return known.length === words.length ? known : null;
    },
  };
}

export const typeWords = defineWords(recordTypes, { db: noDatabase, aaa: noAaa });
export const flagWords = defineWords(accountingFlags);

/** `missed` belongs to a type; the other flags apply to all. */
export class Selection {
  readonly #types = new Set<RecordType>();
  readonly #missed = new Set<RecordType>();
  hasCdr = false;
  hasFailed = false;

  get types(): readonly RecordType[] {
    return [...this.#types];
  }

  /** The types that get a record of a missed call. */
  get missed(): readonly RecordType[] {
    return [...this.#missed];
  }

  add(types: readonly RecordType[], flags: readonly AccountingFlag[]): void {
    for (const type of types) {
      this.#types.add(type);
      if (flags.includes('missed')) this.#missed.add(type);
    }
    if (flags.includes('cdr')) this.hasCdr = true;
    if (flags.includes('failed')) this.hasFailed = true;
  }

  /** Takes types away, or flags of them; null stands for all. */
  drop(types: readonly RecordType[] | null, flags: readonly AccountingFlag[] | null): void {
    for (const type of types ?? this.types) {
      if (flags === null) this.#types.delete(type);
      if (flags === null || flags.includes('missed')) this.#missed.delete(type);
    }
    const isAll = types === null && flags === null;
    if (isAll || flags?.includes('cdr') === true) this.hasCdr = false;
    if (isAll || flags?.includes('failed') === true) this.hasFailed = false;
  }
}
