/**
 * Chaos: a service with four replicas, each of which misbehaves in its own way, under 500 calls a second, with policies and
 * without. Prints a row of figures for each run, and fails if one misses its goal; docs/reliability.md has faults and goals.
 */
import { quantile } from '../bench/statistics.ts';
import { systemClock } from '../src/timers/index.ts';
import { callAtRate, DOWN, elsewhere, PARTLY_WELL, type Run, refusals } from '../test/support/chaos.ts';

const SECONDS = 4;
const pace = { clock: systemClock, seconds: SECONDS };

let missed = 0;

/** Says which goals a run has missed. */
function goals(what: string, reached: Readonly<Record<string, boolean>>): void {
  for (const [goal, yes] of Object.entries(reached)) {
    if (yes) continue;
    missed++;
    console.log(`${what}: not ${goal}`);
  }
}

async function figures(name: string, run: Promise<Run>): Promise<Run> {
  const result = await run;
  const { answered, p50, p99, load } = result;
  const percent = (answered * 100).toFixed(2);
  console.log(`| ${name} | ${percent} % | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${load.toFixed(2)} |`);
  return result;
}

console.log('| fault | answered | p50 ms | p99 ms | requests a call |\n| --- | --- | --- | --- | --- |');

for (const row of PARTLY_WELL) {
  const sick = await row.begin(systemClock);
  await figures(`${row.name}, without policies`, callAtRate(sick, sick.without, pace));
  const { answered, p99, load, twice } = await figures(
    `${row.name}, with`,
    callAtRate(sick, sick.with, pace),
  );
  goals(row.name, {
    'at least 99.9 % answered': answered >= 0.999,
    'p99 below 300 ms': p99 < 300,
    'at most 1.1 requests a call': load <= 1.1,
    'no POST twice': twice === 0,
  });
  await sick.service.close();
}

for (const row of DOWN) {
  const sick = await row.begin(systemClock);
  const other = await elsewhere.begin(systemClock);
  await figures(`${row.name}, without policies`, callAtRate(sick, sick.without, pace));
  const [result, others] = await Promise.all([
    figures(`${row.name}, with`, callAtRate(sick, sick.with, pace)),
    figures(
      'another host meanwhile',
      callAtRate({ service: other, scheme: 'http' }, elsewhere.options, pace),
    ),
  ]);
  const times = refusals(result);
  const p99 = times.length === 0 ? Number.POSITIVE_INFINITY : quantile(times, 0.99);
  console.log(`refused by the open circuit breaker: ${times.length}, p99 ${p99.toFixed(2)} ms`);
  goals(row.name, {
    'refused within 5 ms at p99': p99 < 5,
    'every call to another host answered': others.answered === 1,
    'no POST twice': result.twice === 0,
  });
  const served = await figures(`${row.name}, with stale answers`, callAtRate(sick, sick.withStale, pace));
  goals(`${row.name}, with stale answers`, {
    'at least 99.9 % answered': served.answered >= 0.999,
    'no POST twice': served.twice === 0,
  });
  await sick.service.close();
  await other.close();
}

process.exitCode = missed === 0 ? 0 : 1;
