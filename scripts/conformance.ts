/**
 * Runs the conformance vectors on the built program and holds the outcome against
 * test/conformance/known-failures.json, which names those that may fail, each with its reason:
 *
 *   npm run test:conformance [-- [--only SUBSTRING] [--processes N] [--draft] [FILE.json …]]
 *
 * With `--processes` above 1 the server has so many, and those of test/conformance/one-process-only.json may fail as
 * well: what they observe is one process's. One that fails is run again then, twice at most, since two processes may read
 * in either order what was sent back to back.
 *
 * Fails when a vector fails that is not listed, when one passes that is, when a list names one that there is not,
 * and when known-failures.json names one that it did not name a commit before (it only ever shrinks; new vectors may
 * enter it).
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
}

interface Outcome {
  /** Why each vector that failed did. */
  readonly failures: Map<string, string>;
  /** Whether the runner came to its end. */
  readonly finished: boolean;
}

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = 'test/conformance';

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

const files =
  positionals.length > 0
    ? positionals
    : readdirSync(`${root}${folder}/vectors`).map((name) => `${folder}/vectors/${name}`);

function readList(text: string): readonly KnownFailure[] {
  return JSON.parse(text) as KnownFailure[];
}

function idsOf(file: string): readonly string[] {
  const vectors = JSON.parse(readFileSync(`${root}${file}`, 'utf8')) as readonly { readonly id: string }[];
  return vectors.map((vector) => vector.id).filter((id) => id.includes(values.only ?? ''));
}

/** A file as the commit before had it, or null where it had none. */
function committed(path: string): string | null {
  const { status, stdout } = spawnSync('git', ['show', `HEAD^:${path}`], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout : null;
}

/** Runs the vectors of `files`, or those with `only` in their ids, and reads what the runner prints: `not ok ID`, and why on the lines below. */
function observe(only = values.only): Promise<Outcome> {
  const program = `${process.execPath} dist/cli/main.js`;
  const args = [
    `${folder}/run.mjs`,
    ...['--run', `${program} run --processes ${values.processes}`, '--check', `${program} check`],
    ...(only === undefined ? [] : ['--only', only]),
    ...files,
  ];
  return new Promise((resolve) => {
    const runner = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', CONFORMANCE_PORT: process.env['CONFORMANCE_PORT'] ?? '18080' },
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
  all: ReadonlySet<string>,
): readonly string[] {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { id, reason } of list) {
    if (seen.has(id)) wrong.push(`${id} is listed twice in ${listFile}`);
    if (!reason) wrong.push(`${id} is listed without a reason`);
    seen.add(id);
  }
  if (values.only !== undefined || positionals.length > 0) return wrong;
  for (const id of seen) if (!all.has(id)) wrong.push(`${id} is listed, but there is no such vector`);
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

const ids = files.flatMap(idsOf);
const lists = listFiles.map((file) => ({ file, list: readList(readFileSync(`${root}${file}`, 'utf8')) }));
const { failures, finished } = await observe();
if (values.processes !== '1') {
  // datagrams sent back to back are read by two processes in either order, as a network may deliver them
  const listed = new Set(lists.flatMap(({ list }) => list.map(({ id }) => id)));
  for (const id of [...failures.keys()].filter((failed) => !listed.has(failed))) {
    for (let tries = 2; tries > 0 && failures.has(id); tries--)
      if (!(await observe(id)).failures.has(id)) failures.delete(id);
  }
}

if (values.draft) {
  const reasons = new Map(lists.flatMap(({ list }) => list.map(({ id, reason }) => [id, reason])));
  const draft = ids
    .filter((id) => failures.has(id))
    .map((id) => ({ id, reason: reasons.get(id) ?? failures.get(id) }));
  console.log(JSON.stringify(draft, null, 2));
} else {
  /** The list that each of them stands in. */
  const listOf = new Map(lists.flatMap(({ file, list }) => list.map(({ id }) => [id, file])));
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const inFile = idsOf(file);
    if (inFile.length === 0) continue;
    const good = inFile.filter((id) => !failures.has(id)).length;
    console.log(`${basename(file)}: ${good} of ${inFile.length}`);
  }
  for (const id of ids) {
    const why = failures.get(id);
    const listed = listOf.get(id);
    if (why === undefined && listed === undefined) passed += 1;
    else if (why !== undefined && listed !== undefined) continue;
    else {
      failed += 1;
      console.log(`not ok ${id}\n    ${why ?? `passes, and is still listed in ${listed}: take it out`}`);
    }
  }
  for (const wrong of lists.flatMap(({ file, list }) => complaints(file, list, new Set(ids)))) {
    failed += 1;
    console.log(`not ok: ${wrong}`);
  }
  if (!finished) {
    failed += 1;
    console.log('not ok: the runner did not come to its end');
  }
  for (const { file, list } of lists) {
    const tolerated = list.filter(({ id }) => failures.has(id)).length;
    if (tolerated > 0) console.log(`${tolerated} failed as ${file} says`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
