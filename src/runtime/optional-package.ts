/** Packages that siprest uses if the user has installed them. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface FoundPackage<Exports> {
  readonly exports: Exports;
  /** Loads what the package itself depends on. */
  readonly require: NodeJS.Require;
}

/** The package beside siprest, else that of the working directory; null without either. Throws if it cannot be loaded. */
export function optionalPackage<Exports>(name: string): FoundPackage<Exports> | null {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    const require = createRequire(from);
    let path: string;
    try {
      path = require.resolve(name);
    } catch {
      continue;
    }
    return { exports: require(path) as Exports, require: createRequire(path) };
  }
  return null;
}
