import { raiseEvent as raise } from '../../engine/index.ts';
import { runOf } from './module-state.ts';
import type { EventAttributes, ScriptRun } from './script-run.ts';

/**
 * Raises an event of the module: the script's `event_route` of that name, if any, runs on a free worker, with the attributes
 * as `$param(name)`.
 */
export function raiseEvent(run: ScriptRun, event: string, attributes: EventAttributes = {}): void {
  const list = Object.entries(attributes).map(([name, value]) => ({ name, value }));
  raise(runOf(run).routing, event, list);
}
