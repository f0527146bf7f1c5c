/**
 * The program behind the command line, in less time than loading its modules takes: the build writes all of them into
 * one file, `siprest.cjs`, and the code that V8 has made of it into `siprest.cache` (scripts/bundle.mjs). Code of
 * another version of V8 is refused; then the one file is compiled as it is needed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import type * as CommandLine from './command.ts';

type Program = Pick<typeof CommandLine, 'runCommand' | 'runMember'>;

/** What the file is: a function that gives the exports. `moduleUrl` says where a module of `dist/` stands by itself. */
type Bundle = (
  module: { exports: object },
  require: NodeJS.Require,
  moduleUrl: (path: string) => string,
) => Program;

export async function loadProgram(): Promise<Program> {
  const file = new URL('siprest.cjs', import.meta.url);
  const source = readIfThere(file)?.toString('latin1');
  // as after a bare `tsc`
  if (source === undefined) return import('./command.ts');
  const cachedData = codeOf(source);
  const script = new Script(source, {
    filename: fileURLToPath(file),
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const moduleUrl = (path: string) => new URL(`../${path}`, import.meta.url).href;
  return (script.runInThisContext() as Bundle)({ exports: {} }, createRequire(file), moduleUrl);
}

/** V8 compares but the length of the source, so both files begin with the same name of the build. */
const tagLength = '// build 0123456789abcdef'.length;

function codeOf(source: string): Buffer | undefined {
  const code = readIfThere(new URL('siprest.cache', import.meta.url));
  return code?.toString('latin1', 0, tagLength) === source.slice(0, tagLength)
    ? code.subarray(tagLength)
    : undefined;
}

function readIfThere(file: URL): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
