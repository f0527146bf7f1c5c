/** Commands of the built program, in the test's own process: a start of Node takes far longer than most of them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import type * as CommandLine from '../../src/cli/command.ts';

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
}

type Program = Pick<typeof CommandLine, 'runCommand'>;

/** What src/cli/program.ts loads. */
type Bundle = (
  module: { readonly exports: object },
  require: NodeJS.Require,
  moduleUrl: (path: string) => string,
) => Program;

const dist = new URL('../../dist/', import.meta.url);

function load(): Program {
  const filename = fileURLToPath(new URL('cli/siprest.cjs', dist));
  const bundle = runInThisContext(readFileSync(filename, 'latin1'), { filename }) as Bundle;
  return bundle({ exports: {} }, createRequire(filename), (path) => new URL(path, dist).href);
}

let program: Program | null = null;

/** Runs a command that needs no process of its own: it neither serves nor waits for signals. */
export async function runBuilt(
  args: readonly string[],
  { env = {}, input = '' }: CommandOptions = {},
): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  const output = (name: keyof typeof printed) => ({
    write(data: string | Uint8Array) {
      printed[name] += typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
    },
  });
  program ??= load();
  const code = await program.runCommand(args, {
    stdin: (async function* () {
      yield Buffer.from(input);
    })(),
    stdout: output('stdout'),
    stderr: output('stderr'),
    env: { ...process.env, NO_COLOR: '1', ...env },
    signal: new AbortController().signal,
    onHangup: () => undefined,
  });
  return { code, ...printed };
}
