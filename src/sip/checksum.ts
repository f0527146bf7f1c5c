/** As a signed number, which V8 keeps without an object. */
const BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
/** Separates texts, so that `ab`, `c` differs from `a`, `bc`. */
const SEPARATOR = 10;

/** FNV-1a over the bytes of some texts, as a number of 32 bits or as 8 hexadecimal digits. */
export class Checksum {
  #value = BASIS;

  add(text: string): this {
    let value = this.#value;
    for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), PRIME);
    this.#value = Math.imul(value ^ SEPARATOR, PRIME);
    return this;
  }

  get number(): number {
    return this.#value >>> 0;
  }

  get digits(): string {
    return (2 ** 32 + this.number).toString(16).slice(1);
  }
}
