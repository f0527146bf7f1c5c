/**
 * Arguments whose text goes into headers. Values of variables may come from the network: a line break in one would
 * end the header and begin another, so only line breaks written between the variables in the script are allowed.
 */
import type { StringNode } from './ast.ts';
import type { VariableCompiler } from './compile-variables.ts';
import type { Execution } from './execution.ts';
import { template, variableText } from './template.ts';
import type { Waits } from './waits.ts';

const BREAK = /[\0\r\n]/;

/** Whether a value holds a line break or a NUL; one line break at the very end of the text is the header's own. */
export function breaksHeaders(value: string, isLast: boolean): boolean {
  return BREAK.test(value) && BREAK.test(isLast ? value.replace(/\r?\n$/, '') : value);
}

export function breakComplaint(name: string, variable: string): string {
  return `${name}(): refused, since ${variable} has a line break or a NUL in it: headers end where the script says so, write one call for each`;
}

/** Reads the text; null, with a log line, if a variable in it contains a line break or a NUL. */
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
