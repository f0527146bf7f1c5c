/** Finding the servers that run on this machine, and asking them. */
import { lstatSync, readdirSync, type Stats, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import type { ControlCommand } from './control-protocol.ts';

/** A server that answers no question: why, as a sentence for people. */
export class ControlError extends Error {}

/** A server that takes connections on its socket. */
export interface FoundServer {
  readonly pid: number;
  readonly name: string | null;
  readonly path: string;
  /** The user id of who runs it. */
  readonly uid: number;
}

/** How long a server may be silent before it counts as one that does not answer, in ms. */
const silence = 5000;
/** Bytes. */
const longestAnswer = 16 * 1024 * 1024;

/** Where the servers of this user listen: below XDG_RUNTIME_DIR, else below the folder for temporary files. */
export function controlDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime === undefined || runtime === ''
    ? join(tmpdir(), `siprest-${userInfo().uid}`)
    : join(runtime, 'siprest');
}

/**
 * Where servers of other users, and those of services, listen: below the folders that systemd makes for users and for
 * services, and below the folder for temporary files. Only root looks into what is not its own.
 */
function otherDirectories(): readonly string[] {
  const below = (folder: string, ...path: readonly string[]) =>
    names(folder).map((name) => join(folder, name, ...path));
  return [...below('/run/user', 'siprest'), ...below('/run', 'siprest'), ...below(tmpdir())].filter((path) =>
    /^siprest(?:-\d+)?$/.test(basename(path)),
  );
}

/**
 * The servers that may be asked, by the sockets in `directory` and, where that has none, in those of other users and of
 * services. A socket that a server has left behind is removed.
 */
export async function controlledServers(directory = controlDirectory()): Promise<readonly FoundServer[]> {
  const own = await serversIn(directory);
  if (own.length > 0) return own;
  return (await Promise.all(otherDirectories().map(serversIn))).flat();
}

/** Of all folders. */
export async function allServers(directory = controlDirectory()): Promise<readonly FoundServer[]> {
  const directories = [...new Set([directory, ...otherDirectories()])];
  return (await Promise.all(directories.map(serversIn))).flat();
}

async function serversIn(directory: string): Promise<readonly FoundServer[]> {
  const self = userInfo().uid;
  const folder = look(directory);
  if (folder === null || !folder.isDirectory() || (folder.uid !== self && self !== 0)) return [];
  // in a folder that everybody may write to, only its owner speaks for a user
  const [, named] = /^siprest-(\d+)$/.exec(basename(directory)) ?? [];
  if (named !== undefined && Number(named) !== folder.uid) return [];
  const found = names(directory).map(async (file): Promise<FoundServer | null> => {
    const [, name, pid] = /^(?:([\w-]+)\.)?(\d+)\.sock$/.exec(file) ?? [];
    const path = join(directory, file);
    if (pid === undefined || look(path)?.isSocket() !== true) return null;
    if (!(await isRefused(path))) return { pid: Number(pid), name: name ?? null, path, uid: folder.uid };
    if (folder.uid === self) remove(path);
    return null;
  });
  return (await Promise.all(found)).filter((one) => one !== null);
}

/** Whether nobody listens there any more. */
export function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (refused: boolean) => {
      resolve(refused);
      socket.destroy();
    };
    socket.once('connect', () => settle(false));
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code === 'ECONNREFUSED' || code === 'ENOENT'),
    );
  });
}

/**
 * Asks a server, by its process id or the path of its socket. Rejects with a {@link ControlError} when there is none, when
 * it has given no sign of life for `within` ms, or when it says what went wrong.
 */
export async function askServer(
  server: number | string,
  command: ControlCommand,
  directory = controlDirectory(),
  within = silence,
): Promise<unknown> {
  const path = typeof server === 'string' ? server : await pathOf(server, directory);
  const who = typeof server === 'string' ? `the server at ${server}` : `process ${server}`;
  const socket = connect(path);
  let isSilent = false;
  socket.setTimeout(within, () => {
    isSilent = true;
    socket.destroy();
  });
  socket.end(`${command}\n`);
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      total += (chunk as Buffer).length;
      if (total > longestAnswer) throw new Error('its answer is too long');
    }
  } catch (error) {
    if (!isSilent)
      throw new ControlError(
        `no siprest answers as ${who}: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
  if (isSilent)
    throw new ControlError(`${who} has not answered for ${within / 1000} s: it is stopped or very busy`);
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') throw new ControlError(`${who} ended before it answered`);
  const answer = parsed(text);
  if (answer === undefined) throw new ControlError(`${who} gave an answer that is not JSON`);
  if (typeof answer === 'object' && answer !== null && 'error' in answer)
    throw new ControlError(String(answer.error));
  return answer;
}

async function pathOf(pid: number, directory: string): Promise<string> {
  const found = (await allServers(directory)).find((one) => one.pid === pid);
  if (found === undefined) throw new ControlError(`no siprest of this user answers as process ${pid}`);
  return found.path;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function look(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null; // it does not exist, or is not accessible
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it is not there, or not to be read
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // somebody else was faster
  }
}
