/** Evaluates the modules of a script, which were tried before, in this process. */
import type { CodeGraph } from '../loading/index.ts';
import { moduleOf, type ScriptModule } from '../modules/index.ts';
import { evaluateInTime } from './evaluate-in-time.ts';
import { StartError } from './start-error.ts';

/** By their paths in the script. Rejects with a {@link StartError}. */
export async function evaluateModules(
  graphs: Readonly<Record<string, CodeGraph>>,
): Promise<Readonly<Record<string, ScriptModule>>> {
  const modules: Record<string, ScriptModule> = {};
  for (const [path, graph] of Object.entries(graphs)) {
    const { default: module } = await evaluateInTime(graph);
    if (moduleOf(module) === null) throw new StartError(`${path} defines no module in this process`);
    modules[path] = module as ScriptModule;
  }
  return modules;
}
