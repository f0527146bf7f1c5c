import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { RestClient, RestShared } from '../../src/rest/index.ts';
import { LONGEST_WAIT, until } from '../support/until.ts';

/** A service in a thread of its own, which works while this one is busy; it counts its answers in shared memory. */
const source = `
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const seen = new Int32Array(workerData);
const server = createServer((request, response) => {
  Atomics.add(seen, 0, 1);
  if (request.url === '/silent') return;
  Atomics.wait(seen, 2, 1);
  response.end('x', () => Atomics.add(seen, 1, 1));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

async function startThread(): Promise<{ readonly origin: string; readonly counts: Int32Array }> {
  const memory = new SharedArrayBuffer(12);
  const worker = new Worker(source, { eval: true, workerData: memory });
  workers.push(worker);
  const [port] = (await once(worker, 'message')) as [number];
  return { origin: `http://127.0.0.1:${port}`, counts: new Int32Array(memory) };
}

/** Keeps this thread busy for so long, and until it is so. */
function stall(milliseconds: number, holds: () => boolean): void {
  const start = performance.now();
  for (let passed = 0; passed < milliseconds || (!holds() && passed < LONGEST_WAIT); )
    passed = performance.now() - start;
}

const SEEN = 0;
const ANSWERED = 1;
/** While it is 1, the service keeps its answers. */
const HELD = 2;

describe('a process that was too busy to read', () => {
  it('accepts an answer that had arrived, although the time is over', async () => {
    const { origin, counts } = await startThread();
    const client = new RestClient({ timeout: 30_000, shared: new RestShared() });
    expect((await client.get(origin)).ok).toBe(true);
    Atomics.store(counts, HELD, 1);
    const late = client.get(origin, { timeout: 1_000 });
    await until(() => Atomics.load(counts, SEEN) === 2);
    Atomics.store(counts, HELD, 0);
    Atomics.notify(counts, HELD);
    stall(2_500, () => Atomics.load(counts, ANSWERED) === 2);
    expect(await late).toMatchObject({ kind: 'response', status: 200 });
    await client.close();
  });

  it('does not blame the service for a timeout that it caused itself', async () => {
    const { origin, counts } = await startThread();
    const replicas = { addresses: [origin.slice('http://'.length)], failures: 1, ejectTime: 3_600_000 };
    const client = new RestClient({
      timeout: 30_000,
      shared: new RestShared(),
      hosts: { '*': { breaker: { minimum: 2 }, replicas } },
    });
    expect((await client.get(origin)).ok).toBe(true);
    const silent = client.get(`${origin}/silent`, { timeout: 1_000 });
    await until(() => Atomics.load(counts, SEEN) === 2);
    stall(2_500, () => true);
    expect((await silent).kind).toBe('timeout');
    expect((await client.get(origin)).ok).toBe(true);
    await client.close();
  });
});
