/** What happens to datagrams in transit: delay, loss, duplication, reordering; the same for the same seed. */

/** The state of a network. Probabilities are from 0 to 1, and concern datagrams only, not connections. */
export interface Weather {
  /** How long each message takes, in ms. Default 1. */
  readonly latency?: number | undefined;
  /** How long a datagram takes, in ms, instead of `latency`. */
  readonly delay?: ((datagram: Datagram) => number) | undefined;
  /** The probability that a datagram is lost. Default 0. */
  readonly loss?: number | undefined;
  /** The probability that a datagram arrives twice. Default 0. */
  readonly duplicates?: number | undefined;
  /** The probability that a datagram takes three times as long plus 1 ms, so that later ones overtake it. Default 0. */
  readonly reordering?: number | undefined;
  /** Selects which datagrams are affected; the same seed selects the same ones. Default 1. */
  readonly seed?: number | undefined;
  /** Loses datagrams by their contents, in addition. */
  readonly isLost?: ((datagram: Datagram) => boolean) | undefined;
  /** Changes the bytes of datagrams. */
  readonly damaged?: ((data: Buffer) => Buffer) | undefined;
}

/** A datagram on its way. */
export interface Datagram {
  /** Its contents. */
  readonly data: Buffer;
  /** Its source, `192.0.2.1:5060`. */
  readonly from: string;
  /** Its destination, `192.0.2.1:5060`. */
  readonly to: string;
}

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The delays after which a datagram arrives: none if it is lost, two if it is doubled. */
export function arrivals(weather: Weather, random: () => number, datagram: Datagram): readonly number[] {
  const { latency = 1, loss = 0, duplicates = 0, reordering = 0 } = weather;
  if (weather.isLost?.(datagram) === true || (loss > 0 && random() < loss)) return [];
  const usual = weather.delay?.(datagram) ?? latency;
  const delay = reordering > 0 && random() < reordering ? 3 * usual + 1 : usual;
  return duplicates > 0 && random() < duplicates ? [delay, delay + usual] : [delay];
}
