import { moduleOf } from '../modules/index.ts';
import type { Module } from '../runtime/index.ts';
import type { Diagnostic, SourceSet } from '../script/index.ts';
import { evaluateModules } from './evaluate-modules.ts';
import { tryDefinition } from './try-definition.ts';

/** The tables of a module of one's own; null if it has errors, or is a policy. */
export interface TriedModule {
  readonly module: Module | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceSet;
}

/** Tries a module in a process of its own, and then loads its tables into this one. */
export async function tryModule(file: string): Promise<TriedModule> {
  const { graph, definition, diagnostics, sources } = await tryDefinition(file);
  if (graph === null || definition !== 'module') return { module: null, diagnostics, sources };
  const { [file]: module } = await evaluateModules({ [file]: graph });
  return { module: moduleOf(module), diagnostics, sources };
}
