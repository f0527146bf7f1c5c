/** Loads scripts with the files that they include and their own modules. */
import { includedPath, readRegularFile } from '../files/index.ts';
import type { LoadedScript } from './load-script.ts';
import { type LoadWithModulesOptions, loadScriptWithModules } from './load-with-modules.ts';

type Options = Omit<LoadWithModulesOptions, 'fileName' | 'folder' | 'readFile'>;

/** @throws FileError if the file cannot be read */
export const loadScriptIn = (file: string, options: Options = {}): Promise<LoadedScript> =>
  loadScriptText(read(file), file, options);

/** For a text that is in `file`, or would be there. */
export const loadScriptText = (text: string, file: string, options: Options = {}): Promise<LoadedScript> =>
  loadScriptWithModules(text, {
    ...options,
    fileName: file,
    readFile: (name, from) => read(includedPath(name, from)),
  });

const read = (path: string): string => readRegularFile(path).toString('latin1');
