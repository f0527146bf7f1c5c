/**
 * The server under SIP load, on loopback, with nginx as the service that its script asks:
 *
 *   npm run bench:sip [-- --only capacity,sipp,scenarios] [--write]
 *
 * Each of four servers, one after the other, gets OPTIONS from bench/sip/load.c at rising rates until it loses one;
 * then SIPp calls them with OPTIONS and INVITE at a steady rate; then come the scenarios of bench/sip/scenarios.ts.
 * `--write` puts the tables into docs/performance.md. It needs gcc, nginx, sip-tester, kamailio and
 * kamailio-utils-modules; what is not there is left out and said. It takes five minutes; with `--smoke` it takes
 * a quarter of one, and Node answers instead of nginx.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findCommand } from '../test/support/commands.ts';
import { nginxVersion, table, writeBetweenMarks } from './page.ts';
import { installRivals } from './rest/prepare.ts';
import { startNginx, startNode } from './rest/servers.ts';
import { capacity, measuredBySipp } from './sip/capacity.ts';
import { compileGenerator, compilerIsThere } from './sip/generator.ts';
import { deadHost, manyWaiting, start, sustained, type Verdict } from './sip/scenarios.ts';
import {
  kamailioIsThere,
  type MeasuredServer,
  startBareLoop,
  startKamailio,
  startSiprest,
} from './sip/servers.ts';

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: 'capacity,sipp,scenarios' },
  },
});
const { smoke } = values;
const parts = new Set(values.only.split(','));

interface Rival {
  readonly name: string;
  readonly start: (origin: string) => Promise<MeasuredServer>;
  readonly rates: readonly number[];
  /** Calls a second of SIPp; null where INVITE is beyond it. */
  readonly sippRate: number | null;
  /** What it has to do: so many calls a second without loss, and what each may cost then. */
  readonly aim?: { readonly rate: number; readonly cpu: number };
}

const rising = (from: number, to: number, by: number): number[] =>
  Array.from({ length: (to - from) / by + 1 }, (_, i) => from + i * by);

const rivals: readonly Rival[] = [
  {
    name: 'siprest, async, 1 worker',
    start: (origin) => startSiprest({ asking: 'async', origin, parameters: { max_async_transfers: 20_000 } }),
    rates: rising(6000, 28_000, 2000),
    sippRate: 2000,
    aim: { rate: 12_000, cpu: 60 },
  },
  {
    name: 'siprest, blocking, 64 workers',
    start: (origin) => startSiprest({ asking: 'blocking', origin }),
    rates: rising(6000, 28_000, 2000),
    sippRate: 2000,
    aim: { rate: 12_000, cpu: 55 },
  },
  {
    name: 'kamailio, blocking, 64 processes',
    start: startKamailio,
    rates: rising(2000, 8000, 1000),
    sippRate: 2000,
  },
  { name: 'bare Node loop', start: startBareLoop, rates: rising(8000, 28_000, 2000), sippRate: null },
];

const missing = (what: string, install: string): void =>
  console.log(`skipped, ${what}: not installed (apt-get install ${install})`);

const root = fileURLToPath(new URL('../', import.meta.url));
const built = spawnSync(process.execPath, [`${root}scripts/build.mjs`], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) throw new Error('siprest does not build');
installRivals(); // the bare loop asks by undici

const hasNginx = findCommand('nginx') !== null;
if (!smoke && !hasNginx) throw new Error('nginx is not installed: apt-get install nginx');
const program = compilerIsThere() ? compileGenerator() : null;
if (program === null) missing('the load generator, and with it capacity and scenarios', 'gcc');
const hasSipp = findCommand('sipp') !== null;
if (!hasSipp && parts.has('sipp')) missing('the calls by SIPp', 'sip-tester');
const hasKamailio = kamailioIsThere();
if (!hasKamailio) missing('Kamailio', 'kamailio kamailio-utils-modules');

const service = smoke ? await startNode() : await startNginx();
const text: string[] = [];
const say = (part: string): void => {
  console.log(`${part}\n`);
  text.push(part, '');
};

try {
  const { origin } = service;
  const capacities: string[][] = [];
  const calls: string[][] = [];
  const verdicts: Verdict[] = [];
  for (const rival of rivals) {
    if (rival.start === startKamailio && !hasKamailio) continue;
    const server = await rival.start(origin);
    process.stderr.write(`${rival.name}\n`);
    try {
      if (parts.has('capacity') && program !== null) {
        const ramp = smoke ? { rates: [200], seconds: 0.5 } : { rates: rival.rates, seconds: 3 };
        const best = await capacity(program, server, ramp);
        const { usual } = best?.outcome ?? {};
        const numbers = [best?.cpu, usual?.p50, usual?.p99].map((n) => n?.toFixed(1) ?? '');
        capacities.push([
          rival.name,
          best === null ? `below ${ramp.rates[0]}` : String(best.rate),
          ...numbers,
          best === null ? '' : String(Math.round(best.memory)),
        ]);
        if (rival.aim !== undefined && best !== null)
          verdicts.push({
            scenario: `the most calls a second without loss, ${rival.name}`,
            result: `${best.rate}, ${best.cpu.toFixed(1)} us of CPU a call`,
            aim: `at least ${rival.aim.rate}, at most ${rival.aim.cpu} us`,
            met: best.rate >= rival.aim.rate && best.cpu <= rival.aim.cpu,
          });
      }
      if (parts.has('sipp') && hasSipp && rival.sippRate !== null)
        for (const method of ['OPTIONS', 'INVITE'] as const) {
          const rate = smoke ? 50 : rival.sippRate;
          const step = await measuredBySipp(server, method, rate, smoke ? 1 : 6);
          const numbers = [step.cpu, step.p50, step.p99].map((n) => n.toFixed(1));
          calls.push([
            `${method}, ${rival.name}`,
            String(rate),
            `${step.succeeded} of ${step.succeeded + step.failed}`,
            ...numbers,
          ]);
        }
    } finally {
      await server.stop();
    }
  }
  if (capacities.length > 0)
    say(
      table(
        ['OPTIONS', 'calls/s without loss', 'CPU us a call', 'p50 ms', 'p99 ms', 'memory MiB'],
        capacities,
      ),
    );
  if (calls.length > 0)
    say(table(['by SIPp', 'calls/s', 'served', 'CPU us a call', 'p50 ms', 'p99 ms'], calls));

  if (parts.has('scenarios') && program !== null) {
    const plan = { program, origin, smoke };
    verdicts.push(
      await deadHost(plan, 'async'),
      await deadHost(plan, 'blocking'),
      await manyWaiting(plan),
      await sustained(plan),
      await start(plan),
    );
  }
  if (verdicts.length > 0)
    say(
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
  if (values.write) {
    const kamailio = hasKamailio ? [versionOf('kamailio', ['-v'])] : [];
    const sipp = hasSipp ? [versionOf('sipp', ['-v'])] : [];
    const versions = [`Node ${process.versions.node}`, nginxVersion(), ...kamailio, ...sipp];
    writeBetweenMarks('sip', 'one run.', text.join('\n'), versions);
  }
} finally {
  await service.stop();
}

/** `kamailio 5.6.3` */
function versionOf(name: 'kamailio' | 'sipp', args: readonly string[]): string {
  const { stdout } = spawnSync(findCommand(name) ?? name, args);
  return `${name} ${/v?(\d+\.\d+[.\d]*)/.exec(stdout.toString())?.[1] ?? '?'}`;
}
