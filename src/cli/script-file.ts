import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type LoadResult, loadScript } from '../index.ts';
import { readNamedFile, reasonOf } from './read-file.ts';
import { type Streams, UsageError } from './streams.ts';

export interface ScriptOptions {
  /** A command that gets the script's text on its stdin and gives what is read instead on its stdout. */
  readonly preprocessor?: string;
  /** What siprest lacks is a warning. */
  readonly allowMissing?: boolean;
  /** What `$argv(name)` reads. */
  readonly option?: Readonly<Record<string, string>>;
}

/** Loads the script in a file, or on stdin for `-`; a file that it includes is found beside the one that includes it. */
export async function loadScriptFile(
  path: string,
  { preprocessor, allowMissing = false, option = {} }: ScriptOptions,
  { stdin }: Pick<Streams, 'stdin'>,
): Promise<LoadResult> {
  const fileName = path === '-' ? 'stdin' : path;
  let text = path === '-' ? await readAll(stdin) : readNamedFile(path);
  if (preprocessor !== undefined) text = preprocess(flatten(text, fileName), preprocessor);
  // included files are known by the name that the script gives them
  const files = new Map([[fileName, fileName]]);
  return loadScript(text, {
    fileName,
    allowMissing,
    argv: option,
    readFile: (name, from) => {
      const file = files.get(from) ?? fileName;
      files.set(name, resolve(dirname(file), name));
      const included = readIncluded(name, file);
      return preprocessor === undefined ? included : preprocess(included, preprocessor);
    },
  });
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

function readIncluded(name: string, from: string): string {
  try {
    return readFileSync(resolve(dirname(from), name), 'latin1');
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
}

const deepestInclude = 20;

/**
 * The text with the files that it includes in the place of each include, so that a preprocessor sees one text, as
 * OpenSIPS gives it (the manual's Templating-Config-Files). What cannot be read stays: the parser says why.
 */
function flatten(text: string, fileName: string, depth = 0): string {
  if (depth >= deepestInclude) return text;
  return text.replace(
    /^[ \t]*(?:include_file|import_file)[ \t]+"([^"\n]+)"[ \t]*;?[ \t]*$/gm,
    (line, name: string) => {
      try {
        return flatten(readIncluded(name, fileName), resolve(dirname(fileName), name), depth + 1);
      } catch {
        return line;
      }
    },
  );
}

const mostOutput = 256 * 1024 * 1024;

function preprocess(text: string, command: string): string {
  // loading it takes longer than checking a short script
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, signal, stdout, stderr, error } = spawnSync(command, {
    shell: true,
    input: Buffer.from(text, 'latin1'),
    maxBuffer: mostOutput,
  });
  if (status === 0) return stdout.toString('latin1');
  const [said = ''] = (stderr?.toString() ?? '').trim().split('\n');
  const how =
    status !== null ? `ended with ${status}` : signal !== null ? `was ended by ${signal}` : error?.message;
  throw new UsageError(`the preprocessor "${command}" ${how}${said === '' ? '' : `: ${said}`}`);
}
