/** Checks the global parameters, the modules and their parameters, and computes their values. */

import { didYouMean } from '../spelling/index.ts';
import type {
  LoadModuleNode,
  ModuleParameterNode,
  ScriptNode,
  SettingNode,
  SettingValueNode,
  Span,
} from './ast.ts';
import type { Catalog } from './catalog.ts';
import type { MissingNames } from './check-names.ts';
import type { DiagnosticList } from './diagnostics.ts';
import { InvalidUse } from './invalid-use.ts';
import type { ModuleSpec } from './module-spec.ts';
import type { ParameterSpec, ParameterValue, SettingSpec } from './parameter-spec.ts';
import { convertValue, type ValueFacts } from './parameter-values.ts';
import { defaultValues, type TableValues } from './table-values.ts';

const socketAddress =
  /^(?:[a-z][a-z0-9_]*:)?(?:\*|\[[0-9a-f:.%]+\]|[a-z0-9_.-]+)(?::(?:\*|[0-9]{1,5}(?:-[0-9]{1,5})?))?$/i;

/** `udp:2001:db8::1`, `udp:2001:db8:0:0:0:0:0:1:5060`: an IPv6 address without its brackets. */
const bareIpv6 = /^(?:[a-z][a-z0-9_]*:)?(?=(?:[0-9a-f]*:){2})[0-9a-f]*(?::[0-9a-f]*){2,8}$/i;

/** The values of all global parameters, with defaults filled in. */
export function checkSettings<R>(
  script: ScriptNode,
  catalog: Catalog<R>,
  tables: TableValues,
  diagnostics: DiagnosticList,
): void {
  const specs = new Map<string, SettingSpec>();
  for (const spec of catalog.settings)
    for (const name of [spec.name, ...(spec.aliases ?? [])]) specs.set(name, spec);
  const values = defaultValues(catalog.settings);
  const set = new Set<SettingSpec>();
  for (const node of script.settings) {
    const spec = specs.get(node.name.text);
    if (spec === undefined) {
      const message = `unknown global parameter "${node.name.text}"`;
      const former = Object.entries(catalog.formerSettings ?? {}).find(([name]) => name === node.name.text);
      const help =
        former === undefined ? didYouMean(node.name.text, specs.keys()) : `use ${former[1]} instead`;
      diagnostics.error('unknown-setting', node.name.span, message, help === undefined ? {} : { help });
      continue;
    }
    const value = settingValue(node, spec, diagnostics);
    if (value === undefined) continue;
    if (spec.inert !== undefined && !isDefault(spec, value)) {
      const inert = { kind: 'setting', name: node.name.text } as const;
      diagnostics.warning('inert', node.span, `${node.name.text} has no effect: ${spec.inert}`, { inert });
    }
    store(values, spec, value, set.has(spec));
    set.add(spec);
  }
  tables.set(catalog.settings, values);
}

function settingValue(
  node: SettingNode,
  spec: SettingSpec,
  diagnostics: DiagnosticList,
): number | string | boolean | undefined {
  const [option] = node.options;
  if (option?.name.text === 'use_auto_scaling_profile' && spec.name === 'udp_workers') {
    const message =
      'use_auto_scaling_profile has no effect: the number of script workers does not change while siprest runs';
    diagnostics.warning('inert', option.span, message);
  } else if (
    option !== undefined &&
    spec.type !== 'socket' &&
    spec.type !== 'any' &&
    spec.inert === undefined
  ) {
    diagnostics.error(
      'setting-value',
      option.span,
      `"${option.name.text}" is an option of sockets, not of ${node.name.text}`,
    );
  }
  if (spec.type === 'socket') {
    const text = String(node.value.value);
    if (text.length < 300 && (socketAddress.test(text) || bareIpv6.test(text))) return text;
    const help = socketHelp(text.slice(0, 300));
    diagnostics.error('setting-value', node.value.span, `invalid socket "${text}"`, { help });
    return undefined;
  }
  const wrong = spec.invalid?.(String(node.value.value)) ?? null;
  if (wrong !== null) {
    diagnostics.error('setting-value', node.value.span, `invalid ${node.name.text}: ${wrong}`);
    return undefined;
  }
  if (spec.type === 'any') return node.value.value;
  const { value } = node.value;
  if (spec.values !== undefined && !spec.values.includes(String(value))) {
    const help = didYouMean(String(value), spec.values) ?? `use one of ${spec.values.join(', ')} instead`;
    const message = `invalid value of ${node.name.text}`;
    diagnostics.error('setting-value', node.value.span, message, { help });
    return undefined;
  }
  return converted(node.value, spec, node.name.text, 'setting-value', diagnostics);
}

