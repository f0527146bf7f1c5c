/**
 * Which addresses of record are pinged when: each has a place in the interval, by a hash of its name, so that pings are
 * spread evenly, and a process, so that each is pinged once.
 */

/** Within 32 bits (FNV-1a). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export class PingSlots {
  readonly #slots: readonly Set<string>[];
  readonly #process: number;
  readonly #processes: number;

  constructor(slots: number, process: number, processes: number) {
    this.#slots = Array.from({ length: slots }, () => new Set<string>());
    this.#process = process;
    this.#processes = processes;
  }

  get count(): number {
    return this.#slots.length;
  }

  /** To be called when a record is new, or gone. */
  update(key: string, isThere: boolean): void {
    const hash = hashOf(key);
    if (hash % this.#processes !== this.#process) return;
    const slot = this.#slots[Math.floor(hash / this.#processes) % this.#slots.length];
    if (isThere) slot?.add(key);
    else slot?.delete(key);
  }

  at(slot: number): Iterable<string> {
    return this.#slots[slot % this.#slots.length] ?? [];
  }
}
