/**
 * Texts with variables that are only known at run time: for `{s.eval}`, and for arguments that contain variable
 * names.
 */
import type { Awaitable } from '../timers/index.ts';
import type { StringNode } from './ast.ts';
import type { ReadText, VariableCompiler } from './compile-variables.ts';
import { DiagnosticList } from './diagnostics.ts';
import type { VariableReference } from './function-spec.ts';
import { template } from './template.ts';
import { Waits } from './waits.ts';

export interface CompiledText<R> {
  /** Waits if a variable in the text does. */
  readonly evaluate: (run: R) => Awaitable<string>;
  /** Never waits: a transformation that would have to wait is null, with a log line. */
  readonly read: ReadText<R>;
  /** Like {@link read}, with null variables as empty text. */
  readonly fill: ReadText<R>;
}

/** The texts may come from the network, so only the most recent ones are cached. */
const cacheSize = 256;

export const compileText = <R>(
  variables: VariableCompiler<R>,
): ((source: string) => CompiledText<R> | null) => remembered((source) => compile(variables, source));

/** The same for a text that is one variable. */
export const compileVariable = <R>(
  variables: VariableCompiler<R>,
): ((source: string) => VariableReference<R> | null) =>
  remembered((source) => {
    const node = nodeOf(source);
    const [variable, more] = node === null ? [] : template(node).parts;
    if (variable?.kind !== 'variable' || more !== undefined) return null;
    try {
      return variables.reference(variable, source, new Waits<R>());
    } catch {
      return null;
    }
  });

function remembered<T>(make: (source: string) => T): (source: string) => T {
  const cache = new Map<string, { readonly made: T }>();
  return (source) => {
    const known = cache.get(source);
    if (known !== undefined) return known.made;
    const made = make(source);
    const oldest = cache.size >= cacheSize ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(source, { made });
    return made;
  };
}

/** Null for text that is invalid. */
function nodeOf(source: string): StringNode | null {
  const node: StringNode = {
    kind: 'string',
    span: { start: 0, end: source.length },
    value: source,
    origins: [[0, 0]],
  };
  const diagnostics = new DiagnosticList();
  template(node, diagnostics);
  return diagnostics.length > 0 ? null : node;
}

function compile<R>(variables: VariableCompiler<R>, source: string): CompiledText<R> | null {
  const node = nodeOf(source);
  if (node === null) return null;
  try {
    const waits = new Waits<R>();
    const read = reader(variables.text(node, waits));
    return { read, evaluate: waits.before(read), fill: reader(variables.text(node, new Waits<R>(), '')) };
  } catch {
    // the text was not checked: it may contain unknown names or invalid use
    return null;
  }
}

const reader = <R>(text: string | ReadText<R>): ReadText<R> => (typeof text === 'string' ? () => text : text);
