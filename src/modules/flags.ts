/**
 * Flags in one argument: names separated by commas, some with a value. The letters and numbers of older versions stand
 * for names.
 */
import type { FlagRules } from '../script/index.ts';

interface FlagNames {
  readonly names: readonly string[];
  /** Names that need a value, `max-contacts=5`. */
  readonly valued?: readonly string[];
  /** The names of the bits of a number, from 1 on. */
  readonly bits?: readonly string[];
  /** The names of letters, and of a letter with a digit; for a valued name, the digits behind the letter are its value. */
  readonly letters?: Readonly<Record<string, string>>;
}

export interface Flags extends FlagRules {
  /** The flags that are set, with their values; '' for one without. Unknown ones are left out. */
  parse(text: string): ReadonlyMap<string, string>;
}

export function defineFlags({ names, valued = [], bits = [], letters = {} }: FlagNames): Flags {
  const fromBits = (number: number) =>
    new Map(bits.flatMap((name, i) => (number & (1 << i) ? [[name, '']] : [])));

  /** Null for text that is not made of letters of older versions. */
  function fromLetters(text: string): ReadonlyMap<string, string> | null {
    const found = new Map<string, string>();
    for (let rest = text; rest !== ''; ) {
      const [, letter = '', digits = ''] = /^([a-zA-Z])(\d*)/.exec(rest) ?? [];
      const name = letters[`${letter}${digits}`] ?? letters[letter];
      if (name === undefined) return null;
      const isValue = valued.includes(name);
      if (digits !== '' && !isValue && letters[`${letter}${digits}`] === undefined) return null;
      found.set(name, isValue ? digits : '');
      rest = rest.slice(letter.length + digits.length);
    }
    return found;
  }

  /** Null for text of the present version. */
  function former(text: string): ReadonlyMap<string, string> | null {
    if (bits.length > 0 && /^\d{1,9}$/.test(text)) return fromBits(Number(text));
    return text === '' || names.includes(text) || text.includes('-') ? null : fromLetters(text);
  }

  const parts = (text: string) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);

  return {
    isFormer: (text) => former(text) !== null,
    unknown(text) {
      if (former(text) !== null) return null;
      for (const part of parts(text)) {
        const [name = '', value] = part.split(/\s*=\s*/);
        const isValid = valued.includes(name)
          ? /^(?:\d{1,9}|<.+>|\/.+\/)$/.test(value ?? '')
          : names.includes(name) && value === undefined;
        if (!isValid) return part;
      }
      return null;
    },
    names: [...names, ...valued],
    parse(text) {
      const old = former(text);
      if (old !== null) return old;
      return new Map(
        parts(text).map((part) => {
          const [name = '', value = ''] = part.split(/\s*=\s*/);
          return [name, value];
        }),
      );
    },
  };
}
