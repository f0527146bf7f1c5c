/** npm run release, in a clone of this repository. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/pages.ts';
import { temporaryFolder } from '../support/temporary.ts';

const person = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};

function clone() {
  const folder = join(temporaryFolder('release'), 'clone');
  const run = (command: string, ...args: readonly string[]) => {
    const cwd = args[0] === 'clone' ? root : folder;
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd,
      env: { ...process.env, ...person },
      encoding: 'utf8',
    });
    return { status, printed: stdout + stderr };
  };
  run('git', 'clone', '--quiet', '--depth', '1', '--no-tags', `file://${root}`, folder);
  run('git', 'checkout', '--quiet', '-B', 'main');
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return {
    read,
    write: (name: string, text: string) => writeFileSync(join(folder, name), text),
    git: (...args: readonly string[]) => run('git', ...args).printed.trim(),
    release: (...args: readonly string[]) =>
      run(
        process.execPath,
        join(root, 'node_modules/tsx/dist/cli.mjs'),
        join(root, 'scripts/release.ts'),
        ...args,
      ),
    versions: () => {
      const { version } = JSON.parse(read('package.json')) as { version: string };
      const lock = JSON.parse(read('package-lock.json')) as {
        version: string;
        packages: Record<'', { version: string }>;
      };
      return [version, lock.version, lock.packages[''].version];
    },
  };
}

it('writes the version and the changelog, commits and tags, and refuses what cannot be released', () => {
  const { read, write, git, release, versions } = clone();
  const [current] = versions();
  const before = read('CHANGELOG.md');
  expect(release()).toMatchObject({ status: 1, printed: expect.stringContaining('usage: npm run release') });
  expect(release('1.x')).toMatchObject({
    status: 1,
    printed: expect.stringContaining('invalid version "1.x"'),
  });
  expect(release('0.0.1')).toMatchObject({ status: 1, printed: `0.0.1 is not greater than ${current}\n` });
  write('scratch.txt', 'not committed');
  expect(release('minor')).toMatchObject({ status: 1, printed: 'commit your changes first\n' });
  git('clean', '--force', '--quiet');

  expect(release('7.8.9')).toMatchObject({ status: 0, printed: expect.stringContaining('tagged v7.8.9') });
  expect(versions()).toEqual(['7.8.9', '7.8.9', '7.8.9']);
  expect(git('status', '--porcelain')).toBe('');
  expect(git('log', '-1', '--format=%s')).toBe('Release 7.8.9');
  expect(git('cat-file', '-t', 'v7.8.9')).toBe('tag');
  expect(git('show', '--stat', '--format=', 'HEAD')).toMatch(
    /CHANGELOG\.md.*\n.*package-lock\.json.*\n.*package\.json/,
  );
  const after = read('CHANGELOG.md');
  const [, date] = /## \[Unreleased\]\n\n## \[7\.8\.9\] - (\d{4}-\d\d-\d\d)\n\n### /.exec(after) ?? [];
  expect(date).toBeDefined();
  expect(after).not.toContain('This becomes');
  expect(after.length).toBeGreaterThan(before.length - 300);
  expect(release('--check', 'v7.8.9')).toEqual({ status: 0, printed: '' });
  expect(release('--check', 'v7.8.8')).toMatchObject({ status: 1 });

  expect(release('7.8.9')).toMatchObject({ status: 1, printed: '7.8.9 has been released\n' });
  expect(release('patch')).toMatchObject({
    status: 1,
    printed: expect.stringContaining('has nothing under'),
  });
  write('CHANGELOG.md', after.replace('## [Unreleased]\n', '## [Unreleased]\n\n### Added\n\n- More.\n'));
  git('commit', '--all', '--quiet', '--message', 'Add more');
  expect(release('minor')).toMatchObject({ status: 0 });
  expect(versions()[0]).toBe('7.9.0');
  expect(read('CHANGELOG.md')).toMatch(
    /## \[Unreleased\]\n\n## \[7\.9\.0\] - .*\n\n### Added\n\n- More\.\n\n## \[7\.8\.9\]/,
  );
  git('checkout', '--quiet', '-b', 'other');
  expect(release('major')).toMatchObject({ status: 1, printed: 'releases are made on main, not on other\n' });
});
