import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Tools } from './prepare.ts';
import { ANSWER, type BenchServer } from './servers.ts';

export interface Scenario {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly bodyBytes: number;
  readonly inFlight: number;
  readonly protocol: 'http' | 'https' | 'h2';
  readonly requests: number;
}

const scenario = (
  name: string,
  method: 'GET' | 'POST',
  inFlight: number,
  requests: number,
  protocol: Scenario['protocol'] = 'http',
): Scenario => ({ name, method, inFlight, requests, protocol, bodyBytes: method === 'POST' ? 1024 : 0 });

export const SCENARIOS: readonly Scenario[] = [
  scenario('GET-1', 'GET', 1, 16_000),
  scenario('GET-64', 'GET', 64, 48_000),
  scenario('GET-1000', 'GET', 1000, 48_000),
  scenario('POST-1', 'POST', 1, 16_000),
  scenario('POST-64', 'POST', 64, 48_000),
  scenario('POST-1000', 'POST', 1000, 48_000),
  scenario('TLS-GET-64', 'GET', 64, 32_000, 'https'),
  scenario('HTTP2-GET-64', 'GET', 64, 32_000, 'h2'),
];

/** What one process measured; also the line of JSON that it prints. */
export interface Sample {
  readonly requests: number;
  readonly wallMs: number;
  readonly cpuUs: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** KiB. */
  readonly maxRss: number;
}

export interface Result {
  readonly scenario: Scenario;
  readonly rival: string;
  /** One for each round, in their order. */
  readonly samples: readonly Sample[];
}

export interface Plan {
  readonly server: BenchServer;
  readonly tools: Tools;
  readonly smoke: boolean;
  readonly rounds: number;
  /** Empty: all. */
  readonly rivals: readonly string[];
}

const NODE_ALONE = ['siprest', 'fetch', 'node:http'];
const ALL = [...NODE_ALONE, 'undici Pool.request', 'axios', 'got', 'libcurl multi (C)'];
/** Requests of the warm-up, in which the compiler does its work and connections are made. */
const WARMUP = 16_000;
/** These are several times slower; as many requests would only take longer. */
const SLOW = new Set(['axios', 'got', 'node:http', 'fetch']);
const SLOW_SHARE = 8;
const WITHOUT_HTTP2 = new Set(['axios', 'node:http']);

const load = fileURLToPath(new URL('load.mjs', import.meta.url));

/**
 * Measures every client in every scenario. A round walks all of them in random order, so that a machine that
 * becomes slower meanwhile makes all slower, and what is compared within a round was measured within seconds.
 */
export async function measure(plan: Plan, scenarios: readonly Scenario[]): Promise<readonly Result[]> {
  const asked = plan.rivals.length === 0 ? (plan.smoke ? NODE_ALONE : ALL) : plan.rivals;
  const results = scenarios.flatMap((one) =>
    asked
      .filter((rival) => one.protocol !== 'h2' || !WITHOUT_HTTP2.has(rival))
      .map((rival) => ({ scenario: one, rival, samples: [] as Sample[] })),
  );
  for (let round = 0; round < plan.rounds; round++) {
    for (const one of shuffled(scenarios)) {
      process.stderr.write(`round ${round + 1} of ${plan.rounds}: ${one.name}\n`);
      for (const { rival, samples } of shuffled(results.filter((result) => result.scenario === one))) {
        samples.push(await sample(plan, one, rival));
      }
    }
  }
  return results;
}

async function sample(plan: Plan, one: Scenario, rival: string): Promise<Sample> {
  const { server, tools, smoke } = plan;
  const inFlight = smoke ? Math.min(one.inFlight, 16) : one.inFlight;
  const share = SLOW.has(rival) ? SLOW_SHARE : 1;
  const requests = smoke ? 200 : one.requests / share;
  const warmup = smoke ? 50 : WARMUP / share;
  const origin = one.protocol === 'http' ? server.origin : server.secureOrigin;
  const caFile = one.protocol === 'http' ? '' : server.caFile;
  const url = `${origin}/credit/alice`;
  const goal = {
    rival,
    url,
    method: one.method,
    bodyBytes: one.bodyBytes,
    inFlight,
    warmup,
    requests,
    expectBytes: ANSWER.length,
    caFile,
    http2: one.protocol === 'h2',
    product: tools.product,
  };
  if (!rival.startsWith('libcurl')) return printed(process.execPath, [load, JSON.stringify(goal)]);
  if (tools.libcurl === null) throw new Error('libcurl is not measured in smoke mode');
  const version = goal.http2 ? '2' : '1.1';
  const numbers = [one.bodyBytes, inFlight, warmup, requests].map(String);
  return printed(tools.libcurl, [url, one.method, ...numbers, version, caFile]);
}

async function printed(command: string, args: readonly string[]): Promise<Sample> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`a measured process ended with ${status}`);
  return JSON.parse(out) as Sample;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
