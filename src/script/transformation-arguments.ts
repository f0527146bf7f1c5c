import type { TemplateNode, TextNode, VariableNode } from './ast.ts';
import { InvalidUse } from './invalid-use.ts';
import { trimmed } from './template.ts';
import type { TransformationArgument } from './transformation-spec.ts';

type Part = TextNode | VariableNode;

/**
 * The text after a transformation's first comma, split at commas into the arguments of its table. A last argument of
 * type `rest` takes everything that is left, including commas and spaces: `{s.select,1,,}` has the separator `,`.
 * Missing arguments are undefined; too many or too few throw {@link InvalidUse}.
 */
export function splitArguments(
  specs: readonly TransformationArgument[],
  argument: TemplateNode | null,
): readonly (TemplateNode | undefined)[] {
  const mandatory = specs.filter((spec) => !spec.optional).length;
  const pieces = argument === null ? [] : split(argument.parts, specs.length, takesRest(specs.at(-1)));
  if (pieces.length > specs.length) {
    throw new InvalidUse(
      specs.length === 0
        ? 'it takes no arguments'
        : `it takes at most ${specs.length} arguments, not ${pieces.length}`,
    );
  }
  if (pieces.length < mandatory) {
    throw new InvalidUse(
      `the argument "${specs[pieces.length]?.name ?? ''}" is missing`,
      `arguments: ${specs.map(describe).join(', ')}`,
    );
  }
  return specs.map((spec, i) => {
    const parts = pieces[i];
    if (parts === undefined || argument === null) return undefined;
    return { kind: 'template', span: argument.span, parts: takesRest(spec) ? parts : trimmed(parts) };
  });
}

const takesRest = (spec: TransformationArgument | undefined) => spec?.type === 'rest' || spec?.type === 'raw';

const describe = (spec: TransformationArgument) => (spec.optional ? `[${spec.name}]` : spec.name);

function split(parts: readonly Part[], count: number, lastTakesRest: boolean): Part[][] {
  const pieces: Part[][] = [[]];
  for (const part of parts) {
    if (part.kind === 'variable') {
      pieces.at(-1)?.push(part);
      continue;
    }
    let from = 0;
    for (;;) {
      const comma = lastTakesRest && pieces.length === count ? -1 : part.value.indexOf(',', from);
      const value = part.value.slice(from, comma < 0 ? undefined : comma);
      if (value !== '') pieces.at(-1)?.push({ ...part, value });
      if (comma < 0) break;
      pieces.push([]);
      from = comma + 1;
    }
  }
  return pieces;
}
