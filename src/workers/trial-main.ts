/** The program of a trial: loads the policy or module that its argument names, and reports to its parent. */
import { type Namespace, runTrial, type Validated } from '../loading/index.ts';
import { moduleOf, moduleProblems } from '../modules/index.ts';
import { isPolicy } from '../routing/index.ts';
import { FIGURES } from './figures.ts';
import { policyProgram, scriptFile } from './policy-program.ts';
import { StartError } from './start-error.ts';

const figureNames = new Set(FIGURES.map(({ name }) => name));

void runTrial(process.argv[2] ?? '', validate);

function validate({ default: exported }: Namespace): Validated {
  if (isPolicy(exported))
    return {
      definition: 'policy',
      script: scriptFile(exported),
      // its script is checked where it is loaded, with its modules
      problems: problemsOf(() => policyProgram(exported, null)),
    };
  const module = moduleOf(exported);
  if (module !== null)
    return {
      definition: 'module',
      problems: moduleProblems(module, figureNames).map((message) => ({ message })),
    };
  const message =
    exported === undefined
      ? 'the file has no default export'
      : 'the default export is neither a policy nor a module';
  const help = 'use export default defineServer({ ... }), or defineModule({ ... })';
  return { definition: null, problems: [{ message, help }] };
}

function problemsOf(start: () => unknown): Validated['problems'] {
  try {
    start();
    return [];
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return [{ message: error.message }];
  }
}
