import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type LoadResult, loadScript } from '../index.ts';
import { UsageError } from './streams.ts';

const why: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'reading it is not permitted',
};

/** Loads the script in a file; the files that it includes are found beside it. */
export function loadScriptFile(path: string): LoadResult {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read ${path}: ${why[code] ?? message}`);
  }
  return loadScript(text, {
    fileName: path,
    readFile: (name, from) => readFileSync(resolve(dirname(from), name), 'latin1'),
  });
}
