/** What a specifier in a local file names. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { didYouMean } from '../spelling/index.ts';
import type { ImportTarget } from './code-graph.ts';
import { isInPackages } from './package-path.ts';

/** Why a specifier names nothing. */
export class ImportProblem extends Error {
  readonly code: 'unknown-import' | 'version-conflict';
  readonly help: string | undefined;

  constructor(code: ImportProblem['code'], message: string, help?: string) {
    super(message);
    this.code = code;
    this.help = help;
  }
}

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest;

/** `siprest`, `siprest/rest`, ... */
const entries = Object.keys(own.exports).map((path) => path.replace('.', 'siprest'));

/** Whether it names a part of the running siprest, wherever that is installed. */
export const isOwnEntry = (specifier: string): boolean => /^siprest(?:\/|$)/.test(specifier);

/** Throws an {@link ImportProblem}. */
export function resolveImport(specifier: string, from: string, offset: number): ImportTarget {
  if (isOwnEntry(specifier)) {
    checkOwnEntry(specifier, from);
    return { kind: 'siprest', specifier };
  }
  if (isBuiltin(specifier)) return { kind: 'package', specifier, offset };
  if (/^(?:\.{1,2}\/|\/|file:)/.test(specifier)) return localFile(specifier, from);
  if (specifier.startsWith('#')) return importsField(specifier, from, offset);
  return { kind: 'package', specifier, offset };
}

/**
 * That the running siprest has it, and that no other version is installed for `from`, the URL of a file. Throws an
 * {@link ImportProblem}.
 */
export function checkOwnEntry(specifier: string, from: string): void {
  const other = installedVersion(from);
  if (other !== null && series(other) !== series(own.version)) {
    const message = `siprest ${own.version} runs this file, but siprest ${other} is installed beside it`;
    throw new ImportProblem('version-conflict', message, `install siprest@${series(own.version)} there`);
  }
  if (!entries.includes(specifier))
    throw new ImportProblem(
      'unknown-import',
      `siprest has no "${specifier}"`,
      didYouMean(specifier, entries),
    );
}

/** Versions with the same one are compatible: the major version, and before 1.0 the minor one too. */
const series = (version: string) => /^(?:0\.\d+|\d+)/.exec(version)?.[0] ?? version;

/** The version of the siprest that the file would import in another program. */
function installedVersion(from: string): string | null {
  try {
    const file = createRequire(from).resolve('siprest/package.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as Manifest).version;
  } catch {
    return null;
  }
}

function localFile(specifier: string, from: string): ImportTarget {
  const url = new URL(specifier, from);
  const path = fileURLToPath(url);
  if (isFile(path)) return { kind: 'file', url: pathToFileURL(realpathSync(path)).href };
  throw new ImportProblem('unknown-import', `there is no file "${specifier}"`, otherFile(specifier, path));
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Names are those of the files: nothing is added, and `.js` does not stand for `.ts`. */
function otherFile(specifier: string, path: string): string | undefined {
  const stem = (text: string) => text.replace(/\.[cm]?js$/, '');
  for (const end of ['.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js'])
    if (isFile(stem(path) + end)) return `use "${stem(specifier).replace(/\/$/, '')}${end}" instead`;
  return existsSync(path) ? 'it is a directory; name a file in it' : undefined;
}

/** A name of the `imports` in package.json: a local file or a package. */
function importsField(specifier: string, from: string, offset: number): ImportTarget {
  try {
    const path = createRequire(from).resolve(specifier);
    if (!isFile(path) || isInPackages(path)) return { kind: 'package', specifier, offset };
    return { kind: 'file', url: pathToFileURL(path).href };
  } catch {
    throw new ImportProblem('unknown-import', `the "imports" of package.json do not name "${specifier}"`);
  }
}
