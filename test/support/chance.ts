/** What fuzzers share: chance that can be repeated, and changes to a text. */

/** The same numbers for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** The text with up to four changes: a piece put in, bytes taken out or replaced, a part copied, a line moved, the end cut off. */
export function mutated(chance: Chance, text: string, pieces: readonly string[]): string {
  let out = text;
  for (let n = 1 + chance.below(4); n > 0; n--) {
    const at = chance.below(out.length + 1);
    switch (chance.below(6)) {
      case 0:
        out = out.slice(0, at) + chance.of(pieces) + out.slice(at);
        break;
      case 1:
        out = out.slice(0, at) + out.slice(at + chance.below(30));
        break;
      case 2:
        out = out.slice(0, at) + String.fromCharCode(chance.below(256)) + out.slice(at + 1);
        break;
      case 3: {
        const from = chance.below(out.length + 1);
        out = out.slice(0, at) + out.slice(from, from + chance.below(200)) + out.slice(at);
        break;
      }
      case 4: {
        const lines = out.split('\n');
        const line = lines.splice(chance.below(lines.length), 1)[0] ?? '';
        lines.splice(chance.below(lines.length), 0, line);
        out = lines.join('\n');
        break;
      }
      default:
        out = out.slice(0, at);
    }
  }
  return out;
}
