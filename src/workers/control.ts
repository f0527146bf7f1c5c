/**
 * The control socket of a running server, in a directory that only its user may enter: one JSON-RPC request or batch as
 * a line, and its answer until the end of the stream.
 */
import { chmodSync, lstatSync, mkdirSync, renameSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { longestRequest, tooLong } from '../observe/index.ts';
import { messageOf } from '../runtime/index.ts';
import { every, systemClock } from '../timers/index.ts';
import { askServer, ControlError, controlDirectory, isRefused } from './control-client.ts';
import type { ControlPlace, ServerIdentity } from './control-protocol.ts';

/** Answers a JSON-RPC request; null for a notification. Never rejects. */
export type ControlHandler = (request: string) => Promise<string | null>;

/** Time limit for receiving a question, in ms. */
const timeout = 5000;
/** Interval of signs of life while the answer is pending, in ms. */
const signOfLife = 1000;

export class Control {
  readonly path: string;
  readonly #server: Server;
  readonly #inode: number;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, server: Server, handler: ControlHandler) {
    this.path = path;
    this.#server = server;
    this.#inode = lstatSync(path).ino;
    server.on('connection', (socket) => this.#accept(socket, handler));
    server.unref();
  }

  /** Starts answering questions. Rejects with a {@link ControlError} if the socket cannot be created. */
  static async listen(handler: ControlHandler, place: ControlPlace = {}): Promise<Control> {
    const { directory = controlDirectory(), name } = place;
    if (place.path === undefined) ensureDirectory(directory);
    else await ensureFree(place.path);
    const path = place.path ?? join(directory, `${name === undefined ? '' : `${name}.`}${process.pid}.sock`);
    const server = createServer({ allowHalfOpen: true });
    // under another name first: Node removes the path on closing, and by then it may belong to a successor
    const own = `${path}.${process.pid}~`;
    removeIfThere(own);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new ControlError(`cannot listen on ${path}: ${error.message}`)));
      server.listen(own, resolve);
    });
    try {
      chmodSync(own, 0o600);
      renameSync(own, path);
      return new Control(path, server, handler);
    } catch (error) {
      server.close();
      throw new ControlError(`cannot listen on ${path}: ${messageOf(error)}`);
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    try {
      if (lstatSync(this.path).ino === this.#inode) unlinkSync(this.path);
    } catch {
      // already removed
    }
  }

  #accept(socket: Socket, handler: ControlHandler): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(timeout, () => socket.destroy());
    let request = Buffer.alloc(0);
    const receive = (chunk: Buffer, isEnd: boolean) => {
      request = Buffer.concat([request, chunk]);
      const end = request.indexOf('\n');
      if (end < 0 && !isEnd && request.length <= longestRequest) return;
      socket.removeAllListeners('data').removeAllListeners('end').resume().setTimeout(0);
      // JSON may start with blanks, which serve as signs of life
      socket.write(' ');
      const alive = every(systemClock, signOfLife, () => socket.write(' '));
      socket.once('close', () => alive.stop());
      const line = end < 0 ? request : request.subarray(0, end);
      if (line.length > longestRequest) socket.end(`${tooLong()}\n`);
      else
        void handler(line.toString('utf8')).then((answer) =>
          socket.end(answer === null ? '' : `${answer}\n`),
        );
    };
    socket.on('data', (chunk) => receive(chunk, false));
    socket.on('end', () => receive(Buffer.alloc(0), true));
  }
}

/** Frees the path: replaces the socket of a server that has crashed, or is stopping. */
async function ensureFree(path: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  if (!file.isSocket()) throw new ControlError(`${path} is a file, not a socket`);
  if (await isRefused(path)) {
    removeIfThere(path);
    return;
  }
  const { pid, state } = (await askServer(path, 'siprest:identity')) as ServerIdentity;
  if (state === 'running') throw new ControlError(`${path} is the socket of the running process ${pid}`);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // it does not exist
  }
}

/** A directory for temporary files is world-writable: an existing folder in it must belong to this user alone. */
function ensureDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(path);
    if (uid === userInfo().uid && (mode & 0o077) === 0) return;
  } catch (error) {
    throw new ControlError(`cannot create ${path}: ${messageOf(error)}`);
  }
  throw new ControlError(`${path} is accessible to other users or belongs to another user`);
}
