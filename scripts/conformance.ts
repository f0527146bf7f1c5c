/**
 * Runs the conformance vectors and scenarios on the built program and holds the outcome against
 * test/conformance/known-failures.json, which names those that may fail, each with its reason:
 *
 *   npm run test:conformance [-- [--only SUBSTRING] [--processes N] [--draft] [FILE.json …]]
 *
 * With `--processes` above 1 the server has so many, and those of test/conformance/one-process-only.json may fail as
 * well: what they observe is one process's; those marked `sometimes` pass or fail by which process is first. Datagrams
 * are then sent with some milliseconds between them, since two processes may read in either order what is sent back
 * to back. Nothing is tried twice.
 *
 * Fails when one fails that is not listed, when one passes that is, when a list names one that does not exist, and
 * when known-failures.json names one that it did not name a commit before (it only ever shrinks; new ones
 * may enter it).
 * `--draft` prints the failures in the list's format. The last line is `N passed, N failed`, where a listed
 * failure counts as neither.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface KnownFailure {
  readonly id: string;
  readonly reason: string;
  /** Whether it passes at times, by which process is first; only for several processes. Default: false. */
  readonly sometimes?: boolean;
}

interface Outcome {
  /** Why each that failed did. */
  readonly failures: ReadonlyMap<string, string>;
  /** Whether the runner came to its end. */
  readonly finished: boolean;
}

/** Vectors are one message each, scenarios whole calls; each kind has a folder and a runner. */
interface Suite {
  readonly folder: string;
  readonly runner: string;
  /** Arguments of the runner, beside its files. */
  readonly arguments: (run: string, check: string) => readonly string[];
  /** The variable that says from which port on it uses ports, and its value. */
  readonly ports: readonly [name: string, first: string];
}

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = 'test/conformance';

const suites: readonly Suite[] = [
  {
    folder: `${folder}/vectors`,
    runner: `${folder}/run.mjs`,
    arguments: (run, check) => ['--run', run, '--check', check],
    ports: ['CONFORMANCE_PORT', '18080'],
  },
  {
    folder: `${folder}/scenarios`,
    runner: `${folder}/scenarios.mjs`,
    arguments: (run) => ['--run', run],
    ports: ['SCENARIO_PORT', '31000'],
  },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    processes: { type: 'string', default: '1' },
    draft: { type: 'boolean', default: false },
  },
});

const knownFailures = `${folder}/known-failures.json`;
/** Who may fail. */
const listFiles = [knownFailures, ...(values.processes === '1' ? [] : [`${folder}/one-process-only.json`])];

const filesOf = (suite: Suite): readonly string[] =>
  positionals.length > 0
    ? positionals.filter((file) => file.includes(`${basename(suite.folder)}/`))
    : readdirSync(`${root}${suite.folder}`).map((name) => `${suite.folder}/${name}`);

function readList(text: string): readonly KnownFailure[] {
  return JSON.parse(text) as KnownFailure[];
}

function idsOf(file: string): readonly string[] {
  const all = JSON.parse(readFileSync(`${root}${file}`, 'utf8')) as readonly { readonly id: string }[];
  return all.map(({ id }) => id).filter((id) => id.includes(values.only ?? ''));
}

/** A file as the commit before had it; null if it had none. */
function committed(path: string): string | null {
  const { status, stdout } = spawnSync('git', ['show', `HEAD^:${path}`], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout : null;
}

/** Runs `files`, and reads what the runner prints: `not ok ID`, and why on the lines below. */
function observe(suite: Suite, files: readonly string[]): Promise<Outcome> {
  const program = `${process.execPath} dist/cli/main.js`;
  const args = [
    ...(values.processes === '1' ? [] : ['--import', './test/support/spaced-datagrams.mjs']),
    suite.runner,
    ...suite.arguments(`${program} run --processes ${values.processes}`, `${program} check`),
    ...(values.only === undefined ? [] : ['--only', values.only]),
    ...files,
  ];
  const [portName, firstPort] = suite.ports;
  return new Promise((resolve) => {
    const runner = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', [portName]: process.env[portName] ?? firstPort },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    runner.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    runner.once('close', () => {
      const failures = new Map<string, string>();
      for (const [, id = '', why = ''] of printed.matchAll(/^not ok (\S+)\n((?: {4}.*\n?)*)/gm)) {
        failures.set(id, why.trim());
      }
      resolve({ failures, finished: /^\d+ passed, \d+ failed$/m.test(printed) });
    });
  });
}

