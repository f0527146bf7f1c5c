/**
 * Texts with variables that are only known at run time: for `{s.eval}`, and for arguments that contain variable
 * names.
 */
import type { Awaitable } from '../timers/index.ts';
import type { StringNode } from './ast.ts';
import type { ReadText, VariableCompiler } from './compile-variables.ts';
import { DiagnosticList } from './diagnostics.ts';
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

export function compileText<R>(variables: VariableCompiler<R>): (source: string) => CompiledText<R> | null {
  const cache = new Map<string, CompiledText<R> | null>();
  return (source) => {
    let read = cache.get(source);
    if (read !== undefined) return read;
    read = compile(variables, source);
    const oldest = cache.size >= cacheSize ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(source, read);
    return read;
  };
}

function compile<R>(variables: VariableCompiler<R>, source: string): CompiledText<R> | null {
  const node: StringNode = {
    kind: 'string',
    span: { start: 0, end: source.length },
    value: source,
    origins: [[0, 0]],
  };
  const diagnostics = new DiagnosticList();
  template(node, diagnostics);
  if (diagnostics.length > 0) return null;
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
