/** Servers compared at a work: what a call costs at steady rates, and how many each takes, as tables. */
import { table } from '../page.ts';
import type { Neighbours } from './configurations.ts';
import { capacity, cpuOf, type Ramp, type Running, ratioOf, sample, sideBySide } from './measure.ts';
import { type Contender, contenders } from './servers.ts';
import type { Work } from './works.ts';

export interface Plan {
  readonly rates: readonly number[];
  readonly rounds: number;
  /** Of each rate in each round. */
  readonly seconds: number;
  /** Calls before anything is measured. */
  readonly warmUp: { readonly rate: number; readonly seconds: number };
  /** Null: capacity is not measured. */
  readonly ramp: Ramp | null;
}

/** Those that siprest's CPU is given as a part of. */
const YARDSTICKS = ['OpenSIPS', 'Kamailio', 'bare Node loop', 'bare Node loop with the query'];

const shown = (value: number, digits: number): string =>
  Number.isNaN(value) ? 'lost' : value.toFixed(digits);

export interface Compared {
  readonly text: string;
  /** `OpenSIPS 4.0.1` */
  readonly versions: readonly string[];
  /** The servers that served nothing at some rate. */
  readonly idle: readonly string[];
}

export async function compare(work: Work, neighbours: Neighbours, plan: Plan): Promise<Compared> {
  const present = contenders.filter(({ works }) => works.includes(work.name)).filter(isPresent);
  const running: Running[] = [];
  try {
    for (const contender of present) {
      const server = await contender.start(work.name, neighbours);
      running.push({ contender, server });
      process.stderr.write(`${work.name}: ${contender.name} warms up\n`);
      if (plan.warmUp.seconds > 0) await sample(work, server, plan.warmUp, neighbours);
    }
    const found = await sideBySide(work, running, neighbours, plan);
    const names = present.map(({ name }) => name);
    const beside = YARDSTICKS.filter((name) => names.includes(name));
    const rows = [...found].map(([rate, samples]) => {
      const own = samples.get('siprest') ?? [];
      return [
        String(rate),
        ...names.map((name) => shown(cpuOf(samples.get(name) ?? []), 0)),
        ...beside.map((name) => shown(ratioOf(own, samples.get(name) ?? []), 2)),
      ];
    });
    const costs = table(
      [`CPU us a call at calls/s`, ...names, ...beside.map((name) => `siprest is of ${name}`)],
      rows,
    );
    const limits = plan.ramp === null ? [] : [await limitsOf(work, running, plan.ramp, neighbours)];
    return {
      text: [`${/^[aeiou]/.test(work.title) ? 'An' : 'A'} ${work.title}.`, costs, ...limits].join('\n\n'),
      idle: names.filter((name) =>
        [...found.values()].some((samples) =>
          samples.get(name)?.every(({ outcome }) => outcome.served === 0),
        ),
      ),
      versions: present.flatMap((one) => {
        const version = one.version();
        return version === '' ? [] : [`${one.name.split(',')[0]} ${version}`];
      }),
    };
  } finally {
    for (const { server } of running) await server.stop();
  }
}

async function limitsOf(
  work: Work,
  running: readonly Running[],
  ramp: Ramp,
  neighbours: Neighbours,
): Promise<string> {
  const rows: string[][] = [];
  for (const { contender, server } of running) {
    process.stderr.write(`${work.name}: how many calls ${contender.name} takes\n`);
    const best = await capacity(work, server, ramp, neighbours);
    const { outcome, cpu, memory, load } = best ?? {};
    rows.push([
      contender.name,
      load === undefined ? `below ${ramp.from}` : String(load.rate),
      cpu?.toFixed(0) ?? '',
      outcome?.p50.toFixed(1) ?? '',
      outcome?.p99.toFixed(1) ?? '',
      memory?.toFixed(0) ?? '',
    ]);
  }
  return table(['most without loss', 'calls/s', 'CPU us a call', 'p50 ms', 'p99 ms', 'memory MiB'], rows);
}

function isPresent(contender: Contender): boolean {
  const missing = contender.missing();
  if (missing !== null) console.log(`skipped: ${contender.name}: ${missing}`);
  return missing === null;
}
