/**
 * `npm run release -- VERSION`, with a version or `major`, `minor` or `patch`: writes the version to package.json and its
 * lock, gives it the entries that CHANGELOG.md has under Unreleased, commits, and tags the commit. Pushing the tag publishes
 * it (.github/workflows/release.yml). `--check TAG` only says whether a tag fits package.json and CHANGELOG.md.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

class ReleaseError extends Error {}

const steps = ['major', 'minor', 'patch'] as const;

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new ReleaseError(`git ${args[0]}: ${stderr.trim()}`);
  return stdout.trim();
}

const numbersOf = (version: string): readonly number[] | null =>
  /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}$/.test(version) ? version.split('.').map(Number) : null;

function isGreater(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((number, i) => number !== other[i]);
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0);
}

/** The version to release: `wanted`, or the one that follows `current` by a step. */
function nextVersion(current: string, wanted: string, tags: readonly string[]): string {
  const numbers = numbersOf(current) ?? [0, 0, 0];
  const step = steps.findIndex((one) => one === wanted);
  const next =
    step < 0
      ? wanted
      : numbers.map((number, at) => (at < step ? number : at === step ? number + 1 : 0)).join('.');
  const wantedNumbers = numbersOf(next);
  if (wantedNumbers === null)
    throw new ReleaseError(`invalid version "${wanted}": use ${steps.join(', ')}, or one such as 1.2.3`);
  if (tags.includes(`v${next}`)) throw new ReleaseError(`${next} has been released`);
  // the first release has the version that package.json was begun with
  if (next !== current && !isGreater(wantedNumbers, numbers))
    throw new ReleaseError(`${next} is not greater than ${current}`);
  return next;
}

const heading = '## [Unreleased]\n';

/** The changelog with the entries under Unreleased given to a version. */
function released(changelog: string, version: string, date: string): string {
  const at = changelog.indexOf(heading);
  if (at < 0) throw new ReleaseError('CHANGELOG.md has no section "## [Unreleased]"');
  const begin = at + heading.length;
  const end = changelog.indexOf('\n## [', begin);
  const section = changelog.slice(begin, end < 0 ? undefined : end + 1);
  // what the section says of itself
  const entries = section.replace(/^\s*This becomes .*\n(?:.+\n)*/, '').trim();
  if (entries === '') throw new ReleaseError('CHANGELOG.md has nothing under "## [Unreleased]"');
  const rest = end < 0 ? '' : changelog.slice(end);
  return `${changelog.slice(0, begin)}\n## [${version}] - ${date}\n\n${entries}\n${rest}`;
}

interface Lock {
  version: string;
  readonly packages: Record<'', { version: string }>;
}

function writeVersion(version: string): void {
  const manifest = readFileSync('package.json', 'utf8');
  writeFileSync('package.json', manifest.replace(/"version": "[^"]*"/, `"version": "${version}"`));
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  lock.version = version;
  lock.packages[''].version = version;
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
}

const currentVersion = (): string =>
  (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version;

function release(wanted: string): void {
  if (git('status', '--porcelain') !== '') throw new ReleaseError('commit your changes first');
  const branch = git('rev-parse', '--abbrev-ref', 'HEAD');
  if (branch !== 'main') throw new ReleaseError(`releases are made on main, not on ${branch}`);
  const version = nextVersion(currentVersion(), wanted, git('tag').split('\n'));
  const [date = ''] = new Date().toISOString().split('T');
  const changelog = released(readFileSync('CHANGELOG.md', 'utf8'), version, date);
  writeFileSync('CHANGELOG.md', changelog);
  writeVersion(version);
  git('commit', '--all', '--quiet', '--message', `Release ${version}`);
  git('tag', '--annotate', `v${version}`, '--message', `siprest ${version}`);
  console.log(`tagged v${version}; publish it with: git push --follow-tags origin main`);
}

function check(tag: string): void {
  const version = currentVersion();
  if (tag !== `v${version}`) throw new ReleaseError(`the tag ${tag} does not fit package.json, ${version}`);
  if (!readFileSync('CHANGELOG.md', 'utf8').includes(`\n## [${version}] - `))
    throw new ReleaseError(`CHANGELOG.md has no section for ${version}`);
}

const { values, positionals } = parseArgs({
  options: { check: { type: 'string' } },
  allowPositionals: true,
});
try {
  const [wanted] = positionals;
  if (values.check !== undefined) check(values.check);
  else if (wanted !== undefined && positionals.length === 1) release(wanted);
  else throw new ReleaseError(`usage: npm run release -- ${steps.join('|')}|VERSION`);
} catch (error) {
  if (!(error instanceof ReleaseError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
