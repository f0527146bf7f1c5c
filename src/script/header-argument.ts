/**
 * Arguments whose text goes into headers. Variables may contain input from the network, and a line break in one would
 * start another header. So only line breaks that are literal in the script are allowed.
 */
import type { StringNode } from './ast.ts';
import type { VariableCompiler } from './compile-variables.ts';
import type { Execution } from './execution.ts';
import { template, variableText } from './template.ts';
import type { Waits } from './waits.ts';

const BREAK = /[\0\r\n]/;

/**
 * Whether a value contains a line break or a NUL; a single line break at the very end terminates the header and is
 * allowed.
 */
export function breaksHeaders(value: string, isLast: boolean): boolean {
  return BREAK.test(value) && BREAK.test(isLast ? value.replace(/\r?\n$/, '') : value);
}

export function breakComplaint(name: string, variable: string): string {
  return `${name}(): refused, since ${variable} contains a line break or a NUL; add each header by a separate call`;
}

/** Reads the text; null, after logging an error, if a variable in it contains a line break or a NUL. */
export function headerArgument<R extends Execution<R>>(
  node: StringNode,
  name: string,
  variables: VariableCompiler<R>,
  waits: Waits<R>,
): (run: R) => string | null {
  const { parts } = template(node);
  const readers = variables.parts(parts, waits);
  const names = parts.map((part) => (part.kind === 'variable' ? variableText(part) : ''));
  const last = parts.length - 1;
  return (run) => {
    let text = '';
    for (let i = 0; i <= last; i++) {
      const part = readers[i] ?? '';
      if (typeof part === 'string') text += part;
      else {
        const value = part(run);
        if (breaksHeaders(value, i === last)) {
          run.complain(breakComplaint(name, names[i] ?? ''));
          return null;
        }
        text += value;
      }
    }
    return text;
  };
}