/** What is wrong with a list itself. */
function complaints(
  listFile: string,
  list: readonly KnownFailure[],
  files: readonly string[],
): readonly string[] {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { id, reason } of list) {
    if (seen.has(id)) wrong.push(`${id} is listed twice in ${listFile}`);
    if (!reason) wrong.push(`${id} is listed without a reason`);
    seen.add(id);
  }
  if (values.only !== undefined || positionals.length > 0) return wrong;
  const all = new Set(files.flatMap(idsOf));
  for (const id of seen) if (!all.has(id)) wrong.push(`${id} is listed, but does not exist`);
  const before = listFile === knownFailures ? committed(listFile) : null;
  if (before === null) return wrong;
  const listed = new Set(readList(before).map((known) => known.id));
  for (const id of seen) {
    const file = files.find((each) => idsOf(each).includes(id));
    const isOld = file !== undefined && (committed(file) ?? '').includes(`"${id}"`);
    if (!listed.has(id) && isOld) wrong.push(`${id} is new in ${listFile}, which only ever shrinks`);
  }
  return wrong;
}

if (!existsSync(`${root}dist/cli/main.js`)) {
  console.error('dist/ is missing: run `npm run build` first');
  process.exit(1);
}

const lists = listFiles.map((file) => ({ file, list: readList(readFileSync(`${root}${file}`, 'utf8')) }));
const failures = new Map<string, string>();
const unfinished: string[] = [];
const files: string[] = [];
// side by side, each at ports of its own: a scenario waits most of its time
await Promise.all(
  suites.map(async (suite) => {
    const inSuite = filesOf(suite).filter((file) => idsOf(file).length > 0);
    files.push(...inSuite);
    if (inSuite.length === 0) return;
    const outcome = await observe(suite, inSuite);
    for (const [id, why] of outcome.failures) failures.set(id, why);
    if (!outcome.finished) unfinished.push(suite.runner);
  }),
);
const ids = files.flatMap(idsOf);

if (values.draft) {
  const reasons = new Map(lists.flatMap(({ list }) => list.map(({ id, reason }) => [id, reason])));
  const draft = ids
    .filter((id) => failures.has(id))
    .map((id) => ({ id, reason: reasons.get(id) ?? failures.get(id) }));
  console.log(JSON.stringify(draft, null, 2));
} else {
  const sometimes = new Set(
    lists.flatMap(({ file, list }) =>
      file === knownFailures ? [] : list.filter((one) => one.sometimes === true).map(({ id }) => id),
    ),
  );
  /** The list that each of them stands in. */
  const listOf = new Map(lists.flatMap(({ file, list }) => list.map(({ id }) => [id, file])));
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const inFile = idsOf(file);
    const good = inFile.filter((id) => !failures.has(id)).length;
    console.log(`${basename(file)}: ${good} of ${inFile.length}`);
  }
  for (const id of ids) {
    const why = failures.get(id);
    const listed = listOf.get(id);
    if (why === undefined && listed === undefined) passed += 1;
    else if ((why !== undefined && listed !== undefined) || sometimes.has(id)) continue;
    else {
      failed += 1;
      console.log(`not ok ${id}\n    ${why ?? `passes, and is still listed in ${listed}: take it out`}`);
    }
  }
  for (const wrong of lists.flatMap(({ file, list }) => complaints(file, list, files))) {
    failed += 1;
    console.log(`not ok: ${wrong}`);
  }
  for (const runner of unfinished) {
    failed += 1;
    console.log(`not ok: ${runner} did not come to its end`);
  }
  for (const { file, list } of lists) {
    const tolerated = list.filter(({ id }) => failures.has(id)).length;
    if (tolerated > 0) console.log(`${tolerated} failed as ${file} says`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
