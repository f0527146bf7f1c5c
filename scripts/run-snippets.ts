/**
 * Runs the TypeScript of the documentation on this Node: types taken out, and nothing else changed but the ports of
 * 127.0.0.1, so that what Node 20 cannot parse fails here. A block marked `ts no-run` is only compiled.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { transform } from 'esbuild';

/** Where a snippet stands, and what it says. */
export interface Snippet {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** How long a program goes on once it handles SIGTERM, in milliseconds. */
const servingTime = 1_000;
const longestTime = 60_000;
/** Loaded before a snippet: tells the parent once the snippet handles SIGTERM, the last thing that a server's program does. */
const onReady = `data:text/javascript,import cluster from 'node:cluster';
if (cluster.isPrimary) {
  process.on('newListener', (name) => {
    if (name === 'SIGTERM') process.send('ready', () => process.disconnect());
  });
  process.channel.unref();
}`;

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function startService(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    response.end('42');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

/** Ends what it has started. */
async function ended(child: ChildProcess): Promise<string> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += String(data)));
  let stop: NodeJS.Timeout | undefined;
  child.once('message', () => (stop = setTimeout(() => child.kill('SIGTERM'), servingTime)));
  const kill = setTimeout(() => child.kill('SIGKILL'), longestTime);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(stop);
  clearTimeout(kill);
  return code === 0 ? '' : `ends with ${signal ?? code}:\n${output}`;
}

/**
 * What went wrong, if anything: one text for each snippet that fails.
 * @param root the checkout, whose package the snippets import
 * @param script the routing script that a server of theirs serves, as call-policy.cfg
 */
export async function runSnippets(
  root: string,
  snippets: readonly Snippet[],
  script: string,
): Promise<readonly string[]> {
  const folder = join(root, '.tmp/run-snippets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const service = await startService();
  const { port } = service.address() as AddressInfo;
  const sip = await freePort();
  const placed = (text: string): string =>
    text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`).replaceAll('127.0.0.1:5060', `127.0.0.1:${sip}`);
  writeFileSync(join(folder, 'call-policy.cfg'), placed(script));
  const errors: string[] = [];
  for (const [index, { file, line, text }] of snippets.entries()) {
    const path = join(folder, `snippet-${index}.mjs`);
    // with the newest target nothing but types is taken out
    const { code } = await transform(placed(text), { loader: 'ts', target: 'esnext' });
    writeFileSync(path, code);
    const child = spawn(process.execPath, ['--import', onReady, path], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const error = await ended(child);
    if (error !== '') errors.push(`${file}:${line}: the program ${error}`);
  }
  service.close();
  rmSync(folder, { recursive: true });
  return errors;
}
