/**
 * `npm run package:dockerfile`: the steps of examples/service/Dockerfile without Docker: in a folder that stands for the
 * image, with the archive that would be published, on free ports. The server runs as a user without rights if this does
 * as root. Needs the network, for what siprest depends on.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/ports.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const image = mkdtempSync(join(tmpdir(), 'siprest-image-'));
const context = join(image, 'context');
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The lines of a Dockerfile, without comments, continued ones joined. */
const instructions = (text: string): readonly Instruction[] =>
  text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
      return name === undefined || rest === undefined ? [] : { name, rest };
    });

const all = instructions(readFileSync(join(root, 'examples/service/Dockerfile'), 'utf8'));

function only(name: string): string {
  const [found, ...others] = all.filter((one) => one.name === name);
  if (found === undefined || others.length > 0) throw new Error(`the Dockerfile must have one ${name}`);
  return found.rest;
}

function run(command: string, args: readonly string[], options: object = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

const http = await freePort();
/** Paths and ports of the image, in this folder and on this machine. */
const here = (text: string) =>
  text.replaceAll(/(?<![\w/])\/etc\//g, `${image}/etc/`).replaceAll('8088', String(http));
const env = {
  ...process.env,
  PATH: `${image}/usr/bin:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
  HOME: join(image, 'root'),
  npm_config_prefix: join(image, 'usr'),
  npm_config_cache: join(image, 'cache'),
};

/** The archive takes the place of the package in the registry. */
function pack(): string {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', context], { cwd: root }),
  ) as { readonly filename: string }[];
  if (packed === undefined) throw new Error('npm pack made no archive');
  return join(context, packed.filename);
}

function build(archive: string): void {
  for (const { name, rest } of all) {
    if (name === 'RUN') {
      const command = here(rest).replace('--global siprest', `--global ${archive}`);
      console.log(`RUN ${command}`);
      run('sh', ['-c', command], { env, cwd: image });
    } else if (name === 'COPY') {
      const [from = '', to = ''] = here(rest).split(' ');
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(context, from), to);
    }
  }
}

const commandOf = (rest: string) => JSON.parse(here(rest)) as readonly string[];

/** The exit code of the health check, once it is 0 or the server has ended. */
async function untilHealthy(server: ChildProcess): Promise<void> {
  const [, command = ''] = /CMD (\[.*\])$/.exec(only('HEALTHCHECK')) ?? [];
  const [program = '', ...args] = commandOf(command);
  for (let left = 100; server.exitCode === null && left > 0; left--) {
    if (spawnSync(program, args, { env, ...nobody }).status === 0) return;
    await sleep(100);
  }
  throw new Error('HEALTHCHECK does not succeed');
}

async function serve(): Promise<void> {
  if (only('USER') === 'root') throw new Error('USER must not be root');
  const [program = '', ...args] = [...commandOf(only('ENTRYPOINT')), ...commandOf(only('CMD'))];
  console.log(`ENTRYPOINT ${[program, ...args].join(' ')}`);
  const server = spawn(program, args, { env, cwd: '/', ...nobody });
  let said = '';
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = once(server, 'exit');
  try {
    await untilHealthy(server);
    server.kill(only('STOPSIGNAL') as NodeJS.Signals);
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`ended with ${code}`);
  } catch (error) {
    server.kill('SIGKILL');
    throw new Error(said, { cause: error });
  }
}

try {
  if (!/^node:\d+-slim$/.test(only('FROM'))) throw new Error('FROM must be a slim image of Node.js');
  chmodSync(image, 0o755);
  for (const folder of [context, env.HOME]) mkdirSync(folder, { mode: 0o755 });
  writeFileSync(
    join(context, 'opensips.cfg'),
    'socket=udp:127.0.0.1:0\nloadmodule "sl.so"\nloadmodule "signaling.so"\nroute { send_reply(200, "OK"); }\n',
  );
  process.umask(0o022);
  build(pack());
  await serve();
  console.log('the Dockerfile builds, serves and stops');
} finally {
  rmSync(image, { recursive: true, force: true });
}
