/**
 * Chaos: a service with four replicas, each of which misbehaves in its own way, under 500 calls a second, with policies and
 * without. Prints a row of figures for each run, and fails if one misses its goal; docs/reliability.md has faults and goals.
 */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { quantile } from '../bench/statistics.ts';
import {
  type HostOptions,
  type LookupFunction,
  type Outcome,
  percentEncode,
  RestClient,
  type RestClientOptions,
  RestShared,
} from '../src/rest/index.ts';
import { createAuthority } from '../test/support/certificates.ts';
import { temporaryFolder } from '../test/support/temporary.ts';

const ADDRESSES = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'];
const RATE = 500;
const SECONDS = 4;

/** What a replica does with a request, by the time since the start in ms. */
type Fault = (sinceStart: number) => 'answer' | 'reset' | 'busy' | 'slow';
const well: Fault = () => 'answer';

interface Service {
  readonly port: number;
  /** How many requests each replica got. */
  readonly counts: number[];
  /** Ids of POST requests, as often as they arrived. */
  readonly posts: string[];
  start(): void;
}

const open: (() => unknown)[] = [];

interface ServiceOptions {
  readonly faults: readonly (Fault | 'dead')[];
  /** TLS with a certificate for each replica. */
  readonly certificates?: readonly { readonly key: string; readonly cert: string }[];
}

/** All replicas listen on one port, each on an address of its own. */
async function startReplicas({ faults, certificates }: ServiceOptions): Promise<Service> {
  const counts = faults.map(() => 0);
  const posts: string[] = [];
  let startedAt = performance.now();
  let port = 0;
  for (const [i, fault] of faults.entries()) {
    if (fault === 'dead') continue; // nobody listens there
    const server: Server =
      certificates === undefined ? createServer() : createSecureServer(certificates[i] ?? {});
    server.keepAliveTimeout = 60_000;
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      counts[i] = (counts[i] ?? 0) + 1;
      if (request.method === 'POST') posts.push(request.url ?? '');
      const now = performance.now() - startedAt;
      switch (fault(now)) {
        case 'answer':
          response.end('100');
          break;
        case 'reset':
          request.socket.destroy();
          break;
        case 'busy':
          response.writeHead(503, { 'Retry-After': '1' }).end();
          break;
        case 'slow':
          setTimeout(() => response.end('100'), 1_000);
      }
    });
    server.listen(port, ADDRESSES[i]);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    open.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
      return once(server, 'close');
    });
  }
  return {
    port,
    counts,
    posts,
    start: () => {
      startedAt = performance.now();
    },
  };
}

interface Result {
  readonly calls: number;
  /** Share of GETs that got a 200. */
  readonly answered: number;
  readonly p50: number;
  readonly p99: number;
  /** Requests that the service got, for each call. */
  readonly load: number;
  readonly outcomes: readonly { readonly at: number; readonly took: number; readonly outcome: Outcome }[];
  readonly twice: number;
}

