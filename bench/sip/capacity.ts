/** How many calls a second a server takes without losing one, and what each costs it then. */
import { type LoadOutcome, runLoad } from './generator.ts';
import { cpuMicroseconds, residentMemory } from './process-cost.ts';
import type { MeasuredServer } from './servers.ts';
import { runSippCalls, type SippMethod } from './sipp.ts';

export interface Step {
  /** Calls a second. */
  readonly rate: number;
  readonly outcome: LoadOutcome;
  /** CPU of the server for each call, in microseconds. */
  readonly cpu: number;
  /** Resident memory at its end, in MiB. */
  readonly memory: number;
}

export interface Ramp {
  readonly rates: readonly number[];
  /** How long each rate lasts. */
  readonly seconds: number;
}

const isLossless = ({ usual }: LoadOutcome): boolean => usual.answered === usual.sent;

/** Offers one rate after the other, until one is too much; the last that was not. Each has a second chance. */
export async function capacity(program: string, server: MeasuredServer, ramp: Ramp): Promise<Step | null> {
  // the compiler does its work, and connections are made
  await runLoad(program, { port: server.port, rate: Math.min(...ramp.rates), seconds: ramp.seconds });
  let best: Step | null = null;
  for (const rate of ramp.rates) {
    let step = await measured(program, server, rate, ramp.seconds);
    if (!isLossless(step.outcome)) step = await measured(program, server, rate, ramp.seconds);
    if (!isLossless(step.outcome)) break;
    best = step;
  }
  return best;
}

export async function measured(
  program: string,
  server: MeasuredServer,
  rate: number,
  seconds: number,
): Promise<Step> {
  const before = cpuMicroseconds(server.pid);
  const outcome = await runLoad(program, { port: server.port, rate, seconds });
  const cpu = (cpuMicroseconds(server.pid) - before) / Math.max(outcome.usual.answered, 1);
  return { rate, outcome, cpu, memory: residentMemory(server.pid) };
}

export interface SippStep {
  readonly method: SippMethod;
  readonly rate: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
}

export async function measuredBySipp(
  server: MeasuredServer,
  method: SippMethod,
  rate: number,
  seconds: number,
): Promise<SippStep> {
  const before = cpuMicroseconds(server.pid);
  const calls = await runSippCalls(method, { port: server.port, rate, seconds });
  const cpu = (cpuMicroseconds(server.pid) - before) / Math.max(calls.succeeded, 1);
  return { method, rate, cpu, ...calls };
}
