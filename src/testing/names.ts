/** The name server of a simulation. */
import type { DnsAnswer, DnsFailure, Questions, RecordType } from '../net/index.ts';
import { isIPv6 } from '../net/index.ts';
import type { Clock } from '../timers/index.ts';

/** An SRV record. */
export interface SimulatedService {
  /** The host. */
  readonly target: string;
  /** The port. Default 5060. */
  readonly port?: number | undefined;
  /** Lower ones are tried first. Default 10. */
  readonly priority?: number | undefined;
  /** The share among those of the same priority. Default 10. */
  readonly weight?: number | undefined;
}

/**
 * What the name server says of a name: addresses, SRV records (of a name like `_sip._udp.example.org`), that it does not
 * exist, that it fails, or nothing.
 */
export type NameRecords = readonly string[] | readonly SimulatedService[] | 'unknown' | 'fails' | 'silent';

/** How long records are valid, in s. */
const ttl = 60;

const failures: Readonly<Record<'unknown' | 'fails', DnsFailure>> = {
  unknown: 'ENOTFOUND',
  fails: 'ESERVFAIL',
};

/** The names of a simulation. */
export class SimulatedNames {
  readonly #records = new Map<string, NameRecords>();
  readonly #client: Questions;

  /**
   * @param others the addresses of hosts that nothing was said about; undefined for an unknown one
   * @internal
   */
  constructor(clock: Clock, others: (name: string) => NameRecords | undefined) {
    this.#client = {
      ask: (name, type, _servers, asking, done) => {
        // whether a host has SRV records is asked of any host
        const isHost = type === 'A' || type === 'AAAA';
        const key = name.toLowerCase();
        const records = this.#records.get(key) ?? (isHost ? others(key) : undefined);
        if (records === 'silent') {
          clock.setTimer(asking.timeout * asking.tries, () => done(nothing('ETIMEOUT')));
          return;
        }
        const answer = answerTo(records, type);
        clock.setTimer(0, () => done(answer));
      },
    };
  }

  /** Asks this name server. @internal */
  get client(): Questions {
    return this.#client;
  }

  /** Says what the name server answers. SRV records are those of names like `_sip._udp.example.org`. */
  set(name: string, records: NameRecords): this {
    this.#records.set(name.toLowerCase(), records);
    return this;
  }
}

const nothing = (code: DnsFailure): DnsAnswer => ({ code, records: [], ttl: Number.NaN });

function answerTo(records: NameRecords | undefined, type: RecordType): DnsAnswer {
  if (records === undefined) return nothing('ENOTFOUND');
  if (records === 'unknown' || records === 'fails') return nothing(failures[records]);
  if (records === 'silent') return nothing('ETIMEOUT');
  const found = records.flatMap((record): DnsAnswer['records'] => {
    if (typeof record !== 'string') {
      if (type !== 'SRV') return [];
      const { target, port = 5060, priority = 10, weight = 10 } = record;
      return [{ name: target, port, priority, weight }];
    }
    return type === (isIPv6(record) ? 'AAAA' : 'A') ? [record] : [];
  });
  return found.length === 0 ? nothing('ENODATA') : { code: null, records: found, ttl };
}
