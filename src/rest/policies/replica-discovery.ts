/** Where the replicas of a host are: as listed, or as DNS says, which is asked again from time to time. */
import { isIP } from 'node:net';
import type { Names, ServiceRecord } from '../../net/index.ts';
import type { Clock } from '../../timers/index.ts';
import { RestOptionError } from '../errors.ts';
import type { Authority } from '../url.ts';
import type { ReplicaPlace, ReplicaSet, ReplicaSettings } from './replica-set.ts';

const PLACE = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?))(?::(\d{1,5}))?$/;

/** @throws RestOptionError for a replica that is not `name`, `name:port`, `192.0.2.1:80` or `[2001:db8::1]:80` */
export function readPlace(
  text: string,
  option: string,
): { readonly hostname: string; readonly port: number | null } {
  const [, v6, name, port] = PLACE.exec(text) ?? [];
  const hostname = (v6 ?? name ?? '').toLowerCase();
  const number = port === undefined ? null : Number(port);
  if (hostname === '' || (v6 !== undefined && isIP(v6) !== 6) || number === 0 || (number ?? 1) > 65_535) {
    throw new RestOptionError(
      'wrong-type',
      option,
      `invalid ${option}: ${JSON.stringify(text)}; expected a host and port such as '192.0.2.1:8080'`,
    );
  }
  return { hostname, port: number };
}

export class ReplicaDiscovery {
  /** Why DNS has said nothing yet. */
  failure = '';
  readonly #settings: ReplicaSettings;
  readonly #set: ReplicaSet;
  readonly #names: Names;
  readonly #clock: Clock;
  #asking: Promise<void> | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: ReplicaSettings, set: ReplicaSet, names: Names, clock: Clock) {
    this.#settings = settings;
    this.#set = set;
    this.#names = names;
    this.#clock = clock;
  }

  /** A promise if nothing is known yet: for the first answer, or its failure. */
  refresh(authority: Authority): Promise<void> | null {
    const { discover, addresses, refresh } = this.#settings;
    if (discover === 'list') {
      if (this.#set.size === 0)
        this.#set.update(
          addresses.map((text) => {
            const { hostname, port } = readPlace(text, 'addresses');
            return { hostname, port: port ?? authority.port, priority: 0, weight: 1 };
          }),
        );
      return null;
    }
    const now = this.#clock.now();
    if (this.#asking === null && now - this.#askedAt >= refresh) {
      this.#askedAt = now;
      const asked = discover === 'srv' ? this.#services() : this.#addresses(authority);
      this.#asking = asked.then((places) => {
        this.#asking = null;
        // a name server that fails, or forgets the name, takes no replica away
        if (places.length > 0) this.#set.update(places);
      });
    }
    return this.#set.size > 0 ? null : this.#asking;
  }

  #addresses({ hostname, port }: Authority): Promise<readonly ReplicaPlace[]> {
    const found: ReplicaPlace[] = [];
    return new Promise((resolve) => {
      if (isIP(hostname) !== 0) {
        resolve([{ hostname, port, priority: 0, weight: 1 }]);
        return;
      }
      this.#names.lookup(hostname, {
        onAddresses: (addresses) => {
          for (const { address } of addresses)
            found.push({ hostname: address, port, priority: 0, weight: 1 });
        },
        onLookupOver: (error) => {
          this.failure =
            found.length > 0 ? '' : `the name ${hostname} does not resolve: ${error?.code ?? 'no address'}`;
          resolve(found);
        },
      });
    });
  }

  #services(): Promise<readonly ReplicaPlace[]> {
    const { service } = this.#settings;
    return new Promise((resolve) => {
      const told = (error: NodeJS.ErrnoException | null, records: readonly ServiceRecord[]): void => {
        // RFC 2782: a target of "." says that the service does not exist
        const usable = records.filter(({ name, port }) => name !== '.' && name !== '' && port > 0);
        this.failure = usable.length > 0 ? '' : `${service} has no SRV record: ${error?.code ?? 'none'}`;
        resolve(
          usable.map(({ name, port, priority, weight }) => ({
            hostname: name.replace(/\.$/, '').toLowerCase(),
            port,
            priority,
            weight: Math.max(weight, 1),
          })),
        );
      };
      if (this.#names.services === undefined) told(new Error('this client has a lookup of its own'), []);
      else this.#names.services(service, told);
    });
  }
}
