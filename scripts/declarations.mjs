// Copies declarations with those that they refer to, however indirectly.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Tabs instead of the compiler's four spaces: a tenth of the declarations were these. */
const indented = (text) => text.replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4));

/**
 * Copies the declarations of some modules, and all that they lead to, from one folder to another.
 * @param {readonly string[]} entries their paths in the folder
 * @param {(text: string, file: string) => string} edit what becomes of each
 * @returns {ReadonlySet<string>} the copied paths
 */
export function copyDeclarations(entries, from, to, edit) {
  const copied = new Set();
  const copy = (file) => {
    if (copied.has(file)) return;
    copied.add(file);
    const text = readFileSync(join(from, file), 'utf8');
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), edit(indented(text), file));
    for (const [, path] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.(?:ts|js)['"]/g))
      copy(join(dirname(file), `${path}.d.ts`));
  };
  for (const file of entries) copy(file);
  return copied;
}
