/** The script modules. */
export { catalog } from './catalog.ts';
export { modules } from './list.ts';
export { restFigures } from './rest-client/transfers.ts';
