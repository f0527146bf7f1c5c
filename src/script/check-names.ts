/** What a script names and nothing provides: one diagnostic for each name, with all places where it stands. */
import type { Span } from './ast.ts';
import type { Catalog } from './catalog.ts';
import { type Diagnostic, type DiagnosticLabel, type DiagnosticList } from './diagnostics.ts';
import { didYouMean } from './did-you-mean.ts';

export type NamedKind = 'function' | 'variable' | 'transformation';

interface Missing {
  readonly diagnostic: Diagnostic;
  readonly labels: DiagnosticLabel[];
}

const codes = {
  function: 'unknown-function',
  variable: 'unknown-variable',
  transformation: 'unknown-transformation',
} as const;

/** How names of each kind are written in a message. */
export const written: Readonly<Record<NamedKind, (name: string) => string>> = {
  function: (name) => `${name}()`,
  variable: (name) => `$${name}`,
  transformation: (name) => `{${name}}`,
};

export class MissingNames<R> {
  readonly #catalog: Catalog<R>;
  readonly #found = new Map<string, Missing>();
  /** Modules that the script loads and the catalog lacks. */
  readonly absentModules: string[] = [];

  constructor(catalog: Catalog<R>) {
    this.#catalog = catalog;
  }

  /** Notes a use; the diagnostic is made for the first. */
  add(key: string, span: Span, make: () => Diagnostic): void {
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { diagnostic: make(), labels: [] });
    else known.labels.push({ span, message: 'and here' });
  }

  named(kind: NamedKind, name: string, span: Span, known: Iterable<string>, hint?: string): void {
    this.add(`${kind} ${name}`, span, () => this.#diagnostic(kind, name, span, known, hint));
  }

  report(diagnostics: DiagnosticList): void {
    for (const { diagnostic, labels } of this.#found.values()) {
      diagnostics.add(
        labels.length === 0
          ? diagnostic
          : { ...diagnostic, labels: [...(diagnostic.labels ?? []), ...labels] },
      );
    }
  }

  #diagnostic(
    kind: NamedKind,
    name: string,
    span: Span,
    known: Iterable<string>,
    hint: string | undefined,
  ): Diagnostic {
    const write = written[kind];
    const severity = 'error';
    const owner = this.#moduleOf(kind, name);
    if (owner !== null) {
      const message = `${write(name)} belongs to the module ${owner}, which is not loaded`;
      return { code: 'module-not-loaded', severity, span, message, help: `add: loadmodule "${owner}.so"` };
    }
    const help = didYouMean(name, known, write) ?? hint ?? this.#absentHint();
    const message = `unknown ${kind} ${write(name)}`;
    return { code: codes[kind], severity, span, message, ...(help === undefined ? {} : { help }) };
  }

  #moduleOf(kind: NamedKind, name: string): string | null {
    for (const module of this.#catalog.modules) {
      const table =
        kind === 'function'
          ? module.functions
          : kind === 'variable'
            ? module.variables
            : module.transformations;
      for (const spec of table ?? []) {
        if (spec.name === name || ('aliases' in spec && spec.aliases?.includes(name))) return module.name;
      }
    }
    return null;
  }

  #absentHint(): string | undefined {
    const names = this.absentModules;
    if (names.length === 0) return undefined;
    const list = names.slice(0, 5).join(', ');
    return `it may belong to a module that is not available here: ${list}${names.length > 5 ? ', ...' : ''}`;
  }
}