function socketHelp(text: string): string {
  return /[${}<>]/.test(text)
    ? 'expand templates first, with siprest check -p COMMAND, for example -p envsubst'
    : 'use PROTOCOL:ADDRESS:PORT, for example udp:127.0.0.1:5060';
}

interface Loaded<R> {
  readonly node: LoadModuleNode;
  readonly spec: ModuleSpec<R>;
}

/** Whether a path of `loadmodule` is one of TypeScript or JavaScript. */
export const isModuleFile = (path: string): boolean => /\.m?[jt]s$/.test(path);

/** The modules that the script loads and the catalog has. */
export function checkModules<R>(
  script: ScriptNode,
  catalog: Catalog<R>,
  missing: MissingNames,
  diagnostics: DiagnosticList,
): readonly Loaded<R>[] {
  const specs = new Map(catalog.modules.map((spec) => [spec.name, spec]));
  const loaded = new Map<string, Loaded<R>>();
  for (const node of script.modules) {
    const spec = specs.get(node.module);
    const earlier = loaded.get(node.module);
    if (spec === undefined && isModuleFile(node.path.text)) {
      const message = `the module "${node.path.text}" was not loaded with the script`;
      diagnostics.error('unknown-module', node.path.span, message);
    } else if (spec === undefined) absent(node.module, node.path.span, catalog, missing);
    else if (earlier !== undefined) {
      const labels = [{ span: earlier.node.span, message: 'first loaded here' }];
      diagnostics.warning('duplicate-module', node.span, `the module ${node.module} is loaded twice`, {
        labels,
      });
    } else {
      loaded.set(node.module, { node, spec });
      if (spec.inert !== undefined) {
        const message = `the module ${node.module} has no effect: ${spec.inert}`;
        const inert = { kind: 'module', name: node.module } as const;
        diagnostics.add({ code: 'inert', severity: 'note', span: node.span, message, inert });
      }
    }
  }
  for (const { node, spec } of loaded.values()) {
    for (const name of spec.requires ?? []) {
      if (loaded.has(name)) continue;
      const message = `the module ${spec.name} needs the module ${name}, which is not loaded`;
      diagnostics.error('module-not-loaded', node.span, message, { help: `add: loadmodule "${name}.so"` });
    }
  }
  return [...loaded.values()];
}

/** A module missing from the catalog: a module of OpenSIPS, an unknown one, or a typo. */
function absent<R>(name: string, span: Span, catalog: Catalog<R>, missing: MissingNames): void {
  const { documented } = catalog;
  const help = documented?.hasModule(name)
    ? undefined
    : didYouMean(
        name,
        catalog.modules.map((spec) => spec.name),
      );
  if (documented !== undefined && help === undefined) {
    // a private module may have a name similar to a known one without being a typo
    const near = documented.hasModule(name) ? undefined : didYouMean(name, documented.moduleNames());
    missing.absent({ kind: 'module', name, module: name }, span, near);
    return;
  }
  missing.add(`module ${name}`, span, () => ({
    code: 'unknown-module',
    severity: 'error',
    span,
    message: `unknown module "${name}"`,
    ...(help === undefined ? {} : { help }),
  }));
}

/** The values of the parameters of each loaded module. */
export function checkModuleParameters<R>(
  script: ScriptNode,
  catalog: Catalog<R>,
  loaded: readonly Loaded<R>[],
  tables: TableValues,
  missing: MissingNames,
  diagnostics: DiagnosticList,
): void {
  const modules = new Map(
    loaded.map(({ spec, node }) => [spec.name, new ParameterTable(spec, node, diagnostics)]),
  );
  const names = catalog.modules.map((spec) => spec.name);
  for (const node of script.moduleParameters) {
    if (node.modules.text === '') continue;
    const named = node.modules.text.split('|');
    // a modparam for several modules applies to the loaded ones
    const some = named.length > 1 && named.some((name) => modules.has(name));
    for (const name of named) {
      const table = modules.get(name);
      if (table === undefined && some) continue;
      if (table !== undefined) table.set(node);
      else if (names.includes(name)) {
        const message = `the module ${name} is not loaded`;
        diagnostics.error('module-not-loaded', node.modules.span, message, {
          help: `add: loadmodule "${name}.so"`,
        });
      } else absent(name, node.modules.span, catalog, missing);
    }
  }
  for (const table of modules.values()) table.finish(tables);
}

