/** The script modules. */
export { catalog } from './catalog.ts';
export { modules } from './list.ts';
export { openClient, openScriptClient, restConnect, restFigures } from './rest-client/transfers.ts';
