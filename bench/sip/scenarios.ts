/** What siprest promises, each as a row: the setup, the result, and whether it is good enough. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { startDeadHost } from '../../test/support/dead-host.ts';
import { launch } from '../../test/support/launch.ts';
import { startSilentServer } from '../silent-server.ts';
import { median } from '../statistics.ts';
import { type Asking, type Neighbours, silentRelayScript } from './configurations.ts';
import { type LoadOutcome, runLoad, startLoad } from './generator.ts';
import { sample } from './measure.ts';
import { residentMemory } from './process-cost.ts';
import { type Contender, contenders, type MeasuredServer, startScript, startSiprest } from './servers.ts';
import { tlsCalls, tlsConnections } from './tls-scenarios.ts';
import { works } from './works.ts';

export interface Verdict {
  readonly scenario: string;
  readonly result: string;
  /** What it has to be. */
  readonly aim: string;
  readonly met: boolean;
}

export interface ScenarioPlan extends Neighbours {
  /** The load generator. */
  readonly program: string;
  readonly smoke: boolean;
  /** Before a latency is measured, in s. */
  readonly warmUp: number;
}

const share = ({ usual }: LoadOutcome): string => `${usual.answered} of ${usual.sent}`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One caller in twenty is asked about at a host that never answers. */
async function deadHost(plan: ScenarioPlan, asking: Asking): Promise<Verdict> {
  const { program, smoke } = plan;
  const dead = await startDeadHost();
  const server = await startSiprest({
    ...plan,
    work: 'answered',
    asking,
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
async function manyWaiting(plan: ScenarioPlan): Promise<Verdict> {
  const { program, smoke } = plan;
  const waiting = smoke ? 100 : 10_000;
  const silent = await startSilentServer();
  const server = await startSiprest({
    ...plan,
    work: 'answered',
    asking: 'async',
    others: silent.origin,
    parameters: { curl_timeout: 60, connection_timeout: 30 },
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

const contender = (name: string, work: 'answered' | 'relayed'): Contender => {
  const found = contenders.find((one) => one.name === name && one.works.includes(work));
  if (found === undefined) throw new Error(`no server ${name}`);
  return found;
};

/** Longer than the 32 seconds that an answered transaction is kept: as many of them as there ever will be. */
async function sustained(plan: ScenarioPlan): Promise<Verdict> {
  const { smoke } = plan;
  const [rate, seconds] = smoke ? [200, 1] : [12_000, 45];
  const of = async (name: string) => {
    const server = await contender(name, 'answered').start('answered', plan);
    try {
      await sample(works.answered, server, { rate: rate / 4, seconds: smoke ? 0.5 : 3 }, plan); // the warm-up
      return await sample(works.answered, server, { rate, seconds }, plan);
    } finally {
      await server.stop();
    }
  };
  const [{ outcome, cpu, memory }, bare] = [await of('siprest'), await of('bare Node loop')];
  return {
    scenario: `${rate} answered calls a second for ${seconds} s, async, 1 worker, with all that timer J keeps`,
    result: `${outcome.served} of ${outcome.offered} served, ${cpu.toFixed(1)} us of CPU a call, ${(cpu / bare.cpu).toFixed(2)} of the bare Node loop, p99 ${outcome.p99.toFixed(1)} ms, ${Math.round(memory)} MiB`,
    aim: 'all served, at most 1.2 of the bare loop',
    met: outcome.served === outcome.offered && cpu <= 1.2 * bare.cpu,
  };
}

/** Half of what one process takes, for a minute: what a caller sees of collections and compilations. */
async function latency(plan: ScenarioPlan): Promise<Verdict> {
  const { smoke, warmUp } = plan;
  const [rate, seconds] = smoke ? [20, 1] : [750, 60];
  const server = await contender('siprest', 'relayed').start('relayed', plan);
  try {
    if (warmUp > 0) await sample(works.relayed, server, { rate, seconds: warmUp }, plan);
    const { outcome } = await sample(works.relayed, server, { rate, seconds }, plan);
    const { offered, served, p50, p99, longest } = outcome;
    return {
      scenario: `${rate} relayed calls a second for ${seconds} s: from the INVITE to its 180, by SIPp's clock of 4 ms`,
      result: `${served} of ${offered} served, p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms`,
      aim: 'all served, p99 below 10 ms, longest at most 50 ms',
      met: served === offered && p99 < 10 && longest <= 50,
    };
  } finally {
    await server.stop();
  }
}

/** INVITEs to a host that says nothing: each waits in memory with its timers until it has had its 408. */
async function silentHost({ program, smoke }: ScenarioPlan): Promise<Verdict> {
  const [count, rate, timeout] = smoke ? [50, 50, 1] : [100_000, 5000, 30];
  const host = createSocket('udp4').bind(0, '127.0.0.1');
  await once(host, 'listening');
  const server = await startScript(silentRelayScript(host.address().port, timeout));
  try {
    const before = residentMemory(server.pid);
    const load = startLoad(program, {
      port: server.port,
      rate,
      seconds: count / rate,
      answerTimeout: smoke ? 10_000 : 90_000,
      method: 'INVITE',
    });
    await sleep((1000 * count) / rate + 1000);
    const waiting = residentMemory(server.pid);
    const most = await highest(server, load.outcome, waiting);
    const { usual } = await load.outcome;
    const each = ((waiting - before) * 1024) / count;
    return {
      scenario: `${count} INVITEs, ${rate} a second, relayed to a host that never answers`,
      result: `${each.toFixed(1)} KiB for each that waits, ${Math.round(most)} MiB at most; ${usual.failed} of ${usual.sent} ended by 408 or 503`,
      aim: 'below 4 KiB each, below 450 MiB, all ended',
      met: each < 4 && most < 450 && usual.failed === usual.sent,
    };
  } finally {
    await server.stop();
    host.close();
  }
}

/** The highest memory until `end`. */
async function highest({ pid }: MeasuredServer, end: Promise<unknown>, from: number): Promise<number> {
  let most = from;
  const over = end.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([over, sleep(500)]))) most = Math.max(most, residentMemory(pid));
  return most;
}

/** The time until the line "listening" is there, in turn with a Node that does nothing. */
async function start(plan: ScenarioPlan): Promise<Verdict> {
  const [times, bare]: [number[], number[]] = [[], []];
  for (let i = 0; i < (plan.smoke ? 1 : 15); i++) {
    const server = await startSiprest({ ...plan, work: 'answered', asking: 'async' });
    times.push(server.startTime);
    await server.stop();
    const began = performance.now();
    await launch(process.execPath, ['-e', '0']).ended;
    bare.push(performance.now() - began);
  }
  const [own, other] = [median(times), median(bare)];
  return {
    scenario: `from the start to \`listening\`, median of ${times.length}`,
    result: `${Math.round(own)} ms, ${(own / other).toFixed(2)} of \`node -e 0\``,
    aim: 'at most 2 of it',
    met: own <= 2 * other,
  };
}

export const scenarios: Readonly<Record<string, (plan: ScenarioPlan) => Promise<Verdict>>> = {
  'dead-host': (plan) => deadHost(plan, 'async'),
  'dead-host-blocking': (plan) => deadHost(plan, 'blocking'),
  'many-waiting': manyWaiting,
  sustained,
  latency,
  'silent-host': silentHost,
  start,
  'tls-calls': tlsCalls,
  'tls-connections': tlsConnections,
};
