/** The process of a trial: compiles and evaluates one file, and reports what was found. */
import { type Diagnostic, hasErrors, type Span } from '../script/index.ts';
import { didYouMean } from '../spelling/index.ts';
import type { CodeGraph } from './code-graph.ts';
import { type CompiledGraph, compileGraph, typeHelp } from './compile-graph.ts';
import { evaluateGraph, MissingExport, MissingPackage, type Namespace } from './evaluate-graph.ts';

/** What the default export of a file defines. */
export type Definition = 'policy' | 'module';

export interface TrialReport {
  /** Sent before its top level runs, and again with the result. */
  readonly isLast: boolean;
  readonly graph: CodeGraph | null;
  readonly definition: Definition | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** The place of its default export. */
  readonly entry: Span;
  /** The file of the script that a policy names, if any. */
  readonly script: string | null;
}

/** What is wrong with a definition. */
export interface DefinitionProblem {
  readonly message: string;
  readonly help?: string;
}

export interface Validated {
  readonly definition: Definition | null;
  /** The file of the script that a policy names. */
  readonly script?: string | null;
  readonly problems: readonly DefinitionProblem[];
}

/** Compiles, evaluates and validates a file. Ends the process afterwards. */
export async function runTrial(path: string, validate: (exported: Namespace) => Validated): Promise<void> {
  // an unhandled rejection ends the trial as it would end the server
  process.on('uncaughtException', (error) => finish({ diagnostics: [thrown(compiled, error)] }));
  const compiled = compileGraph(path);
  const { graph } = compiled;
  let isDone = false;
  const finish = (result: Partial<TrialReport>) => {
    if (!isDone) report(compiled, { ...result, isLast: true });
    isDone = true;
  };
  if (graph === null) return finish({});
  process.on('beforeExit', () => {
    const message = 'the top level waits for something that never happens';
    finish({
      diagnostics: [{ code: 'top-level', severity: 'error', span: compiled.spanOfDefault, message }],
    });
  });
  report(compiled, { isLast: false });
  let exported: Namespace;
  try {
    exported = await evaluateGraph(graph);
  } catch (error) {
    return finish({ diagnostics: [thrown(compiled, error)] });
  }
  let validated: Validated;
  try {
    validated = validate(exported);
  } catch (error) {
    return finish({ diagnostics: [thrown(compiled, error)] });
  }
  const { definition, problems, script = null } = validated;
  const span = compiled.spanOfDefault;
  const diagnostics = problems.map(
    (one): Diagnostic => ({ code: 'definition', severity: 'error', span, ...one }),
  );
  finish(hasErrors(diagnostics) ? { diagnostics } : { graph, definition, script });
}

function report(
  compiled: CompiledGraph,
  { isLast = false, graph = null, definition = null, script = null, diagnostics }: Partial<TrialReport>,
) {
  const files = compiled.sources.files.map(({ name, text }) => ({ name, text }));
  const message: TrialReport = {
    isLast,
    graph,
    definition,
    diagnostics: [...compiled.diagnostics, ...(diagnostics ?? [])],
    files,
    entry: compiled.spanOfDefault,
    script,
  };
  process.send?.(message);
}

/** An exception, in the place of the local file that it comes from. */
function thrown(compiled: CompiledGraph, error: unknown): Diagnostic {
  if (error instanceof MissingExport) {
    const { url, offset, wanted, exported, message } = error;
    const span = compiled.spanOf(url, offset, offset + wanted.length);
    const help = didYouMean(wanted, exported) ?? typeHelp(wanted);
    return { code: 'unknown-import', severity: 'error', span, message, help };
  }
  if (error instanceof MissingPackage) {
    const { url, offset, specifier, message } = error;
    const span = compiled.spanOf(url, offset, offset + specifier.length + 2);
    return { code: 'unknown-import', severity: 'error', span, message };
  }
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const [line = ''] = said.split('\n');
  const message = `the top level throws ${line.slice(0, 300)}`;
  return {
    code: 'top-level',
    severity: 'error',
    span: placeOf(compiled, error) ?? compiled.spanOfDefault,
    message,
  };
}

function placeOf(compiled: CompiledGraph, error: unknown): Span | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const local = new Set(compiled.graph?.files.map(({ url }) => url));
  for (const [, url = '', line] of stack.matchAll(/(file:\/\/[^\s():]+):(\d+):\d+/g))
    if (local.has(url)) return compiled.spanOfLine(url, Number(line));
  return null;
}
