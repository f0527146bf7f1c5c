/** What a server under trouble promises, each as a row: the setup, the result, and whether it is good enough. */
import { startDeadHost } from '../../test/support/dead-host.ts';
import { startSilentServer } from '../silent-server.ts';
import { measured } from './capacity.ts';
import { type LoadOutcome, runLoad, startLoad } from './generator.ts';
import { residentMemory } from './process-cost.ts';
import type { Asking } from './scripts.ts';
import { startSiprest } from './servers.ts';

export interface Verdict {
  readonly scenario: string;
  readonly result: string;
  /** What it has to be. */
  readonly aim: string;
  readonly met: boolean;
}

export interface ScenarioPlan {
  /** The load generator. */
  readonly program: string;
  /** Of the service that answers. */
  readonly origin: string;
  readonly smoke: boolean;
}

const share = ({ usual }: LoadOutcome): string => `${usual.answered} of ${usual.sent}`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One caller in twenty is asked about at a host that never answers. */
export async function deadHost({ program, origin, smoke }: ScenarioPlan, asking: Asking): Promise<Verdict> {
  const dead = await startDeadHost();
  const server = await startSiprest({
    asking,
    origin,
    others: dead.origin,
    parameters: { connection_timeout: 2, max_async_transfers: 300 },
  });
  try {
    const rate = smoke ? 40 : 400;
    await runLoad(program, { port: server.port, rate, seconds: smoke ? 0.5 : 3 }); // the warm-up
    const outcome = await runLoad(program, {
      port: server.port,
      rate,
      seconds: smoke ? 1 : 12,
      rare: { user: 'dead', every: 20 },
      answerTimeout: 4000,
    });
    const { usual, rare } = outcome;
    return {
      scenario: `${rate} calls a second, one in 20 to a dead host, \`connection_timeout\` 2, ${asking === 'async' ? 'async, 1 worker, `max_async_transfers` 300' : 'blocking, 64 workers'}`,
      result: `${share(outcome)} others served, p99 ${usual.p99.toFixed(1)} ms; ${rare.failed} of ${rare.sent} refused in time`,
      aim: 'all served, p99 below 10 ms',
      met: usual.answered === usual.sent && rare.failed === rare.sent && usual.p99 < 10,
    };
  } finally {
    await server.stop();
    await dead.close();
  }
}

/** Calls wait for a service that never answers, each with its transaction and connection, and others come by. */
export async function manyWaiting({ program, origin, smoke }: ScenarioPlan): Promise<Verdict> {
  const waiting = smoke ? 100 : 10_000;
  const silent = await startSilentServer();
  const server = await startSiprest({
    asking: 'async',
    origin,
    others: silent.origin,
    parameters: { max_async_transfers: 20_000, curl_timeout: 60, connection_timeout: 30 },
  });
  try {
    const rate = smoke ? 40 : 400;
    await runLoad(program, { port: server.port, rate, seconds: smoke ? 0.5 : 3 }); // the warm-up
    const slow = startLoad(program, {
      port: server.port,
      rate: smoke ? 200 : 1000,
      seconds: smoke ? 0.5 : 10,
      user: 'slow',
      answerTimeout: 60_000,
    });
    for (let left = 200; silent.connections < waiting && left > 0; left--) await sleep(100);
    await sleep(500);
    const { connections } = silent;
    const outcome = await runLoad(program, { port: server.port, rate, seconds: smoke ? 1 : 10 });
    const memory = residentMemory(server.pid);
    await slow.launched.stop();
    const { usual } = outcome;
    return {
      scenario: `${waiting} calls wait for a slow service, ${rate} others a second, async, 1 worker`,
      result: `${connections} wait, ${Math.round(memory)} MiB; ${share(outcome)} others served, p99 ${usual.p99.toFixed(1)} ms`,
      aim: 'below 500 MiB, p99 of the others below 20 ms',
      met: connections === waiting && memory < 500 && usual.answered === usual.sent && usual.p99 < 20,
    };
  } finally {
    await server.stop();
    silent.close();
  }
}

/** Longer than the 32 seconds that an answered transaction is kept: as many of them as there ever will be. */
export async function sustained({ program, origin, smoke }: ScenarioPlan): Promise<Verdict> {
  const [rate, seconds] = smoke ? [200, 1] : [12_000, 45];
  const server = await startSiprest({ asking: 'async', origin, parameters: { max_async_transfers: 20_000 } });
  try {
    await runLoad(program, { port: server.port, rate: rate / 4, seconds: smoke ? 0.5 : 3 }); // the warm-up
    const { outcome, cpu, memory } = await measured(program, server, rate, seconds);
    return {
      scenario: `${rate} calls a second for ${seconds} s, async, 1 worker, with all that timer J keeps`,
      result: `${share(outcome)} served, ${cpu.toFixed(1)} us of CPU a call, p99 ${outcome.usual.p99.toFixed(1)} ms, ${Math.round(memory)} MiB`,
      aim: 'all served, at most 60 us',
      met: outcome.usual.answered === outcome.usual.sent && cpu <= 60,
    };
  } finally {
    await server.stop();
  }
}

/** Both processes of `siprest run` count: the time until its line "listening" is there. */
export async function start({ origin, smoke }: ScenarioPlan): Promise<Verdict> {
  const times: number[] = [];
  for (let i = 0; i < (smoke ? 1 : 7); i++) {
    const server = await startSiprest({ asking: 'async', origin });
    times.push(server.startTime);
    await server.stop();
  }
  const median = times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
  return {
    scenario: `from the start to \`listening\`, median of ${times.length}`,
    result: `${Math.round(median)} ms`,
    aim: 'below 300 ms',
    met: median < 300,
  };
}
