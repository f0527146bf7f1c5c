/** The script modules. */
export { catalog } from './catalog.ts';
export { modules } from './list.ts';
export {
  datagramAddress,
  datagramParameters,
  fifoParameters,
  miHttpParameters,
  readToken,
} from './mi.ts';
export {
  defineModule,
  defineState,
  type EventAttributes,
  moduleOf,
  moduleProblems,
  raiseEvent,
  type ScriptModule,
  type ScriptModuleRows,
  type ScriptProcess,
  type ScriptRun,
  type StateDefinition,
  type StateScope,
} from './own/index.ts';
export { commandsOf } from './process-commands.ts';
export { parameters as prometheusParameters } from './prometheus/parameters.ts';
export { renderModule } from './render-module.ts';
export { restBegins, restEnded } from './rest-client/handler-rest.ts';
export { openClient, openScriptClient, restConnect } from './rest-client/transfers.ts';
export { sendOnce } from './send-once.ts';
