/** What the policies of a host work with. */
import { createHash } from 'node:crypto';
import type { Names } from '../../net/index.ts';
import type { ByteBudget, Clock } from '../../timers/index.ts';
import { restChannels } from '../diagnostics.ts';
import type { HostSharing } from '../host-sharing.ts';
import type { LogFunction } from '../log.ts';
import { BlockedOutcome } from '../outcome.ts';
import type { HttpRequest } from '../request.ts';
import type { TlsClientDomain } from '../tls-domain.ts';
import type { HostCounts, PolicyAct, TransferCounts } from '../transfer-counts.ts';
import type { Authority } from '../url.ts';
import type { HostChange, HostStates } from './host-states.ts';

/** What all policies of a client work with. */
export interface PolicyEnvironment {
  readonly clock: Clock;
  readonly names: Names;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly log: LogFunction;
  readonly states: HostStates;
  readonly transfers: TransferCounts;
  /** What processes share of hosts; null: nothing. */
  readonly sharing: HostSharing | null;
  /** Largest body of an answer, in bytes. */
  readonly maxBodySize: number;
  /** What the bodies of answers under way may take together. */
  readonly bodies: ByteBudget;
  /** What the client trusts a server by, as text. */
  readonly trust: string;
  /** Stands for the CAs that are trusted now. */
  readonly authorities: () => string;
}

/** The same for one host. */
export class HostContext {
  readonly environment: PolicyEnvironment;
  /** `http://credit.example.org:8080`: what states are kept by. */
  readonly origin: string;
  readonly #counts: HostCounts;

  readonly authority: Authority;

  constructor(environment: PolicyEnvironment, authority: Authority) {
    const { scheme, hostname, port } = authority;
    this.environment = environment;
    this.authority = authority;
    this.origin = `${scheme}://${hostname}:${port}`;
    this.#counts = environment.transfers.of(`${hostname}:${port}`);
  }

  get clock(): Clock {
    return this.environment.clock;
  }

  /** The key of a state: a changed configuration has another one. */
  key(settings: object): string {
    return `${this.origin} ${JSON.stringify(settings)}`;
  }

  /** The key of what belongs to the caller: it changes with the credentials and with how servers are trusted. */
  privateKey(settings: object, auth: object | null): string {
    // a hash, since the settings may have secrets in them
    const who = auth === null ? '' : createHash('sha256').update(JSON.stringify(auth)).digest('base64');
    return `${this.key(settings)} ${this.environment.trust} ${who}`;
  }

  /** The same for all processes, without anything of the settings in it. */
  sharedKey(policy: string, settings: object): string {
    return `${policy} ${createHash('sha256').update(this.key(settings)).digest('base64')}`;
  }

  /** All that the trust in an answer hangs on, as text. */
  trustOf({ tlsDomain }: HttpRequest): string {
    const { trust, authorities } = this.environment;
    const isSecure = this.authority.scheme === 'https';
    if (!isSecure && tlsDomain === null) return trust;
    return `${trust} ${tlsDomain === null ? '' : numberOf(tlsDomain)} ${isSecure ? authorities() : ''}`;
  }

  /** Tells subscribers what a policy has found out about the host. */
  publish(policy: string, state: string, reason: string): void {
    const { host } = restChannels;
    const change: HostChange = { origin: this.origin, policy, state, reason };
    this.environment.states.changed(change);
    if (host.hasSubscribers) host.publish(change);
  }

  /** Counts what a policy does. */
  count(act: PolicyAct): void {
    this.#counts.act(act);
  }

  /** Refuses a request before anything of it is sent. */
  refuse(policy: 'auth' | 'breaker' | 'limits', reason: string): BlockedOutcome {
    const outcome = new BlockedOutcome(`${this.origin}: ${reason}`, policy);
    this.#counts.add(outcome.rc);
    this.#counts.act(`refused_${policy}`);
    return outcome;
  }
}

const numbers = new WeakMap<TlsClientDomain, number>();
let lastNumber = 0;

/** A number for each TLS client domain, whose names need not differ. */
export function numberOf(domain: TlsClientDomain): number {
  let number = numbers.get(domain);
  if (number === undefined) numbers.set(domain, (number = ++lastNumber));
  return number;
}
