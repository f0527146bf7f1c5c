/**
 * Chaos: a service with four replicas, each of which misbehaves in its own way, under 500 calls a second, with policies and
 * without. Prints a row of figures for each run, with `--write` into docs/reliability.md, which has the goals, and fails if
 * one is missed.
 */
import { table, writeBetweenMarks } from '../bench/page.ts';
import { quantile } from '../bench/statistics.ts';
import { systemClock } from '../src/timers/index.ts';
import {
  callAtRate,
  DOWN,
  elsewhere,
  PARTLY_WELL,
  RATE,
  type Row,
  type Run,
  refusals,
} from '../test/support/chaos.ts';

const SECONDS = 4;
const pace = { clock: systemClock, seconds: SECONDS };

/** What a row is about. */
type Described = Pick<Row, 'name' | 'replicas'>;

let missed = 0;
const refused: string[] = [];

/** Says which goals a run has missed. */
function goals(what: string, reached: Readonly<Record<string, boolean>>): void {
  for (const [goal, yes] of Object.entries(reached)) {
    if (yes) continue;
    missed++;
    console.log(`${what}: not ${goal}`);
  }
}

const COLUMNS = [
  'fault',
  'each replica',
  'policies',
  'GETs answered',
  'POSTs answered',
  'p50 ms',
  'p99 ms',
  'requests a call',
];
const rows: string[][] = [];

async function figures({ name, replicas }: Described, policies: string, run: Promise<Run>): Promise<Run> {
  process.stderr.write(`${name}: ${policies}\n`);
  const result = await run;
  const { answered, postsAnswered, p50, p99, load } = result;
  const [gets, posts] = [answered, postsAnswered].map((share) => `${(share * 100).toFixed(1)} %`);
  rows.push([
    ...[name, replicas, policies, gets ?? '', posts ?? ''],
    ...[p50.toFixed(1), p99.toFixed(1), load.toFixed(2)],
  ]);
  return result;
}

const policiesOf = ({ policies }: Row, more = ''): string =>
  ['retry, replicas', policies ?? '', more].filter((text) => text !== '').join(', ');

for (const row of PARTLY_WELL) {
  const sick = await row.begin(systemClock);
  await figures(row, 'none', callAtRate(sick, sick.without, pace));
  const { answered, p99, load, twice } = await figures(
    row,
    policiesOf(row),
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
  await figures(row, 'none', callAtRate(sick, sick.without, pace));
  const [result, others] = await Promise.all([
    figures(row, policiesOf(row), callAtRate(sick, sick.with, pace)),
    figures(
      { name: `${row.name}: another host meanwhile`, replicas: 'its only one answers' },
      'none',
      callAtRate({ service: other, scheme: 'http' }, elsewhere.options, pace),
    ),
  ]);
  const times = refusals(result);
  const p99 = times.length === 0 ? Number.POSITIVE_INFINITY : quantile(times, 0.99);
  refused.push(`${times.length} calls in the row "${row.name}", p99 ${p99.toFixed(2)} ms`);
  goals(row.name, {
    'refused within 5 ms at p99': p99 < 5,
    'every call to another host answered': others.answered === 1,
    'no POST twice': result.twice === 0,
  });
  const served = await figures(
    row,
    policiesOf(row, 'cache with `staleIfError`'),
    callAtRate(sick, sick.withStale, pace),
  );
  goals(`${row.name}, with stale answers`, {
    'at least 99.9 % answered': served.answered >= 0.999,
    'no POST twice': served.twice === 0,
  });
  await sick.service.close();
  await other.close();
}

const text = `${table(COLUMNS, rows, 3)}

Refused by the open circuit breaker: ${refused.join('; ')}.`;
console.log(text);
if (process.argv.includes('--write'))
  writeBetweenMarks('chaos', {
    command: 'npm run chaos -- --write',
    how: `${SECONDS} seconds of ${RATE} calls a second in each row, nine of ten GET and the others POST.`,
    text,
    versions: [`Node ${process.versions.node}`],
  });

process.exitCode = missed === 0 ? 0 : 1;
