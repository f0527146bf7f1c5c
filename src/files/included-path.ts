import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The file that `include_file "name"` means: beside the including file, else from the working directory, as in OpenSIPS. */
export function includedPath(name: string, from: string): string {
  const beside = resolve(dirname(from), name);
  return !existsSync(beside) && existsSync(name) ? resolve(name) : beside;
}
