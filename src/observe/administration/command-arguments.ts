/** Binds the parameters of a JSON-RPC request to the rows of a command. */
import type { CommandParameter, CommandValues } from '../../runtime/index.ts';
import { RpcFailure } from './json-rpc.ts';

const invalid = (why: string) => new RpcFailure(-32_602, 'Invalid params', why);

/** Throws an {@link RpcFailure} that names the parameter and what it takes. */
export function commandArguments(rows: readonly CommandParameter[], params: unknown): CommandValues {
  const given = Array.isArray(params)
    ? byPosition(rows, params as readonly unknown[])
    : (Object.entries(params ?? {}) as readonly (readonly [string, unknown])[]);
  const values: Record<string, CommandValues[string]> = {};
  for (const [name, value] of given) {
    const row = rows.find((one) => one.name === name);
    if (row === undefined) throw invalid(`unknown parameter ${name}; ${takes(rows)}`);
    values[name] = valueOf(row, value);
  }
  const missing = rows.find(({ name, optional }) => optional !== true && values[name] === undefined);
  if (missing !== undefined) throw invalid(`missing parameter ${missing.name}; ${takes(rows)}`);
  return values;
}

function byPosition(
  rows: readonly CommandParameter[],
  values: readonly unknown[],
): readonly (readonly [string, unknown])[] {
  const last = rows.at(-1);
  // the remaining strings are the items of a final list
  const isSpread = last?.type === 'list' && values.slice(rows.length - 1).every((one) => !Array.isArray(one));
  const bound =
    isSpread && values.length >= rows.length
      ? [...values.slice(0, rows.length - 1), values.slice(rows.length - 1)]
      : values;
  if (bound.length > rows.length) throw invalid(`${bound.length} parameters are too many; ${takes(rows)}`);
  // with few values those that may be left out, although others follow, are
  const lastNeeded = rows.findLastIndex(({ optional }) => optional !== true);
  const taken = bound.length > lastNeeded ? rows : rows.filter(({ optional }) => optional !== true);
  return taken.slice(0, bound.length).map(({ name }, i) => [name, bound[i]]);
}

/** `takes level (int, optional)` */
function takes(rows: readonly CommandParameter[]): string {
  if (rows.length === 0) return 'the command takes none';
  const written = rows.map(({ name, type, optional }) => `${name} (${type}${optional ? ', optional' : ''})`);
  return `it takes ${written.join(', ')}`;
}

function valueOf(row: CommandParameter, value: unknown): CommandValues[string] {
  const { name, type, minimum = -0x8000_0000, maximum = 0x7fff_ffff, oneOf } = row;
  switch (type) {
    case 'string': {
      if (typeof value !== 'string' && typeof value !== 'number') throw invalid(`${name} must be a string`);
      const text = String(value);
      if (oneOf !== undefined && !oneOf.includes(text))
        throw invalid(`${name} must be one of ${oneOf.join(', ')}, not "${text}"`);
      return text;
    }
    case 'int': {
      // opensips-cli sends numbers as strings
      const number = typeof value === 'string' && /^[+-]?\d{1,10}$/.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isInteger(number) || number < minimum || number > maximum)
        throw invalid(`${name} must be a number from ${minimum} to ${maximum}`);
      return number;
    }
    case 'list': {
      const items = Array.isArray(value) ? (value as readonly unknown[]) : [value];
      if (!items.every((item) => typeof item === 'string' || typeof item === 'number'))
        throw invalid(`${name} must be a list of strings`);
      return items.map(String);
    }
  }
}
