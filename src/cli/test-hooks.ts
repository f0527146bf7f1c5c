/** Hooks of Node's module loader: types are removed from TypeScript, and `siprest` is found without being installed. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripTypes } from '../internal.ts';

interface Resolved {
  readonly url: string;
  readonly format?: string | null;
  readonly shortCircuit?: boolean;
}

interface Loaded {
  readonly format: string;
  readonly source: string;
  readonly shortCircuit: boolean;
}

/** The entries of the package, by what follows its name. */
const entries: Readonly<Record<string, string>> = {
  siprest: '../index.js',
  'siprest/rest': '../rest.js',
  'siprest/sip': '../sip.js',
  'siprest/testing': '../testing.js',
};

export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<Resolved>,
): Promise<Resolved> {
  const own = entries[specifier];
  if (own === undefined) return next(specifier, context);
  // the program that runs the tests is the one that is tested
  return { url: new URL(own, import.meta.url).href, format: 'module', shortCircuit: true };
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  if (!/^file:.*\.m?ts$/.test(url) || url.includes('/node_modules/')) return next(url, context);
  return {
    format: 'module',
    source: stripTypes(readFileSync(fileURLToPath(url), 'utf8')),
    shortCircuit: true,
  };
}
