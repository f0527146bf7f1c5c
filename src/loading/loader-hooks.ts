/**
 * Hooks of Node's module loader, for programs that Node itself loads, such as tests: files there follow the rules of
 * policies. Types are removed, and `siprest` resolves to the running version, wherever it is installed.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isTypeScript } from './code-file.ts';
import { isInPackages } from './package-path.ts';
import { checkOwnEntry, ImportProblem, isOwnEntry } from './resolve-import.ts';
import { stripTypes, TypeScriptError } from './strip-types.ts';

interface Importing {
  readonly parentURL?: string | undefined;
}

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

export async function resolve(
  specifier: string,
  context: Importing,
  next: (specifier: string, context: Importing) => Promise<Resolved>,
): Promise<Resolved> {
  if (!isOwnEntry(specifier)) return next(specifier, context);
  const { parentURL = import.meta.url } = context;
  try {
    checkOwnEntry(specifier, parentURL);
  } catch (error) {
    if (!(error instanceof ImportProblem)) throw error;
    throw new Error(withHelp(`${shown(parentURL)}: ${error.message}`, error.help), { cause: error });
  }
  // a package finds itself by its name
  return next(specifier, { ...context, parentURL: import.meta.url });
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  if (!url.startsWith('file:')) return next(url, context);
  const path = fileURLToPath(url);
  if (!isTypeScript(path) || isInPackages(path)) return next(url, context);
  const text = readFileSync(path, 'utf8');
  try {
    return { format: 'module', source: stripTypes(text), shortCircuit: true };
  } catch (error) {
    if (!(error instanceof TypeScriptError)) throw error;
    const before = text.slice(0, error.start).split('\n');
    const place = `${path}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    throw new SyntaxError(withHelp(`${place}: ${error.message}`, error.help), { cause: error });
  }
}

const shown = (url: string) => (url.startsWith('file:') ? fileURLToPath(url) : url);

const withHelp = (message: string, help: string | undefined) =>
  help === undefined ? message : `${message} (${help})`;
