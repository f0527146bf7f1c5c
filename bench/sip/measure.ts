/** What calls cost servers: side by side at steady rates, and how many each takes without loss. */
import { median } from '../statistics.ts';
import type { Neighbours } from './configurations.ts';
import { cpuMicroseconds, residentMemory } from './process-cost.ts';
import type { Contender, MeasuredServer } from './servers.ts';
import type { Load, Outcome, Work } from './works.ts';

export interface Sample {
  readonly load: Load;
  readonly outcome: Outcome;
  /** CPU of the server for each call, in microseconds, with all its processes. */
  readonly cpu: number;
  /** Resident memory at its end, in MiB. */
  readonly memory: number;
}

export interface Running {
  readonly contender: Contender;
  readonly server: MeasuredServer;
}

export async function sample(
  work: Work,
  server: MeasuredServer,
  load: Load,
  neighbours: Neighbours,
): Promise<Sample> {
  const before = cpuMicroseconds(server.pid);
  const outcome = await work.offer(server, load, neighbours);
  const cpu = (cpuMicroseconds(server.pid) - before) / Math.max(outcome.served, 1);
  return { load, outcome, cpu, memory: residentMemory(server.pid) };
}

/**
 * The servers in turn, round for round, so that what is compared was measured within seconds. The samples of each rate,
 * by the name of the server, in the order of the rounds.
 */
export async function sideBySide(
  work: Work,
  running: readonly Running[],
  neighbours: Neighbours,
  { rates, rounds, seconds }: { readonly rates: readonly number[]; rounds: number; seconds: number },
): Promise<ReadonlyMap<number, ReadonlyMap<string, readonly Sample[]>>> {
  const found = new Map(
    rates.map((rate) => [rate, new Map(running.map(({ contender }) => [contender.name, [] as Sample[]]))]),
  );
  for (let round = 0; round < rounds; round++)
    for (const rate of rates) {
      process.stderr.write(`${work.name}: ${rate} calls a second, round ${round + 1} of ${rounds}\n`);
      // who comes first changes
      const order = round % 2 === 0 ? running : running.toReversed();
      for (const { contender, server } of order)
        found
          .get(rate)
          ?.get(contender.name)
          ?.push(await sample(work, server, { rate, seconds }, neighbours));
    }
  return found;
}

/** The median CPU of a call; NaN if calls were lost in every round. */
export const cpuOf = (samples: readonly Sample[]): number => median(served(samples).map(({ cpu }) => cpu));

/** What it takes of the CPU of `other`: the median of what it does in each round in which both served. */
export function ratioOf(samples: readonly Sample[], other: readonly Sample[]): number {
  const pairs = samples.flatMap((one, round) => {
    const beside = other[round];
    return beside !== undefined && served([one, beside]).length === 2 ? [one.cpu / beside.cpu] : [];
  });
  return median(pairs);
}

/** Those in which nearly all calls were served: others cost less because they did less, or more by resending. */
const served = (samples: readonly Sample[]): readonly Sample[] =>
  samples.filter(({ outcome }) => outcome.served >= 0.99 * outcome.offered);

export interface Ramp {
  readonly from: number;
  /** What each rate is of the one before. */
  readonly factor: number;
  readonly upTo: number;
  /** How long each rate lasts. */
  readonly seconds: number;
}

/** Offers one rate after the other, until one is too much; the last that was not. Each has a second chance. */
export async function capacity(
  work: Work,
  server: MeasuredServer,
  ramp: Ramp,
  neighbours: Neighbours,
): Promise<Sample | null> {
  let best: Sample | null = null;
  for (let rate = ramp.from; rate <= ramp.upTo; rate *= ramp.factor) {
    const load = { rate: Math.round(rate / 10) * 10, seconds: ramp.seconds };
    let one = await sample(work, server, load, neighbours);
    if (!one.outcome.isLossless) one = await sample(work, server, load, neighbours);
    if (!one.outcome.isLossless) break;
    best = one;
  }
  return best;
}
