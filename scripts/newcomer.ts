/**
 * `npm run package:newcomer`: what README promises a newcomer, with the archive that would be published
 * and a registry of its own (verdaccio): `npx siprest init --typescript` in an empty folder, `npm test`, `npm start`, and an
 * answered call. Everything is in a temporary folder. UDP port 5060 of 127.0.0.1 must be free. Needs the network, for
 * verdaccio and for what siprest depends on.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/ports.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'siprest-newcomer-'));
const running: ChildProcess[] = [];

/** The environment of a newcomer: nothing of this repository, and a cache without an earlier siprest. */
const registryPort = await freePort();
const registry = `http://127.0.0.1:${registryPort}/`;
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD$)/i.test(name))),
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((place) => !place.includes('node_modules/.bin'))
    .join(delimiter),
  HOME: join(folder, 'home'),
  npm_config_cache: join(folder, 'cache'),
  npm_config_update_notifier: 'false',
  npm_config_yes: 'true',
};

function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  console.log(`$ ${command} ${args.join(' ')}`);
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  const said = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? said}`);
  return said;
}

/** Starts a program that serves until the end, once it has printed `ready`. */
async function start(cwd: string, command: string, args: readonly string[], env: object, ready: RegExp) {
  console.log(`$ ${command} ${args.join(' ')}`);
  // a group of its own, since npm and npx start the program in a further process
  const child = spawn(command, args, { cwd, env: { ...env }, detached: true });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  for (let left = 600; !ready.test(said); left--) {
    if (left === 0 || child.exitCode !== null) throw new Error(`${command} ${args.join(' ')}: ${said}`);
    await sleep(100);
  }
}

async function startRegistry(): Promise<void> {
  const place = join(folder, 'registry');
  mkdirSync(place);
  // a dependency of verdaccio is named by a tag, which mirrors of the registry lack
  const manifest = { private: true, overrides: { 'node-fetch': '^2.7.0' } };
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts'];
  run(place, 'npm', ['install', ...quiet, 'verdaccio@6'], environment);
  writeFileSync(
    join(place, 'config.yaml'),
    `storage: ./storage
uplinks:
  npmjs:
    url: ${process.env['npm_config_registry'] ?? 'https://registry.npmjs.org/'}
    timeout: 60s
packages:
  siprest:
    access: $all
    publish: $all
  '@*/*':
    access: $all
    proxy: npmjs
  '**':
    access: $all
    proxy: npmjs
log: { type: stdout, level: warn }
`,
  );
  const program = join(place, 'node_modules/verdaccio/bin/verdaccio');
  const args = [program, '--config', 'config.yaml', '--listen', `127.0.0.1:${registryPort}`];
  await start(place, process.execPath, args, environment, /http address/);
}

/** Published without an account: the registry asks for none, and npm for any token. */
function publish(): void {
  const config = join(folder, 'publishing.npmrc');
  writeFileSync(config, `registry=${registry}\n//127.0.0.1:${registryPort}/:_authToken=none\n`);
  const env = { ...environment, npm_config_userconfig: config };
  const [packed] = JSON.parse(
    spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
    }).stdout,
  ) as { readonly filename: string }[];
  if (packed === undefined) throw new Error('npm pack made no archive');
  run(folder, 'npm', ['publish', '--ignore-scripts', join(folder, packed.filename)], env);
}

async function beNewcomer(): Promise<void> {
  const place = join(folder, 'calls');
  mkdirSync(place);
  const env = { ...environment, npm_config_registry: registry };
  const began = performance.now();
  run(place, 'npx', ['siprest', 'init', '--typescript'], env);
  const tested = run(place, 'npm', ['test'], env);
  if (!/\bpass 3\b/.test(tested) || !/\bfail 0\b/.test(tested)) throw new Error(`npm test: ${tested}`);
  await start(place, 'npm', ['start'], env, /listening on udp:127\.0\.0\.1:5060/);
  const call = run(place, 'npx', ['siprest', 'send', 'INVITE', 'sip:bob@127.0.0.1:5060'], env);
  if (!/<- 200 OK[\s\S]*-> BYE[\s\S]*<- 200 OK/.test(call)) throw new Error(`siprest send: ${call}`);
  console.log(call.trimEnd());
  console.log(
    `from an empty folder to an answered call: ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  run(place, 'npm', ['run', 'check'], env);
}

function end({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // it has ended
  }
}

mkdirSync(environment.HOME);
try {
  await startRegistry();
  publish();
  await beNewcomer();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  for (const child of running) end(child);
  for (const child of running) if (child.exitCode === null) await once(child, 'close');
  rmSync(folder, { recursive: true, force: true });
}
