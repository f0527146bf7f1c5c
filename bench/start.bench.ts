/**
 * The CPU of starting and checking, beside a bare `node -e 0`, with V8's stored code and without:
 *
 *   npm run bench:start [-- --node PATH --runs 12] [--write]
 *
 * The commands run in turn. The least is shown beside the median, since whatever else the machine does only adds.
 */
import { cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch } from '../test/support/launch.ts';
import { freePort } from '../test/support/ports.ts';
import { temporaryFolder } from '../test/support/temporary.ts';
import { table, writeBetweenMarks } from './page.ts';
import { configuration } from './script/configuration.ts';
import { opensipsScript } from './sip/configurations.ts';
import { cpuMicroseconds } from './sip/process-cost.ts';
import { median } from './statistics.ts';

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
    runs: { type: 'string', default: '12' },
  },
});
const runs = values.smoke ? 1 : Number(values.runs);
const root = fileURLToPath(new URL('../', import.meta.url));
const folder = temporaryFolder('start');
const without = join(folder, 'without');
cpSync(join(root, 'dist'), join(without, 'dist'), { recursive: true });
cpSync(join(root, 'package.json'), join(without, 'package.json'));
symlinkSync(join(root, 'node_modules'), join(without, 'node_modules'));
rmSync(join(without, 'dist/cli/siprest.cache'), { force: true });

const small = join(folder, 'small.cfg');
const port = await freePort();
const neighbours = { service: 'http://127.0.0.1:1', callee: 1 };
const script = opensipsScript({ work: 'relayed', asking: 'async', ...neighbours });
writeFileSync(small, `socket = udp:127.0.0.1:${port}\n${script}`);
const large = join(folder, 'large.cfg');
writeFileSync(large, configuration(1600), 'latin1');

/** Prints its own CPU at its exit; V8's threads included. */
const report = join(folder, 'report.cjs');
writeFileSync(
  report,
  `process.once('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeSync(2, 'cpu=' + (user + system) + ';'); });`,
);

/** In ms. */
async function untilExit(args: readonly string[]): Promise<number> {
  const program = launch(values.node, ['--require', report, ...args]);
  const status = await program.ended;
  const used = /cpu=(\d+);/.exec(program.stderr)?.[1];
  if (status !== 0 || used === undefined) throw new Error(`${args.join(' ')}: ${program.stderr}`);
  return Number(used) / 1000;
}

async function untilListening(program: string): Promise<number> {
  const server = launch(values.node, ['--require', report, program, 'run', small]);
  await server.prints('listening', 30);
  const used = cpuMicroseconds(server.pid) / 1000;
  await server.stop('SIGKILL');
  return used;
}

const commands: Readonly<Record<string, () => Promise<number>>> = {
  '`node -e 0`': () => untilExit(['-e', '0']),
};
const builds = { '': root, ', without code': without };
const all = Object.assign(
  commands,
  ...Object.entries(builds).map(([name, build]) => {
    const program = join(build, 'dist/cli/main.js');
    return {
      [`run until \`listening\`${name}`]: () => untilListening(program),
      [`check of a small script${name}`]: () => untilExit([program, 'check', small]),
      [`check of 1,600 lines${name}`]: () => untilExit([program, 'check', large]),
    };
  }),
) as typeof commands;

const taken = new Map<string, number[]>(Object.keys(all).map((name) => [name, []]));
for (let run = 0; run <= runs; run++)
  for (const [name, measure] of Object.entries(all)) {
    const used = await measure();
    // the first fills the caches of the system
    if (run > 0) taken.get(name)?.push(used);
  }

const bare = taken.get('`node -e 0`') ?? [];
const rows = [...taken].map(([name, times]) => [
  name,
  Math.min(...times).toFixed(0),
  median(times).toFixed(0),
  (Math.min(...times) / Math.min(...bare)).toFixed(2),
]);
const text = table(['CPU', 'least ms', 'median ms', 'least is of `node -e 0`'], rows);
console.log(text);
const version = await (async () => {
  const asked = launch(values.node, ['--version']);
  await asked.ended;
  return asked.stdout.trim();
})();
if (values.write)
  writeBetweenMarks('start', { how: `${runs} runs.`, text, versions: [`Node ${version.slice(1)}`] });
