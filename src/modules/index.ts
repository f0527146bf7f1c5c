/** The script modules. */
export { catalog } from './catalog.ts';
export { modules } from './list.ts';
export { openClient, restConnect, restFigures } from './rest-client/transfers.ts';
