import { dirname, resolve } from 'node:path';
import { type LoadedScript, loadScriptWithModules } from '../index.ts';
import { FileError, includedPath, largestFile, readRegularFile } from '../internal.ts';
import { readNamedFile, readStdin } from './read-file.ts';
import { type Streams, UsageError } from './streams.ts';

export interface ScriptOptions {
  /** A command that reads the script from stdin and prints its replacement. */
  readonly preprocessor?: string;
  /** Report features that siprest lacks as warnings. */
  readonly allowMissing?: boolean;
  /** Report constructs that OpenSIPS rejects. */
  readonly portable?: boolean;
  /** Values of `$argv(name)`. */
  readonly option?: Readonly<Record<string, string>>;
}

/**
 * Loads the script in a file, or on stdin for `-`. Includes are found as {@link includedPath} says.
 */
export async function loadScriptFile(
  path: string,
  { preprocessor, allowMissing = false, portable = false, option = {} }: ScriptOptions,
  { stdin }: Pick<Streams, 'stdin'>,
): Promise<LoadedScript> {
  const fileName = path === '-' ? 'stdin' : path;
  let text = path === '-' ? await readStdin(stdin) : readNamedFile(path);
  const room = { bytes: Math.max(largestFile - text.length, 0) };
  if (preprocessor !== undefined)
    text = await preprocess(flatten(text, fileName, { bytes: room.bytes }), preprocessor);
  // included files keep the name used in the script
  const files = new Map([[fileName, fileName]]);
  return loadScriptWithModules(text, {
    fileName,
    folder: path === '-' ? '.' : dirname(resolve(path)),
    allowMissing,
    portable,
    argv: option,
    readFile: (name, from) => {
      const file = files.get(from) ?? fileName;
      files.set(name, includedPath(name, file));
      const included = readIncluded(name, file, room);
      return preprocessor === undefined ? included : preprocessAtOnce(included, preprocessor);
    },
  });
}

/** Bytes left for a script and its includes. */
interface Room {
  bytes: number;
}

function readIncluded(name: string, from: string, room: Room): string {
  const text = readRegularFile(includedPath(name, from)).toString('latin1');
  if (text.length > room.bytes)
    throw new FileError(
      `the script has more than ${largestFile / (1024 * 1024)} MiB with all that it includes`,
    );
  room.bytes -= text.length;
  return text;
}

const deepestInclude = 20;

/**
 * The text with all includes expanded, so that a preprocessor sees one text, as in OpenSIPS (the manual's
 * Templating-Config-Files). Unreadable includes stay, and the parser reports them.
 */
function flatten(text: string, fileName: string, room: Room, depth = 0): string {
  if (depth >= deepestInclude) return text;
  return text.replace(
    /^[ \t]*(?:include_file|import_file)[ \t]+"([^"\n]+)"[ \t]*;?[ \t]*$/gm,
    (line, name: string) => {
      try {
        return flatten(readIncluded(name, fileName, room), includedPath(name, fileName), room, depth + 1);
      } catch {
        return line;
      }
    },
  );
}

/** Limits of a preprocessor's output, in bytes, and its run time, in ms. */
const mostOutput = largestFile;
const longestRun = 60_000;

/** Asynchronous, since calls continue during a reload. */
async function preprocess(text: string, command: string): Promise<string> {
  // loading it takes longer than checking a short script
  const { spawn } = process.getBuiltinModule('node:child_process');
  // its own process group, so that children of the shell end with it
  const child = spawn(command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const printed: Buffer[] = [];
  let errors = '';
  let total = 0;
  let problem: string | null = null;
  const end = (why: string) => {
    problem ??= why;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has already exited
    }
  };
  const timer = setTimeout(end, longestRun, `did not finish within ${longestRun / 1000} s`);
  child.stdout.on('data', (chunk: Buffer) => {
    total += chunk.length;
    if (total > mostOutput) end(`prints more than ${mostOutput / (1024 * 1024)} MiB`);
    else printed.push(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (errors.length < 10_000) errors += chunk;
  });
  // a command that reads nothing closes it
  child.stdin.on('error', () => undefined).end(Buffer.from(text, 'latin1'));
  const [status, signal] = await new Promise<[number | null, string | null]>((settle) => {
    child.once('error', ({ message }) => {
      problem ??= message;
      settle([null, null]);
    });
    child.once('close', (...how) => settle(how));
  });
  clearTimeout(timer);
  if (status === 0 && problem === null) return Buffer.concat(printed).toString('latin1');
  throw preprocessorFailed(command, problem ?? howEnded(status, signal), errors);
}

/** For a file included by the preprocessor's output: the parser is synchronous. */
function preprocessAtOnce(text: string, command: string): string {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, signal, stdout, stderr, error } = spawnSync(command, {
    shell: true,
    input: Buffer.from(text, 'latin1'),
    maxBuffer: mostOutput,
    timeout: longestRun,
  });
  if (status === 0) return stdout.toString('latin1');
  throw preprocessorFailed(command, error?.message ?? howEnded(status, signal), stderr?.toString() ?? '');
}

const howEnded = (status: number | null, signal: string | null) =>
  status === null ? `was ended by ${signal}` : `ended with ${status}`;

function preprocessorFailed(command: string, how: string, printed: string): UsageError {
  const [said = ''] = printed.trim().split('\n');
  return new UsageError(`the preprocessor "${command}" ${how}${said === '' ? '' : `: ${said}`}`);
}
