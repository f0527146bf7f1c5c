/**
 * undici, loaded when the first client is made: that takes longer than loading all of siprest, and checking a
 * script needs none of it.
 */
import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const require = createRequire(import.meta.url);
let loaded: typeof Undici | null = null;

export function engine(): typeof Undici {
  loaded ??= require('undici') as typeof Undici;
  return loaded;
}
