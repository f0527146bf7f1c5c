/** Missing and unknown names in a script: one diagnostic per name, with all its positions. */

import { didYouMean, nearestNames } from '../spelling/index.ts';
import type { Span } from './ast.ts';
import type { DocumentedNames } from './catalog.ts';
import type { Absence, Diagnostic, DiagnosticLabel, DiagnosticList } from './diagnostics.ts';
import type { Lookup } from './lookup.ts';
import { type NamedKind, written } from './stand-ins.ts';

interface Missing {
  readonly diagnostic: Diagnostic;
  readonly labels: DiagnosticLabel[];
}

const codes = {
  function: 'unknown-function',
  variable: 'unknown-variable',
  transformation: 'unknown-transformation',
} as const;

/** Limits the reported names: more would not be shown, and each is compared with all known names. */
const maxUnknown = 300;

export class MissingNames {
  readonly #found = new Map<string, Missing>();
  readonly #severity: 'error' | 'warning';
  #unknown = 0;

  /** `allowed`: features missing from siprest are warnings. */
  constructor(allowed: boolean) {
    this.#severity = allowed ? 'warning' : 'error';
  }

  /** Records a use; the first one creates the diagnostic. */
  add(key: string, span: Span, make: () => Diagnostic): void {
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { diagnostic: make(), labels: [] });
    else known.labels.push({ span, message: 'and here' });
  }

  /** A use of a feature that only OpenSIPS has. */
  absent(absence: Absence & { readonly kind: NamedKind | 'module' }, span: Span, help?: string): void {
    const { kind, name, module } = absence;
    this.add(`absent ${kind} ${name}`, span, () => ({
      code: 'not-available',
      severity: this.#severity,
      span,
      message:
        kind === 'module'
          ? `siprest does not have the module ${name}`
          : `siprest has no ${written[kind](name)}${module === 'core' ? '' : `, of the module ${module}`}`,
      absent: absence,
      ...(help === undefined ? {} : { help }),
    }));
  }

  /** A use of an unknown name, or of a name whose module is not loaded. */
  unknown<R>(kind: NamedKind, name: string, span: Span, lookup: Lookup<R>): void {
    const key = `${kind} ${name}`;
    if (!this.#found.has(key) && this.#unknown++ >= maxUnknown) return;
    this.add(key, span, () => unknownName(kind, name, span, lookup));
  }

  /** `events`: those that an event_route waits for and that no module of the catalog raises. */
  report(
    events: readonly string[],
    documented: DocumentedNames | undefined,
    diagnostics: DiagnosticList,
  ): void {
    const isUsed = this.#usedModules(events, documented);
    for (const { diagnostic, labels } of this.#found.values()) {
      const { absent } = diagnostic;
      if (absent?.kind === 'module' && !isUsed(absent.name))
        diagnostics.add(unusedModule(absent.name, diagnostic));
      else
        diagnostics.add(
          labels.length === 0
            ? diagnostic
            : { ...diagnostic, labels: [...(diagnostic.labels ?? []), ...labels] },
        );
    }
  }

  /**
   * Whether the script uses a name that a missing module provides. A name that nobody documents may belong to any of
   * the modules that nobody documents.
   */
  #usedModules(
    events: readonly string[],
    documented: DocumentedNames | undefined,
  ): (module: string) => boolean {
    const used = new Set(events.flatMap((event) => documented?.ownersOf(event) ?? []));
    let usesStrangers = false;
    for (const { diagnostic } of this.#found.values()) {
      const { absent } = diagnostic;
      if (absent === undefined || absent.kind === 'module' || absent.kind === 'socket') continue;
      used.add(absent.module);
      const owners = documented?.ownersOf(written[absent.kind](absent.name)) ?? [];
      for (const owner of owners) used.add(owner);
      if (documented?.hasModule(absent.module) === false) usesStrangers = true;
    }
    return (module) => used.has(module) || (usesStrangers && documented?.hasModule(module) === false);
  }
}

/** A module that siprest lacks and from which the script calls, reads and awaits nothing. */
function unusedModule(name: string, { span, help }: Diagnostic): Diagnostic {
  const message = `the module ${name} has no effect: siprest does not have it, and the script uses none of its functions, variables and events`;
  const unused: Diagnostic = { code: 'inert', severity: 'warning', span, message };
  // what may be a typo is not summed up with other modules that have no effect
  return help === undefined ? { ...unused, inert: { kind: 'module', name } } : { ...unused, help };
}

function unknownName<R>(kind: NamedKind, name: string, span: Span, lookup: Lookup<R>): Diagnostic {
  const write = written[kind];
  const severity = 'error';
  const owner = lookup.unloadedOwner(kind, name);
  if (owner !== null) {
    const message = `${write(name)} belongs to the module ${owner}, which is not loaded`;
    return { code: 'module-not-loaded', severity, span, message, help: `add: loadmodule "${owner}.so"` };
  }
  if (kind === 'variable' && name.toLowerCase() === 'null') {
    const message = `unknown variable ${write(name)}`;
    return { code: 'unknown-variable', severity, span, message, help: 'use NULL instead' };
  }
  const prefix = kind === 'variable' ? lookup.variablePrefix(name) : null;
  const hint =
    prefix === null ? undefined : `use $(${prefix})${name.slice(prefix.length)} if text follows the variable`;
  const names = lookup[`${kind}s`];
  const longer = kind === 'transformation' ? longerName(name, names.keys()) : undefined;
  const help =
    didYouMean(name, names.keys(), write) ??
    (longer && `did you mean ${write(longer)}?`) ??
    hint ??
    nearUnloaded(kind, name, lookup);
  const message = `unknown ${kind} ${write(name)}`;
  return { code: codes[kind], severity, span, message, ...(help === undefined ? {} : { help }) };
}

/** `s.toupper` for `s.uper`: the letters in their order, with up to three more. */
function longerName(name: string, names: Iterable<string>): string | undefined {
  const [, scope, word] = /^(\w+\.)(\w{3,20})$/.exec(name) ?? [];
  if (scope === undefined || word === undefined) return undefined;
  const letters = new RegExp(`^${[...word].join('\\w*')}\\w*$`);
  for (const one of names) {
    const rest = one.slice(scope.length);
    if (!one.startsWith(scope) || rest.length > word.length + 3) continue;
    if (letters.test(rest.slice(Math.max(0, rest.indexOf(word[0] ?? ''))))) return one;
  }
  return undefined;
}

/** `did you mean send_reply(), of the module signaling? It is not loaded` */
function nearUnloaded<R>(kind: NamedKind, name: string, lookup: Lookup<R>): string | undefined {
  const owners = lookup.unloaded(kind);
  const [nearest] = nearestNames(name, owners.keys());
  if (nearest === undefined) return undefined;
  const module = owners.get(nearest) ?? '';
  return `did you mean ${written[kind](nearest)}? It belongs to the module ${module}, which is not loaded`;
}
