/** The script modules. */
export { catalog } from './catalog.ts';
export { modules } from './list.ts';
export { openClient, restFigures } from './rest-client/transfers.ts';
