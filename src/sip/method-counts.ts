/** Numbers of messages by method and, for responses, class of status. */

/** Methods counted by name (RFC 3261, 3262, 3265, 3311, 3428, 3515, 3903, 6086); others together. */
const METHODS = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'INFO',
  'REFER',
  'MESSAGE',
  'UPDATE',
  'other',
] as const;

const places: ReadonlyMap<string, number> = new Map(METHODS.map((method, at) => [method, at]));
const other = METHODS.length - 1;
/** Classes 1 to 6; 0 for requests. */
const classes = 7;

export class MethodCounts {
  readonly #counts = new Float64Array(METHODS.length * classes);

  /** @param status 0 for a request */
  add(method: string, status = 0): void {
    const at = (places.get(method) ?? other) * classes + Math.floor(status / 100);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** The non-zero counts: `INVITE` or `INVITE 2xx`. */
  *entries(): Generator<readonly [label: string, count: number]> {
    for (const [at, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const first = at % classes;
      yield [`${METHODS[Math.floor(at / classes)]}${first === 0 ? '' : ` ${first}xx`}`, count];
    }
  }
}
