/**
 * Checks a syntax tree against the tables. A script that passes compiles, and everything that it names exists at run
 * time.
 */
import type { ScriptNode, SettingNode } from './ast.ts';
import type { Catalog } from './catalog.ts';
import type { CheckRegex } from './check-arguments.ts';
import { ExpressionChecker } from './check-expressions.ts';
import { checkFlow } from './check-flow.ts';
import { checkModuleParameters, checkModules, checkSettings } from './check-modules.ts';
import { MissingNames } from './check-names.ts';
import { checkParameterRoutes, RouteTable, warnOfInertRoutes } from './check-routes.ts';
import { StatementChecker } from './check-statements.ts';
import { VariableChecker } from './check-variables.ts';
import { type Diagnostic, DiagnosticList, hasErrors } from './diagnostics.ts';
import { Lookup } from './lookup.ts';
import type { ModuleSpec } from './module-spec.ts';
import { type ParsedScript, parseScript } from './parser.ts';
import { checkPortable } from './portable.ts';
import { TableValues } from './table-values.ts';
import type { ReadFile } from './token-stream.ts';

export interface CheckOptions {
  /** The names of modules in TypeScript or JavaScript, by their paths as the script writes them. */
  readonly moduleNames?: ReadonlyMap<string, string>;
  /**
   * Returns the error in a POSIX extended regular expression, or null. If absent, regular expressions are not checked.
   */
  readonly checkRegex?: CheckRegex;
  /**
   * Suppresses errors about missing routes, because syntax errors may have removed routes from the tree. Default false.
   */
  readonly incomplete?: boolean;
  /** Also reports constructs that OpenSIPS rejects, if the script has no errors. Default false. */
  readonly portable?: boolean;
  /** Reports features that only OpenSIPS has as warnings; they fail at run time. Default false: as errors. */
  readonly allowMissing?: boolean;
}

export interface CheckedScript<R> {
  /** In the order of the source. */
  readonly diagnostics: readonly Diagnostic[];
  /** The checked values of the global parameters and of the loaded modules' parameters, with defaults filled in. */
  readonly values: TableValues;
  /** The `socket` settings with their options (`as`, `use_workers`, ...), in order. */
  readonly sockets: readonly SettingNode[];
  /** The known modules among those that the script loads, in order. */
  readonly modules: readonly ModuleSpec<R>[];
  /** Everything that the core and the loaded modules provide, for the compiler. */
  readonly lookup: Lookup<R>;
}

export function check<R>(
  script: ScriptNode,
  catalog: Catalog<R>,
  options: CheckOptions = {},
): CheckedScript<R> {
  const { moduleNames } = options;
  return checkNamed(
    moduleNames === undefined ? script : withModuleNames(script, moduleNames),
    catalog,
    options,
  );
}

const withModuleNames = (script: ScriptNode, names: ReadonlyMap<string, string>): ScriptNode => ({
  ...script,
  modules: script.modules.map((node) => ({ ...node, module: names.get(node.path.text) ?? node.module })),
});

function checkNamed<R>(script: ScriptNode, catalog: Catalog<R>, options: CheckOptions): CheckedScript<R> {
  const diagnostics = new DiagnosticList();
  const missing = new MissingNames(options.allowMissing === true);
  const values = new TableValues();
  checkSettings(script, catalog, values, diagnostics);
  const loaded = checkModules(script, catalog, missing, diagnostics);
  checkModuleParameters(script, catalog, loaded, values, missing, diagnostics);
  const lookup = new Lookup(
    catalog,
    script.modules.map(({ module }) => module),
  );
  const routes = new RouteTable(script, options.incomplete === true, diagnostics);
  for (const { spec } of loaded) for (const { name } of spec.events ?? []) routes.raises(name);
  warnOfInertRoutes(script, catalog, diagnostics);
  checkParameterRoutes(
    script,
    loaded.map(({ spec }) => spec),
    routes,
    diagnostics,
  );
  const variables = new VariableChecker(lookup, missing, diagnostics, values);
  const { checkRegex } = options;
  const expressions = new ExpressionChecker({
    lookup,
    missing,
    diagnostics,
    values,
    variables,
    routes,
    checkRegex,
  });
  const statements = new StatementChecker(expressions, variables, diagnostics);
  for (const route of script.routes) statements.route(route);
  routes.warnOfSilentEvents(catalog, diagnostics);
  missing.report(routes.silentEvents(), catalog.documented, diagnostics);
  if (options.incomplete !== true && !hasErrors(diagnostics.sorted())) checkFlow(script, lookup, diagnostics);
  const socketNames = new Set(
    catalog.settings
      .filter((spec) => spec.type === 'socket')
      .flatMap((spec) => [spec.name, ...(spec.aliases ?? [])]),
  );
  return {
    diagnostics: diagnostics.sorted(),
    values,
    sockets: script.settings.filter((node) => socketNames.has(node.name.text)),
    modules: loaded.map(({ spec }) => spec),
    lookup,
  };
}

/** The result of parsing and checking a script. */
export interface CheckedText<R> extends ParsedScript, CheckedScript<R> {
  /** Whether it has no errors and can be compiled. */
  readonly valid: boolean;
}

/** Parses and checks: all errors at once, in the order of the source. */
export function checkText<R>(
  text: string,
  fileName: string,
  catalog: Catalog<R>,
  options: CheckOptions & { readonly readFile?: ReadFile } = {},
): CheckedText<R> {
  const parsed = parseScript(text, fileName, options.readFile);
  // a missing semicolon leaves the tree complete
  const incomplete = hasErrors(parsed.diagnostics.filter(({ code }) => code !== 'missing-semicolon'));
  const checked = check(parsed.script, catalog, { ...options, incomplete });
  const extensions =
    options.portable === true && !hasErrors(parsed.diagnostics)
      ? checkPortable(parsed.script, parsed.sources, catalog)
      : [];
  const diagnostics = [...parsed.diagnostics, ...checked.diagnostics, ...extensions].toSorted(
    (a, b) => a.span.start - b.span.start,
  );
  return { ...parsed, ...checked, diagnostics, valid: !hasErrors(diagnostics) };
}
