import { ask, CommandFailure, type ServerChoice } from './status.ts';
import type { Streams } from './streams.ts';

export interface MiOptions extends ServerChoice {
  /** Arguments are JSON where they can be read as such. */
  readonly json?: boolean;
}

/** `siprest mi COMMAND`: runs an administration command of a running server, and prints its result as JSON. */
export async function mi(
  command: string,
  args: readonly string[],
  options: MiOptions,
  { stdout, stderr, env }: Streams,
): Promise<number> {
  try {
    const result = await ask<unknown>(options, command, env, parametersOf(args, options.json === true));
    stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    stderr.write(`siprest: ${command}: ${error.message}\n`);
    return 1;
  }
}

/** Parameters by name if all arguments are `name=value`, otherwise by position. A repeated name makes a list. */
function parametersOf(
  args: readonly string[],
  isJson: boolean,
): readonly unknown[] | Readonly<Record<string, unknown>> {
  const value = (text: string) => (isJson ? jsonOf(text) : text);
  const named = args.map((arg) => /^([a-z_]\w*)=(.*)$/is.exec(arg));
  if (args.length === 0 || named.some((one) => one === null)) return args.map(value);
  const parameters: Record<string, unknown> = {};
  for (const [, name = '', text = ''] of named.filter((one) => one !== null)) {
    const before = parameters[name];
    if (Array.isArray(before)) before.push(value(text));
    else parameters[name] = before === undefined ? value(text) : [before, value(text)];
  }
  return parameters;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
