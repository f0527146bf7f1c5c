/**
 * Whether this checkout takes more or less of the processor than another commit, measured in turn, A B A B:
 *
 *   npm run bench:compare REF [-- --work answered,relayed,rest] [--pairs 10] [--rate 1000] [--seconds 5] [--slices 120]
 *   npm run bench:compare . [-- --work answered-handler,relayed-handler]
 *   npm run bench:compare . -- --with metrics [--work answered,relayed]
 *
 * The second compares handlers in TypeScript with the script that does the same. The third says what an option of the
 * server costs: `metrics`, with a scrape in each round, or `traces`, of 1 in 100 calls, sent to a collector.
 *
 * REF is a commit, branch or tag, which is checked out and built in a temporary folder, with its own dependencies where
 * they differ; or the folder of a built checkout. Both servers run all the time, warm, and get the same load one after the other, at a rate that both
 * can serve; what counts is the CPU time of each, so that a machine that becomes slower in the middle of a pair is the
 * only thing that can favour one. For `rest` both builds are in one process, and send in alternating slices of some
 * 50 ms. Prints the median of the ratios, this checkout by REF, with its 95 % interval: "no
 * more than 3 in 100" holds when the upper end is at most 1.03. Needs gcc for `answered` and sip-tester for `relayed`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startTraceCollector } from '../test/support/otlp.ts';
import { freePort } from '../test/support/ports.ts';
import { temporaryFolder } from '../test/support/temporary.ts';
import { alternate, type Pair } from './rest/alternate.ts';
import { startNode } from './rest/servers.ts';
import { opensipsScript } from './sip/configurations.ts';
import { sample } from './sip/measure.ts';
import { type StartOptions, startHandlers, startScript } from './sip/servers.ts';
import { type Load, type Work as SipWork, works as sipWorks } from './sip/works.ts';
import { medianInterval } from './statistics.ts';

/** A built checkout. */
interface Build {
  readonly name: string;
  readonly folder: string;
}

/** CPU time for each call or request of one round, in microseconds. */
type Round = (load: Load) => Promise<number>;

/** Measures both in turn. */
interface Work {
  readonly name: string;
  readonly compare: (ours: Build, theirs: Build) => Promise<readonly Pair[]>;
}

const ownName = 'this checkout';
const root = fileURLToPath(new URL('../', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    work: { type: 'string', default: 'answered,relayed,rest' },
    pairs: { type: 'string', default: '10' },
    slices: { type: 'string', default: '120' },
    with: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '10' },
  },
});
const [reference] = positionals;
if (reference === undefined) {
  console.error(
    'name what to compare with, a commit, branch or tag: npm run bench:compare main [-- --pairs 20]',
  );
  process.exit(1);
}

const toClose: (() => Promise<unknown>)[] = [];

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** The build in the folder `ref`, or of the commit `ref`, which is checked out for it. */
function buildOf(ref: string): Build {
  if (existsSync(join(ref, 'dist/cli/main.js'))) return { name: ref, folder: resolve(ref) };
  const folder = join(temporaryFolder('compare'), 'checkout');
  run('git', ['worktree', 'add', '--detach', folder, ref], root);
  toClose.push(async () => run('git', ['worktree', 'remove', '--force', folder], root));
  const lock = (of: string): string => readFileSync(join(of, 'package-lock.json'), 'utf8');
  if (lock(folder) === lock(root)) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  else run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
  run(process.execPath, ['scripts/build.mjs'], folder);
  return { name: ref, folder };
}

const service = await startNode();
const neighbours = { service: service.origin, callee: await freePort() };

const load: Load = { rate: Number(values.rate), seconds: Number(values.seconds) };

/** Servers of both builds run all the time, and get the same load one after the other. */
async function inTurn(
  start: (build: Build) => Promise<Round>,
  ours: Build,
  theirs: Build,
): Promise<readonly Pair[]> {
  const [a, b] = [await start(ours), await start(theirs)];
  const warmUp = { rate: load.rate, seconds: Number(values['warm-up']) };
  if (warmUp.seconds > 0) for (const round of [a, b]) await round(warmUp);
  const pairs: Pair[] = [];
  for (let pair = 0; pair < Number(values.pairs); pair++) {
    // who comes first changes, since a pair's second round may find another machine
    const [first, second] = pair % 2 === 0 ? [a, b] : [b, a];
    const [one, other] = [await first(load), await second(load)];
    pairs.push(pair % 2 === 0 ? { ours: one, theirs: other } : { ours: other, theirs: one });
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return pairs;
}

/** An option of a server whose cost is measured. */
interface Feature {
  readonly start: Required<Pick<StartOptions, 'args' | 'env'>>;
  /** What its users do in a round. */
  readonly use: () => Promise<unknown>;
}

const features: Readonly<Record<string, () => Promise<Feature>>> = {
  async metrics() {
    const port = await freePort();
    return {
      start: { args: ['--http', `127.0.0.1:${port}`], env: {} },
      use: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    };
  },
  async traces() {
    const collector = await startTraceCollector();
    toClose.push(() => collector.close());
    return {
      start: { args: ['--traces', '0.01'], env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin } },
      use: async () => collector.spans.splice(0),
    };
  },
};

