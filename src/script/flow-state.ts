/** The state of variables at one point of a route, as known to the analysis. */
import type { Span, VariableNode } from './ast.ts';

/** A variable set on every path to this point. */
export interface SetVariable {
  /** Position where it was set. */
  readonly at: VariableNode;
  /** Whether it holds text rather than a number. */
  readonly isText: boolean;
  /** The message variable whose unmodified value it contains, if any. */
  readonly input: VariableNode | null;
}

/** More variables than any real script has; a bound for generated scripts. */
const maxVariables = 200;

/** A statement that has set `$rc` to a meaningless value. */
export interface EmptyCode {
  readonly span: Span;
  /** `xlog()`, `this assignment` */
  readonly by: string;
}

export class FlowState {
  /** Null if `$rc` may be meaningful. */
  emptyCode: EmptyCode | null = null;
  /** By name: `var(x)`, `avp(x)`. */
  readonly variables: Map<string, SetVariable>;

  constructor(variables: ReadonlyMap<string, SetVariable> = new Map()) {
    this.variables = new Map(variables);
  }

  copy(): FlowState {
    const copy = new FlowState(this.variables);
    copy.emptyCode = this.emptyCode;
    return copy;
  }

  set(name: string, variable: SetVariable): void {
    if (this.variables.has(name) || this.variables.size < maxVariables) this.variables.set(name, variable);
  }

  /** Forgets these variables, which unknown code may have set; it may also have called functions. */
  forgetWrites(names: ReadonlySet<string> | 'any'): void {
    for (const name of names === 'any' ? [...this.variables.keys()] : names) {
      const known = this.variables.get(name);
      if (known !== undefined) this.variables.set(name, { at: known.at, isText: false, input: null });
    }
    this.forgetAvps();
    this.emptyCode = null;
  }

  /** Functions may change AVPs other than their arguments. */
  forgetAvps(): void {
    for (const name of this.variables.keys()) if (name.startsWith('avp')) this.variables.delete(name);
  }
}

/** Merges two paths; null stands for a path that does not reach this point. */
export function met(a: FlowState | null, b: FlowState | null): FlowState | null {
  if (a === null || b === null) return a ?? b;
  const both = new FlowState();
  both.emptyCode = a.emptyCode === b.emptyCode ? a.emptyCode : null;
  for (const [name, one] of a.variables) {
    const other = b.variables.get(name);
    if (other === undefined) continue;
    both.variables.set(name, {
      at: one.at,
      isText: one.isText && other.isText,
      input: one.input ?? other.input,
    });
  }
  return both;
}

/** `var(x)` for `$var(x)`; null for any other variable, and for names with variables in them. */
export function trackedName({ name, context, subname, index }: VariableNode): string | null {
  if ((name.text !== 'var' && name.text !== 'avp') || context !== null || index !== null) return null;
  const [only] = subname?.parts ?? [];
  return only?.kind === 'text' && subname?.parts.length === 1 ? `${name.text}(${only.value.trim()})` : null;
}
