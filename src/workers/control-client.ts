/** Finds the servers on this machine, and queries them. */
import { lstatSync, readdirSync, type Stats, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';

/** Why a server did not answer, or did not do what it was told, as a sentence for people. */
export class ControlError extends Error {
  /** Whether the server has answered with this error. */
  readonly isAnswer: boolean;
  constructor(message: string, isAnswer = false) {
    super(message);
    this.isAnswer = isAnswer;
  }
}

/** A server that accepts connections on its control socket. */
export interface FoundServer {
  readonly pid: number;
  readonly name: string | null;
  readonly path: string;
  /** The user id of its process. */
  readonly uid: number;
}

/** Limit on a server's silence, in ms. */
const silence = 5000;
/** Bytes. */
const longestAnswer = 16 * 1024 * 1024;

/** The directory of this user's servers: below XDG_RUNTIME_DIR, else below the folder for temporary files. */
export function controlDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime === undefined || runtime === ''
    ? join(tmpdir(), `siprest-${userInfo().uid}`)
    : join(runtime, 'siprest');
}

/**
 * The directories of servers run by other users and by services: below the folders that systemd creates for them, and
 * below the folder for temporary files. Only root looks into other users' directories.
 */
function otherDirectories(): readonly string[] {
  const below = (folder: string, ...path: readonly string[]) =>
    names(folder).map((name) => join(folder, name, ...path));
  return [...below('/run/user', 'siprest'), ...below('/run', 'siprest'), ...below(tmpdir())].filter((path) =>
    /^siprest(?:-\d+)?$/.test(basename(path)),
  );
}

/**
 * The servers with sockets in `directory` or, if that has none, in the directories of other users and of services.
 * Removes sockets that a server has left behind.
 */
export async function controlledServers(directory = controlDirectory()): Promise<readonly FoundServer[]> {
  const own = await serversIn(directory);
  if (own.length > 0) return own;
  return (await Promise.all(otherDirectories().map(serversIn))).flat();
}

/** The servers of all directories. */
export async function allServers(directory = controlDirectory()): Promise<readonly FoundServer[]> {
  const directories = [...new Set([directory, ...otherDirectories()])];
  return (await Promise.all(directories.map(serversIn))).flat();
}

async function serversIn(directory: string): Promise<readonly FoundServer[]> {
  const self = userInfo().uid;
  const folder = look(directory);
  if (folder === null || !folder.isDirectory() || (folder.uid !== self && self !== 0)) return [];
  // in a world-writable folder trust only sockets of the user in its name
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

/** Whether no process listens there any more. */
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
 * Runs an administration command of a server, given by its process id or the path of its socket. Rejects with a {@link ControlError} if it is missing,
 * shows no sign of life for `within` ms, or reports an error.
 */
export async function askServer(
  server: number | string,
  method: string,
  directory = controlDirectory(),
  within = silence,
  params: readonly unknown[] | Readonly<Record<string, unknown>> = [],
): Promise<unknown> {
  const path = typeof server === 'string' ? server : await pathOf(server, directory);
  const who = typeof server === 'string' ? `the server at ${server}` : `process ${server}`;
  const socket = connect(path);
  let isSilent = false;
  socket.setTimeout(within, () => {
    isSilent = true;
    socket.destroy();
  });
  socket.end(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      total += (chunk as Buffer).length;
      if (total > longestAnswer) throw new Error('the answer is too long');
    }
  } catch (error) {
    if (!isSilent)
      throw new ControlError(
        `no siprest answers as ${who}: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
  if (isSilent)
    throw new ControlError(`${who} has not answered for ${within / 1000} s: it is suspended or very busy`);
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') throw new ControlError(`${who} ended before it answered`);
  const answer = parsed(text);
  if (answer === undefined) throw new ControlError(`${who} sent an invalid answer`);
  if (typeof answer !== 'object' || answer === null || !('error' in answer))
    return (answer as { readonly result?: unknown }).result;
  const { message, data } = answer.error as { readonly message: string; readonly data?: string };
  throw new ControlError(data === undefined ? message : `${message}: ${data}`, true);
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
    return null; // it is missing or inaccessible
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it is missing or unreadable
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // another process has removed it
  }
}
