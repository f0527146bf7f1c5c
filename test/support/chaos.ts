/**
 * The rows of the table "A sick service" of docs/reliability.md: how each service misbehaves, how a client asks it without
 * policies and with, and the calls that both get. A test runs them by the steady clock, `npm run chaos` by the system's.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../../bench/statistics.ts';
import {
  type HostOptions,
  type LookupFunction,
  type Outcome,
  percentEncode,
  RestClient,
  type RestClientOptions,
  RestShared,
} from '../../src/rest/index.ts';
import { type Clock, delay } from '../../src/timers/index.ts';
import { createAuthority } from './certificates.ts';
import { Chance } from './chance.ts';
import { ADDRESSES, type Fault, type SickService, startSickService } from './sick-service.ts';
import { temporaryFolder } from './temporary.ts';

/** Calls a second: nine of ten are GET, the others POST. */
export const RATE = 500;

export interface Call {
  /** When it began, in ms since the start of the run. */
  readonly at: number;
  readonly took: number;
  readonly outcome: Outcome;
}

/** What became of the calls of a run. */
export interface Run {
  readonly gets: readonly Call[];
  readonly calls: number;
  /** Share of the GETs that got a 200. */
  readonly answered: number;
  /** Share of the POSTs that did. */
  readonly postsAnswered: number;
  readonly p50: number;
  readonly p99: number;
  /** Requests that the service got, for each call. */
  readonly load: number;
  /** How many POST requests reached the service again. */
  readonly twice: number;
}

export interface Sick {
  readonly service: SickService;
  readonly scheme: 'http' | 'https';
  readonly without: RestClientOptions;
  readonly with: RestClientOptions;
}

export interface Row {
  readonly name: string;
  /** What each replica does. */
  readonly replicas: string;
  /** Those that the client has beside `retry` and `replicas`. */
  readonly policies?: string;
  begin(clock: Clock): Promise<Sick>;
}

/** Calls at a steady rate, whatever becomes of them. */
export async function callAtRate(
  { service, scheme }: Pick<Sick, 'service' | 'scheme'>,
  options: RestClientOptions,
  { clock, seconds }: { readonly clock: Clock; readonly seconds: number },
): Promise<Run> {
  const client = new RestClient({
    timeout: 2_000,
    connectTimeout: 1_000,
    shared: new RestShared({ clock }),
    ...options,
  });
  const origin = `${scheme}://credit.test:${service.port}`;
  await client.get(`${origin}/first`); // reads CA certificates, if any
  const before = service.counts.reduce((sum, count) => sum + count, 0);
  const postsBefore = service.posts.length;
  service.begin();
  const gets: Call[] = [];
  let [postsSent, postsAnswered] = [0, 0];
  const pending: Promise<unknown>[] = [];
  const all = RATE * seconds;
  const start = clock.now();
  for (let sent = 0; sent < all; ) {
    const due = Math.min(((clock.now() - start) * RATE) / 1_000, all);
    for (; sent < due; sent++) {
      const from = clock.now();
      if (sent % 10 === 0) {
        postsSent++;
        const posted = client.post(`${origin}/${percentEncode(`${sent}`)}`, 'x').then(({ ok }) => {
          if (ok) postsAnswered++;
        });
        pending.push(posted);
        continue;
      }
      const done = client.get(`${origin}/credit`).then((outcome) => {
        gets.push({ at: from - start, took: clock.now() - from, outcome });
      });
      pending.push(done);
    }
    await delay(clock, 4);
  }
  await Promise.all(pending);
  await client.close();
  const posts = service.posts.slice(postsBefore);
  const times = gets.map(({ took }) => took);
  return {
    gets,
    calls: all,
    answered: gets.filter(({ outcome }) => outcome.ok).length / gets.length,
    postsAnswered: postsAnswered / postsSent,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    load: (service.counts.reduce((sum, count) => sum + count, 0) - before) / all,
    twice: posts.length - new Set(posts).size,
  };
}

/** Finds the addresses of all replicas. */
const lookup: LookupFunction = (_, callback) =>
  callback(
    null,
    ADDRESSES.map((address) => ({ address, family: 4 })),
  );

const replicas = (port: number, connectTimeout: number): HostOptions['replicas'] => ({
  addresses: ADDRESSES.map((address) => `${address}:${port}`),
  connectTimeout,
});

const withPolicies = (port: number, more: HostOptions = {}): RestClientOptions => ({
  lookup,
  hosts: { 'credit.test': { retry: { attemptTimeout: 250 }, replicas: replicas(port, 200), ...more } },
});

const well: Fault = () => 'answer';
const busy: Fault = () => 'busy';
const slow: Fault = () => 'slow';
/** Answers for a while, then resets each request for as long. */
const flapping: Fault = (now) => (now % 600 < 300 ? 'answer' : 'reset');
const resetting = (chance: Chance): Fault => {
  return () => (chance.happens(0.3) ? 'reset' : 'answer');
};
/** Well for a second, and then as the fault says. */
const later =
  (fault: Fault): Fault =>
  (now) =>
    now < 1_000 ? 'answer' : fault(now);

