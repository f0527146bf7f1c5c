/** Looks up names that OpenSIPS documents; the table is read on first use. */
import type { DocumentedNames } from '../script/index.ts';
import { opensipsNames } from './opensips-names.ts';

let owners: ReadonlyMap<string, readonly string[]> | null = null;
let modules: ReadonlySet<string> | null = null;

function readOwners(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let module = '';
  for (const word of opensipsNames.split(/\s+/)) {
    if (word.endsWith(':')) module = word.slice(0, -1);
    else {
      const known = found.get(word);
      if (known === undefined) found.set(word, [module]);
      else known.push(module);
    }
  }
  return found;
}

function allModules(): ReadonlySet<string> {
  modules ??= new Set(
    opensipsNames.split(/\s+/).flatMap((word) => (word.endsWith(':') ? [word.slice(0, -1)] : [])),
  );
  return modules;
}

export const documentedNames: DocumentedNames = {
  hasModule: (name) => allModules().has(name),
  moduleNames: allModules,
  ownersOf(written) {
    owners ??= readOwners();
    return owners.get(written) ?? [];
  },
};