/** 500 calls a second: nine of ten GET, the others POST. */
async function run(
  name: string,
  service: Service,
  options: RestClientOptions,
  scheme = 'http',
): Promise<Result> {
  const client = new RestClient({
    timeout: 2_000,
    connectTimeout: 1_000,
    shared: new RestShared(),
    ...options,
  });
  open.push(() => client.close());
  const before = service.counts.reduce((sum, count) => sum + count, 0);
  const gets: { at: number; took: number; outcome: Outcome }[] = [];
  const pending: Promise<unknown>[] = [];
  const origin = `${scheme}://credit.test:${service.port}`;
  await client.get(`${origin}/first`); // reads CA certificates, if any
  service.start();
  const start = performance.now();
  for (let sent = 0; sent < RATE * SECONDS; ) {
    const due = Math.min(((performance.now() - start) * RATE) / 1_000, RATE * SECONDS);
    for (; sent < due; sent++) {
      const from = performance.now();
      if (sent % 10 === 0) {
        pending.push(client.post(`${origin}/${percentEncode(`${name} ${sent}`)}`, 'x'));
      } else {
        const done = client.get(`${origin}/credit`).then((outcome) => {
          const now = performance.now();
          gets.push({ at: now - start, took: now - from, outcome });
        });
        pending.push(done);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await Promise.all(pending);
  const requests = service.counts.reduce((sum, count) => sum + count, 0) - before;
  const ok = gets.filter(({ outcome }) => outcome.ok).length;
  const times = gets.map(({ took }) => took);
  const result = {
    calls: pending.length,
    answered: ok / gets.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    load: requests / pending.length,
    outcomes: gets,
    twice: service.posts.length - new Set(service.posts).size,
  };
  const percent = (result.answered * 100).toFixed(2);
  console.log(
    `| ${name} | ${percent} % | ${result.p50.toFixed(1)} | ${result.p99.toFixed(1)} | ${result.load.toFixed(2)} |`,
  );
  return result;
}

const lookup: LookupFunction = (_, callback) =>
  callback(
    null,
    ADDRESSES.map((address) => ({ address, family: 4 })),
  );

const policies = (port: number, more: HostOptions = {}): RestClientOptions => ({
  lookup,
  hosts: {
    'credit.test': {
      retry: { attemptTimeout: 250 },
      replicas: { addresses: ADDRESSES.map((address) => `${address}:${port}`), connectTimeout: 200 },
      ...more,
    },
  },
});

let missed = 0;

/** Says which goals a run has missed. */
function goals(what: string, reached: Readonly<Record<string, boolean>>): void {
  for (const [goal, yes] of Object.entries(reached)) {
    if (yes) continue;
    missed++;
    console.log(`${what}: not ${goal}`);
  }
}

const asWell = ({ answered, p99, load, twice }: Result): Record<string, boolean> => ({
  'at least 99.9 % answered': answered >= 0.999,
  'p99 below 300 ms': p99 < 300,
  'at most 1.1 requests a call': load <= 1.1,
  'no POST twice': twice === 0,
});

async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}

/** A replica answers for a while, then resets each request for as long. */
const flapping: Fault = (now) => (now % 600 < 300 ? 'answer' : 'reset');
const busy: Fault = () => 'busy';
const slow: Fault = () => 'slow';
const resetting: Fault = () => (Math.random() < 0.3 ? 'reset' : 'answer');
const step: Fault = (now) => (now < 1_000 ? 'answer' : 'slow');

const SICK: readonly (readonly [name: string, faults: readonly (Fault | 'dead')[]])[] = [
  ['half of the replicas dead', [well, 'dead', 'dead', well]],
  ['one slow', [slow, well, well, well]],
  ['flapping', [flapping, well, well, well]],
  ['503 with Retry-After', [busy, busy, well, well]],
  ['resets at random', [resetting, well, well, well]],
];

console.log('| fault | answered | p50 ms | p99 ms | requests a call |\n| --- | --- | --- | --- | --- |');
for (const [name, faults] of SICK) {
  const service = await startReplicas({ faults });
  await run(`${name}, without policies`, service, { lookup });
  goals(name, asWell(await run(`${name}, with`, service, policies(service.port))));
  await closeAll();
}

{
  const authority = createAuthority();
  const good = authority.issue({ names: ['credit.test'] });
  const day = 86_400_000;
  const expired = authority.issue({
    names: ['credit.test'],
    notBefore: new Date(Date.now() - 2 * day),
    notAfter: new Date(Date.now() - day),
  });
  const faults = [well, well, well, well];
  const service = await startReplicas({ faults, certificates: [expired, good, good, good] });
  const folder = temporaryFolder('chaos');
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
  const tls = { caPath: folder };
  // client and servers share this machine, which 500 handshakes at a time would keep busy for a second
  const { hosts } = policies(service.port, {
    retry: {},
    limits: { concurrency: 20, queueTime: 1_000 },
    replicas: { addresses: ADDRESSES.map((address) => `${address}:${service.port}`), connectTimeout: 1_000 },
  });
  await run('certificate expired, without policies', service, { lookup, tls }, 'https');
  goals(
    'certificate expired',
    asWell(await run('certificate expired, with', service, { lookup, tls, hosts }, 'https')),
  );
  await closeAll();
}

{
  const service = await startReplicas({ faults: [well, 'dead', 'dead', 'dead'] });
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
  const { hosts } = policies(service.port, { replicas: { discover: 'addresses', refresh: 100 } });
  await run('DNS lying, without policies', service, { lookup: lying });
  goals('DNS lying', asWell(await run('DNS lying, with', service, { lookup: lying, hosts })));
  await closeAll();
}

{
  const service = await startReplicas({ faults: [step, step, step, step] });
  const other = await startReplicas({ faults: [well] });
  const more: HostOptions = { breaker: { slowTime: 500 }, limits: { concurrency: 100, queueTime: 50 } };
  await run('1 s latency step, without policies', service, { lookup });
  const elsewhere: LookupFunction = (_, callback) => callback(null, [{ address: '127.0.1.1', family: 4 }]);
  const [result, others] = await Promise.all([
    run('1 s latency step, with', service, policies(service.port, more)),
    run('another host meanwhile', other, { lookup: elsewhere }),
  ]);
  const byBreaker = result.outcomes.filter(
    ({ outcome }) => outcome.kind === 'blocked' && outcome.policy === 'breaker',
  );
  // calls that began before it opened are refused when they would be sent again
  const opened = Math.min(...byBreaker.map(({ at }) => at));
  const refusals = byBreaker.filter(({ at, took }) => at - took > opened).map(({ took }) => took);
  const p99 = refusals.length === 0 ? Number.POSITIVE_INFINITY : quantile(refusals, 0.99);
  console.log(`refused by the open circuit breaker: ${refusals.length}, p99 ${p99.toFixed(2)} ms`);
  goals('1 s latency step', {
    'refused within 5 ms at p99': p99 < 5,
    'every call to another host answered': others.answered === 1,
    'no POST twice': result.twice === 0,
  });
  const stale = { ...more, cache: { staleIfError: 60_000 } };
  const served = await run('1 s latency step, with stale answers', service, policies(service.port, stale));
  goals('stale answers', {
    'at least 99.9 % answered': served.answered >= 0.999,
    'no POST twice': served.twice === 0,
  });
  await closeAll();
}

process.exitCode = missed === 0 ? 0 : 1;