class ParameterTable<R> {
  readonly #spec: ModuleSpec<R>;
  readonly #node: LoadModuleNode;
  readonly #diagnostics: DiagnosticList;
  readonly #byName: ReadonlyMap<string, ParameterSpec>;
  readonly #values: Record<string, ParameterValue>;
  readonly #set = new Map<string, ModuleParameterNode>();
  #failed = false;

  constructor(spec: ModuleSpec<R>, node: LoadModuleNode, diagnostics: DiagnosticList) {
    this.#spec = spec;
    this.#node = node;
    this.#diagnostics = diagnostics;
    const parameters = spec.parameters ?? [];
    this.#byName = new Map(
      parameters.flatMap((one) => [one.name, ...(one.aliases ?? [])].map((name) => [name, one] as const)),
    );
    this.#values = defaultValues(parameters);
  }

  set(node: ModuleParameterNode): void {
    // a module without effect has no parameters to check
    if (this.#spec.inert !== undefined && this.#spec.parameters === undefined) return;
    const name = node.name.text;
    const spec = this.#byName.get(name);
    if (spec === undefined) {
      this.#failed = true;
      const message = `the module ${this.#spec.name} has no parameter "${name}"`;
      const help = didYouMean(name, this.#byName.keys());
      this.#diagnostics.error(
        'unknown-parameter',
        node.name.span,
        message,
        help === undefined ? {} : { help },
      );
      return;
    }
    const value = converted(node.value, spec, name, 'parameter-value', this.#diagnostics);
    if (value === undefined) {
      this.#failed = true;
      return;
    }
    if (spec.inert !== undefined && !isDefault(spec, value)) {
      const inert = { kind: 'parameter', name } as const;
      this.#diagnostics.warning('inert', node.span, `${name} has no effect: ${spec.inert}`, { inert });
    }
    store(this.#values, spec, value, this.#set.has(spec.name));
    this.#set.set(spec.name, node);
  }

  finish(tables: TableValues): void {
    if (this.#spec.parameters !== undefined) tables.set(this.#spec.parameters, this.#values);
    if (this.#failed || this.#spec.validate === undefined) return;
    try {
      for (const message of this.#spec.validate(this.#values)) {
        this.#diagnostics.warning('parameter-conflict', this.#spanOf(message), message);
      }
    } catch (error) {
      if (!(error instanceof InvalidUse)) throw error;
      const help = error.help === undefined ? {} : { help: error.help };
      this.#diagnostics.error('parameter-conflict', this.#spanOf(error.message), error.message, help);
    }
  }

  /** The modparam that the message names, else the loadmodule. */
  #spanOf(message: string): Span {
    for (const [name, node] of this.#set) if (new RegExp(`\\b${name}\\b`).test(message)) return node.span;
    return this.#node.span;
  }
}

function converted(
  node: SettingValueNode,
  spec: ValueFacts,
  name: string,
  code: 'setting-value' | 'parameter-value',
  diagnostics: DiagnosticList,
): number | string | boolean | undefined {
  const result = convertValue(node, spec);
  if ('value' in result) return result.value;
  diagnostics.error(code, node.span, `${name} ${result.wrong}`);
  return undefined;
}

function isDefault(
  spec: { readonly default?: unknown; readonly repeated?: boolean },
  value: unknown,
): boolean {
  return spec.default !== null && spec.default === value;
}

function store(
  values: Record<string, ParameterValue>,
  spec: { readonly name: string; readonly repeated?: boolean },
  value: number | string | boolean,
  again: boolean,
): void {
  if (spec.repeated !== true) values[spec.name] = value;
  else {
    const one = typeof value === 'boolean' ? Number(value) : value;
    const before = again ? (values[spec.name] as readonly (number | string)[]) : [];
    values[spec.name] = [...before, one];
  }
}
