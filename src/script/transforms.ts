/** Transformations in the form that compiled scripts call: a function of the value and an argument list. */

import { toText } from './operators.ts';
import type {
  PlainTransformationSpec,
  TextTransformationSpec,
  Transform,
  TransformationValues,
} from './transformation-spec.ts';

/**
 * `constants`: the arguments known at compile time, null for the others. If an argument is null so is the result, unless
 * the row takes null.
 */
export function transformOf<R>(
  spec: TextTransformationSpec | PlainTransformationSpec<R>,
  constants: TransformationValues,
): Transform<R> {
  const transform = spec.prepare === undefined ? ofText<R>(spec) : spec.prepare(constants);
  if (spec.takesNull === true || !constants.includes(null)) return transform;
  return (value, args, run) => (args.includes(null) ? null : transform(value, args, run));
}

function ofText<R>({ apply, arguments: { length } }: TextTransformationSpec): Transform<R> {
  switch (length) {
    case 0:
      return (value) => {
        const text = toText(value);
        return text === null ? null : apply(text);
      };
    case 1:
      return (value, args) => {
        const text = toText(value);
        return text === null ? null : apply(text, args[0]);
      };
    case 2:
      return (value, args) => {
        const text = toText(value);
        return text === null ? null : apply(text, args[0], args[1]);
      };
    default:
      return (value, args) => {
        const text = toText(value);
        return text === null ? null : apply(text, ...args);
      };
  }
}
