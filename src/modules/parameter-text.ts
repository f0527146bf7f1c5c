/** Parameters of modules that name a variable: `modparam("auth", "password_spec", "$avp(password)")`. */
import type { Run } from '../runtime/index.ts';
import type { Value } from '../script/index.ts';

/** The text of the variable; null if it has no value, or the parameter names none. */
export function textOf(run: Run, parameter: string | null): string | null {
  if (parameter === null) return null;
  const text = run.routing.script.text(parameter)?.fill(run) ?? null;
  return text === '<null>' || text === '' ? null : text;
}

/** The name of an AVP, from `$avp(name)`; null for anything else. */
export const avpName = (parameter: string | null): string | null =>
  /^\$avp\(\s*([^()\s]+)\s*\)$/.exec(parameter ?? '')?.[1] ?? null;

/** Sets the variable; does nothing if the parameter names none. */
export function setVariable(run: Run, parameter: string | null, value: Value): void {
  if (parameter === null) return;
  const variable = run.routing.script.variable(parameter);
  if (variable?.set(run, value) !== true)
    run.complain(`cannot set the variable "${parameter}" of a parameter`);
}
