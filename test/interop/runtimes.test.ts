/**
 * `siprest/rest`, built, on Deno and Bun, whose binaries come from npm: into a temporary folder, since they are large. The
 * environment variable RUNTIMES may name a folder in which they are installed already.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import type { CaseResult } from './runtimes/cases.ts';
import { type StartedScene, startScene } from './runtimes/scene.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const [deno, bun] =
  process.arch === 'arm64'
    ? (['@deno/linux-arm64-glibc', '@oven/bun-linux-aarch64'] as const)
    : (['@deno/linux-x64-glibc', '@oven/bun-linux-x64'] as const);
/** What is installed: packages that bring a binary each, without scripts that would get something from elsewhere. */
const packages = [`${deno}@2.9.6`, `${bun}@1.4.5`];

/** What docs/rest-client.md says that Deno has to allow; a Unix socket is a file that is written. */
const allowed = ['--allow-net', '--allow-read', '--allow-env', '--allow-sys', '--allow-write'];

const project = temporaryFolder('runtimes');
const installed = process.env['RUNTIMES'] ?? project;
const binary = (name: string): string => join(installed, 'node_modules', name);
let started: StartedScene;

beforeAll(async () => {
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  if (installed === project) {
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages];
    await run('npm', args, { cwd: project }).catch((error: unknown) => {
      throw new Error(`missing: Deno and Bun, which npm cannot install (npm ${args.join(' ')})`, {
        cause: error,
      });
    });
  }
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(root, join(project, 'node_modules/siprest'));
  const source = readFileSync(new URL('runtimes/cases.ts', import.meta.url), 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'esm' });
  writeFileSync(join(project, 'cases.js'), code);
  started = await startScene();
}, 300_000);
afterAll(() => started?.close());

describe.each([
  ['Node', process.execPath, []],
  [
    'Deno',
    binary(`${deno}/deno`),
    ['run', '--no-lock', '--no-prompt', '--node-modules-dir=manual', ...allowed],
  ],
  ['Bun', binary(`${bun}/bin/bun`), []],
] as const)('the REST client on %s', (_, command, args) => {
  it('behaves as on Node', async () => {
    const { stdout, stderr } = await run(command, [...args, 'cases.js', JSON.stringify(started.scene)], {
      cwd: project,
    });
    const results = JSON.parse(stdout) as readonly CaseResult[];
    expect(results.filter(({ error }) => error !== null)).toEqual([]);
    expect(results.length).toBeGreaterThan(30);
    // neither a warning of the runtime nor an error
    expect(stderr).toBe('');
  });
});
