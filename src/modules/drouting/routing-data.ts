/** What the tables of a partition say, ready to be looked up. */
import type { Routing } from '../../runtime/index.ts';
import { uriTransport } from '../../sip/index.ts';
import { AddressBook } from '../gateways/address-book.ts';
import type { Carrier, Gateway, Rule } from './records.ts';
import { RuleTable } from './rule-table.ts';

export interface DataParts {
  readonly gateways: readonly Gateway[];
  readonly carriers: readonly Carrier[];
  readonly rules: readonly Rule[];
  /** Groups of users, by {@link userKey}. */
  readonly users: ReadonlyMap<string, number>;
}

export const userKey = (user: string, domain: string | null) =>
  domain === null ? user : `${user}@${domain.toLowerCase()}`;

/** Where a message comes from or goes to. */
export interface Peer {
  readonly address: string;
  /** 0: any. */
  readonly port: number;
  /** Null: any. */
  readonly transport: string | null;
  /** -1: any. */
  readonly type: number;
}

export class RoutingData {
  readonly gateways: ReadonlyMap<string, Gateway>;
  readonly carriers: ReadonlyMap<string, Carrier>;
  readonly rules: RuleTable;
  readonly users: ReadonlyMap<string, number>;
  readonly #addresses: AddressBook<Gateway>;
  /** The first carrier that has a gateway. */
  readonly #carrierOf = new Map<string, Carrier>();

  constructor(routing: Routing, { gateways, carriers, rules, users }: DataParts) {
    this.gateways = new Map(gateways.map((gateway) => [gateway.id, gateway]));
    this.carriers = new Map(carriers.map((carrier) => [carrier.id, carrier]));
    this.rules = new RuleTable(rules);
    this.users = users;
    this.#addresses = new AddressBook(routing, gateways);
    for (const carrier of carriers)
      for (const { id } of carrier.list) if (!this.#carrierOf.has(id)) this.#carrierOf.set(id, carrier);
  }

  /** The first gateway at an address. */
  at({ address, port, transport, type }: Peer): Gateway | null {
    for (const gateway of this.#addresses.at(address, port))
      if (
        (type === -1 || gateway.type === type) &&
        (transport === null || uriTransport(gateway.parts) === transport)
      )
        return gateway;
    return null;
  }

  carrierOf({ id }: Gateway): Carrier | null {
    return this.#carrierOf.get(id) ?? null;
  }
}
