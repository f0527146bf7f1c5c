/** The program of a trial: loads the policy or module that its argument names, and reports to its parent. */
import { runTrial } from '../loading/index.ts';

void runTrial(process.argv[2] ?? '', () => ({ definition: null, problems: [] }));
