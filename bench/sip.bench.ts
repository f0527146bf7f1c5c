/**
 * The server under SIP load, on loopback, with nginx as the service that its script asks:
 *
 *   npm run bench:sip [-- --only answered,relayed,accounted,scenarios] [--write]
 *
 * `answered`, `relayed` and `accounted` compare the servers of bench/sip/servers.ts at the works of bench/sip/works.ts,
 * `scenarios` are those of bench/sip/scenarios.ts, each of which may be named too. `--write` puts the tables into the
 * documentation.
 * It needs gcc, nginx, sip-tester and kamailio; what is not there is left out and said. OPENSIPS names a program of
 * OpenSIPS, OPENSIPS_MODULES the folder of its modules; KAMAILIO_MODULES names a folder of further modules of Kamailio.
 *
 *   --warm-up 30    seconds of calls for each server before anything is measured
 *   --rounds 3      how often each rate is measured
 *   --seconds 5     of each rate in each round
 *   --no-capacity   does not look for the most that each server takes
 *   --smoke         a moment of everything, to show that it runs; Node answers instead of nginx
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findCommand } from '../test/support/commands.ts';
import { freePort } from '../test/support/ports.ts';
import { nginxVersion, table, writeBetweenMarks } from './page.ts';
import { startNginx, startNode } from './rest/servers.ts';
import { compare, type Plan } from './sip/comparison.ts';
import type { WorkName } from './sip/configurations.ts';
import { compile, compilerIsThere } from './sip/generator.ts';
import { scenarios, type Verdict } from './sip/scenarios.ts';
import { works } from './sip/works.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: 'answered,relayed,accounted,scenarios' },
    'warm-up': { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    capacity: { type: 'boolean', default: true },
  },
});
const { smoke } = values;
const wanted = values.only
  .split(',')
  .flatMap((name) => (name === 'scenarios' ? Object.keys(scenarios) : [name]));
for (const name of wanted)
  if (!(name in works) && !(name in scenarios)) {
    console.error(`unknown part ${name}: expected ${[...Object.keys(works), 'scenarios'].join(', ')}`);
    process.exit(1);
  }

const measured = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const warmUp = Number(values['warm-up']);

const calls: Plan = {
  ...measured,
  rates: [200, 1000],
  warmUp: { rate: 500, seconds: warmUp },
  ramp: values.capacity ? { from: 600, factor: 1.15, upTo: 6000, seconds: 5 } : null,
};
const plans: Readonly<Record<WorkName, Plan>> = {
  answered: {
    ...measured,
    rates: [500, 1000, 2000, 5000],
    warmUp: { rate: 1000, seconds: warmUp },
    ramp: values.capacity ? { from: 2000, factor: 1.25, upTo: 40_000, seconds: 3 } : null,
  },
  relayed: calls,
  accounted: calls,
};
const brief = { rates: [40], rounds: 1, seconds: 0.5, warmUp: { rate: 40, seconds: 0 }, ramp: null };
const briefPlans: Readonly<Record<WorkName, Plan>> = {
  answered: { ...brief, ramp: { from: 50, factor: 2, upTo: 50, seconds: 0.5 } },
  relayed: brief,
  accounted: brief,
};

const root = fileURLToPath(new URL('../', import.meta.url));
const built = spawnSync(process.execPath, [`${root}scripts/build.mjs`], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) throw new Error('siprest does not build');
if (!smoke && findCommand('nginx') === null) throw new Error('nginx is not installed: apt-get install nginx');

const isHere = (what: string, missing: string | null): boolean => {
  if (missing !== null) console.log(`skipped: ${what}: ${missing}`);
  return missing === null;
};

const service = smoke ? await startNode() : await startNginx();
const versions = [`Node ${process.versions.node}`, ...(smoke ? [] : [nginxVersion()])];
const neighbours = { service: service.origin, callee: await freePort() };
const how = smoke
  ? 'a moment.'
  : `${warmUp} s of warm-up, ${measured.rounds} rounds of ${measured.seconds} s.`;

function show(name: string, text: string, more: readonly string[] = []): void {
  console.log(`${text}\n`);
  if (values.write)
    writeBetweenMarks(`sip ${name}`, { how, text, versions: [...new Set([...versions, ...more])] });
}

try {
  for (const work of Object.values(works)) {
    if (!wanted.includes(work.name) || !isHere(`${work.name} calls`, work.missing())) continue;
    const plan = smoke ? briefPlans[work.name] : plans[work.name];
    const { text, versions: compared, idle } = await compare(work, neighbours, plan);
    show(work.name, text, compared);
    for (const name of idle) {
      console.error(`${name} served no ${work.name} call`);
      process.exitCode = 1;
    }
  }
  const chosen = Object.entries(scenarios).filter(([name]) => wanted.includes(name));
  if (chosen.length > 0 && isHere('scenarios', compilerIsThere() ? null : 'gcc is not installed')) {
    const verdicts: Verdict[] = [];
    const plan = { program: compile('load'), smoke, warmUp: smoke ? 0 : warmUp, ...neighbours };
    for (const [name, run] of chosen) {
      if (name === 'latency' && !isHere(name, works.relayed.missing())) continue;
      process.stderr.write(`${name}\n`);
      verdicts.push(await run(plan));
    }
    show(
      'scenarios',
      table(
        ['scenario', 'result', 'aim', 'met'],
        verdicts.map(({ scenario, result, aim, met }) => [
          scenario,
          result,
          aim,
          smoke ? '' : met ? 'yes' : 'no',
        ]),
      ),
    );
  }
} finally {
  await service.stop();
}
