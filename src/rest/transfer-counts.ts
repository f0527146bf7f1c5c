import type { ReturnCode } from './outcome.ts';

/** Hosts counted separately; all others share one count. */
const MOST_HOSTS = 1_000;
const OTHERS = 'others';

/** What policies did, by the names that figures have. */
export const POLICY_ACTS = [
  'retries',
  'failovers',
  'hedges',
  'cache_hits',
  'stale_answers',
  'refused_breaker',
  'refused_limits',
  'refused_auth',
] as const;

/** Something that a policy did for a call. */
export type PolicyAct = (typeof POLICY_ACTS)[number];

/** How the transfers to one host ended. */
export class HostCounts {
  readonly #counts = new Uint32Array(11);
  #acts: Partial<Record<PolicyAct, number>> | null = null;

  /** A policy of the host has done something. */
  act(name: PolicyAct): void {
    this.#acts ??= {};
    this.#acts[name] = (this.#acts[name] ?? 0) + 1;
  }

  /** What policies did, as far as they did anything. */
  get acts(): Readonly<Partial<Record<PolicyAct, number>>> {
    return this.#acts ?? {};
  }

  add(rc: ReturnCode): void {
    const at = rc === 1 ? 0 : -rc;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** The non-zero counts by return code. */
  *entries(): Generator<readonly [rc: ReturnCode, count: number]> {
    for (const [at, count] of this.#counts.entries())
      if (count > 0) yield [(at === 0 ? 1 : -at) as ReturnCode, count];
  }
}

/** How transfers ended, by host and port. */
export class TransferCounts {
  readonly #hosts = new Map<string, HostCounts>();

  of(host: string): HostCounts {
    let counts = this.#hosts.get(host);
    if (counts !== undefined) return counts;
    if (this.#hosts.size >= MOST_HOSTS && host !== OTHERS) return this.of(OTHERS);
    counts = new HostCounts();
    this.#hosts.set(host, counts);
    return counts;
  }

  [Symbol.iterator](): IterableIterator<[host: string, counts: HostCounts]> {
    return this.#hosts.entries();
  }
}