/** Without `--with`: the servers have the same options. */
const feature: Feature | null = (await features[values.with ?? '']?.()) ?? null;
if (values.with !== undefined && feature === null) {
  console.error(`unknown option ${values.with}: expected ${Object.keys(features).join(' or ')}`);
  process.exit(1);
}

/** What one of the servers has and the other has not. */
const featureOf = ({ name }: Build): Feature | null => (name === ownName ? feature : null);

/** Measures what each build starts: a round is the CPU of a call. */
const sipRounds = (
  work: SipWork,
  start: (build: Build) => ReturnType<typeof startScript>,
): Work['compare'] => {
  const begin = async (build: Build): Promise<Round> => {
    const missing = work.missing();
    if (missing !== null) throw new Error(missing);
    const server = await start(build);
    toClose.push(() => server.stop());
    return async (load) => {
      const used = featureOf(build)?.use();
      const { outcome, cpu } = await sample(work, server, load, neighbours);
      await used;
      if (outcome.served < outcome.offered)
        throw new Error(`${outcome.offered - outcome.served} calls were lost`);
      return cpu;
    };
  };
  return (ours, theirs) => inTurn(begin, ours, theirs);
};

const programOf = (build: Build): StartOptions => ({
  program: join(build.folder, 'dist/cli/main.js'),
  ...featureOf(build)?.start,
});
const scriptOf = (work: SipWork, build: Build): ReturnType<typeof startScript> =>
  startScript(opensipsScript({ work: work.name, asking: 'async', ...neighbours }), programOf(build));

/** A work of bench:sip. */
const sipWork = (work: SipWork): Work => ({
  name: work.title,
  compare: sipRounds(work, (build) => scriptOf(work, build)),
});

/** The same by handlers, compared with the script of the other build, or with handlers if an option is measured. */
const handlerWork = (work: SipWork): Work => ({
  name: `${work.title}; handlers${feature === null ? ' by the script' : ''}`,
  compare: sipRounds(work, (build) =>
    build.name === ownName || feature !== null
      ? startHandlers(work.name, neighbours, programOf(build))
      : scriptOf(work, build),
  ),
});

const rest: Work = {
  name: 'rest: GET, 64 in flight',
  compare: (ours, theirs) =>
    alternate(
      `${service.origin}/credit/alice`,
      { product: join(ours.folder, 'dist') },
      { product: join(theirs.folder, 'dist') },
      { slices: Number(values.slices) },
    ),
};

const works: Readonly<Record<string, Work>> = {
  answered: sipWork(sipWorks.answered),
  relayed: sipWork(sipWorks.relayed),
  'answered-handler': handlerWork(sipWorks.answered),
  'relayed-handler': handlerWork(sipWorks.relayed),
  rest,
};

async function compare(work: Work, ours: Build, theirs: Build): Promise<void> {
  const pairs = await work.compare(ours, theirs);
  const ratio = medianInterval(pairs.map((pair) => pair.ours / pair.theirs));
  const [cost, before] = [
    medianInterval(pairs.map((pair) => pair.ours)).median,
    medianInterval(pairs.map((pair) => pair.theirs)).median,
  ];
  console.log(
    `${work.name}: ${ratio.median.toFixed(3)} (95 %: ${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)}) of ${theirs.name}; ${cost.toFixed(1)} us against ${before.toFixed(1)} us, ${pairs.length} pairs`,
  );
}

const wanted = values.work.split(',');
for (const name of wanted) {
  if (works[name] !== undefined) continue;
  console.error(`unknown work ${name}: expected ${Object.keys(works).join(', ')}`);
  process.exit(1);
}
try {
  if (!existsSync(join(root, 'dist'))) throw new Error('dist/ is missing: run `npm run build` first');
  const theirs = buildOf(reference);
  const ours = { name: ownName, folder: root };
  for (const name of wanted) {
    const work = works[name];
    if (work !== undefined) await compare(work, ours, theirs);
  }
} finally {
  for (const close of toClose.reverse()) await close();
  await service.stop();
}
process.exit();
