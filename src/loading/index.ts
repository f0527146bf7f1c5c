/** Loads policies and modules written in TypeScript or JavaScript: tried first, then evaluated in this process. */
export { isCodeFile } from './code-file.ts';
export type { CodeGraph } from './code-graph.ts';
export { type CompiledGraph, compileGraph } from './compile-graph.ts';
export { evaluateGraph, type Namespace } from './evaluate-graph.ts';
export { type TrialOptions, type TrialResult, tryCode } from './trial.ts';
export { type Definition, type DefinitionProblem, runTrial, type Validated } from './trial-process.ts';
