/** Applies transformations as a script writes them: `{s.substr,1,3}{s.len}`. Arguments hold no variables here. */

import { coreTransformations } from '../../../src/core/transformations/index.ts';
import type { Run } from '../../../src/runtime/run.ts';
import { toInteger, toText } from '../../../src/script/operators.ts';
import { splitArguments } from '../../../src/script/transformation-arguments.ts';
import { transformOf } from '../../../src/script/transforms.ts';
import type { Value } from '../../../src/script/values.ts';

const specs = new Map(
  coreTransformations.flatMap((spec) => [spec.name, ...(spec.aliases ?? [])].map((name) => [name, spec])),
);
const span = { start: 0, end: 0 };

/** With `late`, the arguments are known when it is used, as if each were a variable. */
export function transform(value: Value, written: string, run: Run, late = false): Value {
  return written
    .slice(1, -1)
    .split('}{')
    .reduce((input, text) => {
      const comma = text.indexOf(',');
      const argument = comma < 0 ? null : text.slice(comma + 1);
      return applyNamed(input, comma < 0 ? text : text.slice(0, comma), argument, run, late);
    }, value);
}

export function applyNamed(
  value: Value,
  name: string,
  argument: string | null,
  run: Run,
  late = false,
): Value {
  const spec = specs.get(name);
  if (spec === undefined) throw new Error(`no transformation ${name}`);
  const template =
    argument === null
      ? null
      : { kind: 'template' as const, span, parts: [{ kind: 'text' as const, span, value: argument }] };
  const args = splitArguments(spec.arguments, template).map((part, i) => {
    if (part === undefined) return undefined;
    const text = part.parts.map((piece) => (piece.kind === 'text' ? piece.value : '')).join('');
    return spec.arguments[i]?.type === 'int' ? toInteger(toText(text)) : text;
  });
  const constants = late ? args.map((arg) => (arg === undefined ? undefined : null)) : args;
  const apply =
    spec.prepareWaiting === undefined ? transformOf(spec, constants) : spec.prepareWaiting(constants);
  const output = apply(value, args, run);
  if (output instanceof Promise) throw new Error(`{${name}} waits`);
  return output;
}
