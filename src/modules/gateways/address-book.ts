/** Which gateways have an address. Names are resolved in the background, and again every minute. */
import { isIP } from 'node:net';
import type { Routing } from '../../runtime/index.ts';
import { bareHost, defaultPort, type Uri, uriTransport } from '../../sip/index.ts';
import { andThen } from '../../timers/index.ts';

interface Listed<Gateway> {
  readonly port: number;
  readonly gateway: Gateway;
}

/** How long the addresses of names are kept, in ms. */
const fresh = 60_000;

export class AddressBook<Gateway extends { readonly parts: Uri }> {
  readonly #routing: Routing;
  readonly #named: readonly Gateway[];
  readonly #fixed: ReadonlyMap<string, readonly Listed<Gateway>[]>;
  readonly #resolved = new Map<Gateway, readonly (readonly [address: string, port: number])[]>();
  /** Null: to be made of what was resolved. */
  #byName: ReadonlyMap<string, readonly Listed<Gateway>[]> | null = null;
  #resolvedAt = Number.NEGATIVE_INFINITY;

  constructor(routing: Routing, gateways: readonly Gateway[]) {
    this.#routing = routing;
    this.#named = gateways.filter(({ parts }) => isIP(hostOf(parts)) === 0);
    this.#fixed = grouped(
      gateways
        .filter(({ parts }) => isIP(hostOf(parts)) !== 0)
        .map((gateway) => [gateway, hostOf(gateway.parts), portOf(gateway.parts)] as const),
    );
    if (routing.host.readiness === 'running') this.resolve();
  }

  /** Those at an address, and at a port unless it is 0. */
  *at(address: string, port: number): Iterable<Gateway> {
    if (this.#routing.host.clock.now() - this.#resolvedAt > fresh) this.resolve();
    const key = bareHost(address).toLowerCase();
    this.#byName ??= grouped(
      [...this.#resolved].flatMap(([gateway, found]) =>
        found.map(([host, own]) => [gateway, host, own] as const),
      ),
    );
    for (const table of [this.#fixed, this.#byName])
      for (const { port: own, gateway } of table.get(key) ?? [])
        if (port === 0 || port === own) yield gateway;
  }

  /** Asks for the addresses of names. */
  resolve(): void {
    this.#resolvedAt = this.#routing.host.clock.now();
    for (const gateway of this.#named)
      void andThen(this.#routing.host.destinations(gateway.parts), ({ targets, failure }) => {
        // while no name server answers, the addresses stay
        if (failure !== null) return;
        this.#resolved.set(
          gateway,
          targets.map(({ address, port }) => [address, port]),
        );
        this.#byName = null;
      });
  }
}

const hostOf = ({ host }: Uri) => bareHost(host ?? '').toLowerCase();
const portOf = (uri: Uri) => uri.port ?? defaultPort(uriTransport(uri).toLowerCase());

function grouped<Gateway>(
  all: readonly (readonly [gateway: Gateway, address: string, port: number])[],
): ReadonlyMap<string, readonly Listed<Gateway>[]> {
  const found = new Map<string, Listed<Gateway>[]>();
  for (const [gateway, address, port] of all) {
    const same = found.get(address);
    if (same === undefined) found.set(address, [{ port, gateway }]);
    else same.push({ port, gateway });
  }
  return found;
}
