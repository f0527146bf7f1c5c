/**
 * How a running server is asked and told: a socket in a directory that only its user may enter. A question is one line,
 * the answer one JSON text up to the end of the stream.
 */
import { lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export const CONTROL_COMMANDS = ['status', 'reload'] as const;
export type ControlCommand = (typeof CONTROL_COMMANDS)[number];

/** What each command does; what it resolves to is the answer, as JSON. What it throws is the answer's `error`. */
export type ControlHandlers = Readonly<Record<ControlCommand, () => Promise<unknown>>>;

/** A server that answers no question: why, as a sentence for people. */
export class ControlError extends Error {}

const longestQuestion = 256;
/** How long one who asks may take to say what, in ms. */
const patience = 5000;

export class Control {
  readonly #path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.#path = path;
    this.#server = server;
  }

  /** Takes questions from now on. Rejects with a {@link ControlError} where there is no place for the socket. */
  static async listen(handlers: ControlHandlers, directory = controlDirectory()): Promise<Control> {
    ensureDirectory(directory);
    const path = join(directory, `${process.pid}.sock`);
    try {
      unlinkSync(path); // of a process that had this number before
    } catch {
      // there was none
    }
    const server = createServer({ allowHalfOpen: true });
    const control = new Control(path, server);
    server.on('connection', (socket) => control.#accept(socket, handlers));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new ControlError(`cannot listen on ${path}: ${error.message}`)));
      server.listen(path, resolve);
    });
    server.unref();
    return control;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    try {
      unlinkSync(this.#path);
    } catch {
      // closed already
    }
  }

  #accept(socket: Socket, handlers: ControlHandlers): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(patience, () => socket.destroy());
    let question = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      question += text;
      const end = question.indexOf('\n');
      if (end < 0 && question.length <= longestQuestion) return;
      socket.removeAllListeners('data').resume().setTimeout(0);
      const command = question.slice(0, Math.max(end, 0));
      const isCommand = (CONTROL_COMMANDS as readonly string[]).includes(command);
      const answer = isCommand
        ? handlers[command as ControlCommand]()
        : Promise.reject(new ControlError(`it knows ${CONTROL_COMMANDS.join(' and ')}`));
      answer.then(
        (value) => socket.end(JSON.stringify(value)),
        (error: unknown) =>
          socket.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
      );
    });
  }
}

/** Where the servers of this user listen: below XDG_RUNTIME_DIR, else below the folder for temporary files. */
export function controlDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime === undefined || runtime === ''
    ? join(tmpdir(), `siprest-${userInfo().uid}`)
    : join(runtime, 'siprest');
}

/** Process ids of the servers that may be asked, by the sockets that there are. */
export function controlledServers(directory = controlDirectory()): readonly number[] {
  try {
    return readdirSync(directory)
      .flatMap((name) => /^(\d+)\.sock$/.exec(name)?.[1] ?? [])
      .map(Number)
      .filter((pid) => isRunning(pid));
  } catch {
    return [];
  }
}

/** Asks a server. Rejects with a {@link ControlError} when there is none, or when it says what went wrong. */
export async function askServer(
  pid: number,
  command: ControlCommand,
  directory = controlDirectory(),
): Promise<unknown> {
  const socket = connect(join(directory, `${pid}.sock`));
  socket.end(`${command}\n`);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new ControlError(
      `no siprest of this user answers as process ${pid}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (chunks.length === 0) throw new ControlError(`process ${pid} ended before it answered`);
  const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  if (typeof answer === 'object' && answer !== null && 'error' in answer)
    throw new ControlError(String(answer.error));
  return answer;
}

/** A directory for temporary files is everybody's: what is there already has to be this user's alone. */
function ensureDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(path);
    if (uid === userInfo().uid && (mode & 0o077) === 0) return;
  } catch (error) {
    throw new ControlError(`cannot make ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new ControlError(`${path} is open to others than its owner, or somebody else's`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