const clearText = (name: string, does: string, faults: readonly (Fault | 'dead')[]): Row => ({
  name,
  replicas: does,
  begin: async (clock) => {
    const service = await startSickService({ faults, clock });
    return { service, scheme: 'http', without: { lookup }, with: withPolicies(service.port) };
  },
});

/** Rows in which at least one replica is well. */
export const PARTLY_WELL: readonly Row[] = [
  clearText('half of the replicas dead', 'two refuse connections, two answer', [well, 'dead', 'dead', well]),
  clearText('one slow', 'one answers after 1 s, three at once', [slow, well, well, well]),
  clearText('flapping', 'one answers for 300 ms and resets for 300 ms, three answer', [
    flapping,
    well,
    well,
    well,
  ]),
  clearText('503 with Retry-After', 'two answer 503, two 200', [busy, busy, well, well]),
  clearText('resets at random', 'one resets three of ten requests, three answer', [
    resetting(new Chance(1)),
    well,
    well,
    well,
  ]),
  {
    name: 'certificate expired',
    replicas: 'the certificate of one has expired, three answer',
    policies: 'limits',
    begin: async (clock) => {
      const authority = createAuthority();
      const good = authority.issue({ names: ['credit.test'] });
      const day = 86_400_000;
      const expired = authority.issue({
        names: ['credit.test'],
        notBefore: new Date(Date.now() - 2 * day),
        notAfter: new Date(Date.now() - day),
      });
      const certificates = [expired, good, good, good];
      const service = await startSickService({ faults: [well, well, well, well], certificates, clock });
      const folder = temporaryFolder('chaos');
      writeFileSync(join(folder, 'ca.pem'), authority.cert);
      const tls = { caPath: folder };
      // client and servers share this machine, which 500 handshakes at a time would keep busy for a second
      const policies = withPolicies(service.port, {
        retry: {},
        limits: { concurrency: 20, queueTime: 1_000 },
        replicas: replicas(service.port, 1_000),
      });
      return { service, scheme: 'https', without: { lookup, tls }, with: { ...policies, tls } };
    },
  },
  {
    name: 'DNS lying',
    replicas: 'nobody listens at three of the addresses, one answers',
    begin: async (clock) => {
      const service = await startSickService({ faults: [well, 'dead', 'dead', 'dead'], clock });
      let turn = 0;
      // each answer has one true address among three at which nobody listens, in another order
      const lying: LookupFunction = (_, callback) => {
        turn++;
        const turned = ADDRESSES.map((_address, i) => ADDRESSES[(i + turn) % ADDRESSES.length] ?? '');
        callback(
          null,
          turned.map((address) => ({ address, family: 4 })),
        );
      };
      const policies = withPolicies(service.port, { replicas: { discover: 'addresses', refresh: 100 } });
      return { service, scheme: 'http', without: { lookup: lying }, with: { ...policies, lookup: lying } };
    },
  },
];

const breaking: HostOptions = { breaker: { slowTime: 500 }, limits: { concurrency: 100, queueTime: 50 } };

/** A row in which no replica is well after a second. */
export interface DownRow extends Row {
  begin(clock: Clock): Promise<Sick & { readonly withStale: RestClientOptions }>;
}

const down = (name: string, does: string, fault: Fault): DownRow => ({
  name,
  replicas: does,
  policies: 'breaker, limits',
  begin: async (clock) => {
    const service = await startSickService({ faults: ADDRESSES.map(() => later(fault)), clock });
    return {
      service,
      scheme: 'http',
      without: { lookup },
      with: withPolicies(service.port, breaking),
      withStale: withPolicies(service.port, { ...breaking, cache: { staleIfError: 60_000 } }),
    };
  },
});

/** Rows in which all replicas are slow or down. */
export const DOWN: readonly DownRow[] = [
  down('1 s latency step', 'all answer at once for 1 s, then after 1 s', slow),
  down('all replicas down', 'all answer for 1 s, then reset each request', () => 'reset'),
];

/** A host that is well, asked meanwhile. */
export const elsewhere = {
  begin: (clock: Clock): Promise<SickService> => startSickService({ faults: [well], clock }),
  options: {
    lookup: (_: string, callback: Parameters<LookupFunction>[1]) =>
      callback(null, [{ address: ADDRESSES[0], family: 4 }]),
  } satisfies RestClientOptions,
};

/** How long calls took that began after the breaker had opened, and were refused by it, in ms. */
export function refusals({ gets }: Run): readonly number[] {
  const byBreaker = gets.filter(({ outcome }) => outcome.kind === 'blocked' && outcome.policy === 'breaker');
  // calls that began before it opened are refused when they would be sent again
  const opened = Math.min(...byBreaker.map(({ at, took }) => at + took));
  return byBreaker.filter(({ at }) => at > opened).map(({ took }) => took);
}
