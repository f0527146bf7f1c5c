/** What a pass over a route knows at one place of it. */
import type { Span, VariableNode } from './ast.ts';

/** A variable that has been set on every way to here. */
export interface SetVariable {
  /** Where it was set. */
  readonly at: VariableNode;
  /** It holds text, not a number. */
  readonly isText: boolean;
  /** The variable of the message that is in it as it was received, if any. */
  readonly input: VariableNode | null;
}

/** More variables than a script has; a bound for generated ones. */
const maxVariables = 200;

/** A statement that has set `$rc` to a value that says nothing. */
export interface EmptyCode {
  readonly span: Span;
  /** `xlog()`, `this assignment` */
  readonly by: string;
}

export class FlowState {
  /** Null where `$rc` may say something. */
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

  /** These variables may have been set elsewhere, by code that has also run functions. */
  forgetWrites(names: ReadonlySet<string> | 'any'): void {
    for (const name of names === 'any' ? [...this.variables.keys()] : names) {
      const known = this.variables.get(name);
      if (known !== undefined) this.variables.set(name, { at: known.at, isText: false, input: null });
    }
    this.forgetAvps();
    this.emptyCode = null;
  }

  /** Functions may change AVPs that they do not name. */
  forgetAvps(): void {
    for (const name of this.variables.keys()) if (name.startsWith('avp')) this.variables.delete(name);
  }
}

/** Where two ways meet; null for one that does not get there. */
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
