/** Modules of one's own for scripts. */
export { defineModule, moduleOf, type ScriptModule, type ScriptModuleRows } from './define-module.ts';
export { moduleProblems } from './module-problems.ts';
export { defineState, type StateDefinition, type StateScope } from './module-state.ts';
export { raiseEvent } from './raise-event.ts';
export type { EventAttributes, ScriptProcess, ScriptRun } from './script-run.ts';
