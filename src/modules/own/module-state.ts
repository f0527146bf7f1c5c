/** State that a module of one's own keeps: for a message, a call, a worker or the process. */
import { type Host, type Request, type Run, StateKey, type Worker } from '../../runtime/index.ts';
import type { ScriptProcess, ScriptRun } from './script-run.ts';

/**
 * How long a state lives: `message` is the request, the branch or the reply that the script runs on; `call` is its
 * transaction, with all of these; `worker` runs one message at a time; `process` lives until the process ends, across reloads.
 */
export type StateScope = 'message' | 'call' | 'worker' | 'process';

/** What {@link defineState} takes. */
export interface StateDefinition<T> {
  /** How long it lives. */
  readonly per: StateScope;
  /** Its name, such as `billing.rates`. A state of the process is found again by it after a reload. */
  readonly name: string;
  /** Makes it when it is first used. */
  readonly create: () => T;
}

/** States of the process by name. */
const ofProcess = new StateKey<Host, Map<string, unknown>>('states of own modules', () => new Map());

/**
 * Defines state of a module; the result gives it for a run:
 *
 *     const attempts = defineState({ per: 'call', name: 'billing.attempts', create: () => ({ count: 0 }) });
 *     attempts(run).count++;
 *
 * A state of the process is also given for a process, which `read` of a figure gets.
 *
 * What is created at the top level of the module's file lives until the next reload.
 */
export function defineState<T>(
  definition: StateDefinition<T> & { readonly per: 'process' },
): (of: ScriptRun | ScriptProcess) => T;
export function defineState<T>(definition: StateDefinition<T>): (run: ScriptRun) => T;
export function defineState<T>({
  per,
  name,
  create,
}: StateDefinition<T>): ((run: ScriptRun) => T) | ((of: ScriptRun | ScriptProcess) => T) {
  switch (per) {
    case 'message':
    case 'call': {
      const key = new StateKey<Request, T>(name, create, { isShared: per === 'call' });
      return (run: ScriptRun) => runOf(run).state(key);
    }
    case 'worker': {
      const key = new StateKey<Worker, T>(name, create);
      return (run: ScriptRun) => runOf(run).worker.states.get(key);
    }
    case 'process':
      return (of: ScriptRun | ScriptProcess) => {
        const states = hostOf(of).states.get(ofProcess);
        if (!states.has(name)) states.set(name, create());
        return states.get(name) as T;
      };
  }
}

const hostOf = (of: ScriptRun | ScriptProcess): Host =>
  'reply' in of ? runOf(of).routing.host : (of as Host);

/** The published type of a run is a part of it. */
export const runOf = (run: ScriptRun): Run => run as Run;
