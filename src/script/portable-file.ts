/** For `check --portable`: global parameters, modules and their parameters. */
import type { LoadModuleNode, ModuleParameterNode, ScriptNode, SettingNode, Span } from './ast.ts';
import type { Catalog } from './catalog.ts';
import { isModuleFile } from './check-modules.ts';
import type { ParameterSpec, SettingSpec } from './parameter-spec.ts';
import { portableWords } from './portable-forms.ts';
import type { PortableNotes } from './portable-notes.ts';

export function checkPortableFile<R>(script: ScriptNode, catalog: Catalog<R>, notes: PortableNotes): void {
  const { settings, modules, moduleParameters } = script;
  for (const node of [...settings, ...modules, ...moduleParameters])
    if (notes.endsWithSemicolon(node.span)) notes.form('semicolon', node.span);
  const specs = new Map(
    catalog.settings.flatMap((spec) =>
      [spec.name, ...(spec.aliases ?? [])].map((name) => [name, spec] as const),
    ),
  );
  for (const node of settings) setting(node, specs.get(node.name.text), catalog, notes);
  const loaded = loadedModules(modules, catalog, notes);
  for (const node of moduleParameters) moduleParameter(node, loaded, catalog, notes);
  const sockets = settings.filter(({ name }) => specs.get(name.text)?.type === 'socket');
  protocols(script, sockets, loaded, notes);
}

function setting<R>(
  { name, value, options, span }: SettingNode,
  spec: SettingSpec | undefined,
  { notPortable = {} }: Catalog<R>,
  notes: PortableNotes,
): void {
  const known = `${name.text}=`;
  if (Object.hasOwn(notPortable, known)) {
    notes.note(span, `the global parameter ${name.text}`, notPortable[known] ?? '');
    return;
  }
  const written = notes.text(value.span);
  switch (spec?.type) {
    case 'socket':
      if (value.quoted) notes.form('quoted-setting', value.span);
      else socket(written, value.span, notes);
      break;
    case 'int':
    case 'boolean':
      if (value.quoted) notes.form('quoted-setting', value.span);
      else if (/^[a-z]/i.test(written) && !portableWords.has(written)) notes.form('setting-word', value.span);
      break;
    case 'string':
      // addresses and the syslog facility need no quotes
      if (name.text === 'syslog_facility') {
        if (value.quoted) notes.form('quoted-setting', value.span);
      } else if (!value.quoted && name.text !== 'advertised_address')
        notes.form('unquoted-setting', value.span);
      break;
    default:
  }
  for (const option of options)
    if (option.name.text === 'tag' && option.value !== null && notes.isQuoted(option.value.span))
      notes.form('quoted-tag', option.value.span);
}

function socket(text: string, span: Span, notes: PortableNotes): void {
  if (!/^[a-z][a-z0-9_]*:/i.test(text) || /^[0-9a-f]*:[0-9a-f]*:/i.test(text))
    notes.form('socket-protocol', span);
  else if (!text.includes('[') && text.split(':').length > 3) notes.form('socket-ipv6', span);
  else if (text.endsWith(':*') && text.split(':').length > 2) notes.form('socket-port', span);
}

/** Where each module is first loaded. */
function loadedModules<R>(
  nodes: readonly LoadModuleNode[],
  { notPortable = {} }: Catalog<R>,
  notes: PortableNotes,
): ReadonlyMap<string, Span> {
  const loaded = new Map<string, Span>();
  for (const { module, path, span } of nodes) {
    if (isModuleFile(path.text)) {
      notes.note(span, `the module ${module}`, 'it has none in TypeScript or JavaScript');
      continue;
    }
    const known = `${module}.so`;
    if (Object.hasOwn(notPortable, known)) notes.note(span, `the module ${module}`, notPortable[known] ?? '');
    if (loaded.has(module)) notes.form('module-twice', span);
    else loaded.set(module, span);
    if (!path.text.endsWith('.so')) notes.form('module-file', path.span);
  }
  return loaded;
}

function moduleParameter<R>(
  { modules, name, value, span }: ModuleParameterNode,
  loaded: ReadonlyMap<string, Span>,
  { modules: specs, notPortable = {} }: Catalog<R>,
  notes: PortableNotes,
): void {
  for (const module of modules.text.split('|')) {
    const at = loaded.get(module);
    if (at === undefined) continue;
    if (notes.isBefore(span, at)) notes.form('parameter-before-module', span);
    const known = `${module}:${name.text}`;
    if (Object.hasOwn(notPortable, known)) {
      notes.note(name.span, `the parameter ${name.text} of ${module}`, notPortable[known] ?? '');
      continue;
    }
    const spec = specs
      .find((one) => one.name === module)
      ?.parameters?.find((one) => one.name === name.text || one.aliases?.includes(name.text) === true);
    if (spec !== undefined) parameterValue(value, spec, notes);
  }
}

function parameterValue(
  value: ModuleParameterNode['value'],
  spec: ParameterSpec,
  notes: PortableNotes,
): void {
  const written = notes.text(value.span);
  if (spec.type === 'string') {
    if (!value.quoted) notes.form('number-parameter', value.span);
  } else if (value.quoted) notes.form('quoted-number', value.span);
  else if (/^[a-z]/i.test(written) && !portableWords.has(written)) notes.form('setting-word', value.span);
}

/** Every protocol of a socket needs its module, and every protocol module a socket. */
function protocols(
  script: ScriptNode,
  sockets: readonly SettingNode[],
  loaded: ReadonlyMap<string, Span>,
  notes: PortableNotes,
): void {
  const named = new Map<string, Span>();
  for (const { value, span } of sockets) {
    const [, protocol = 'udp'] = /^([a-z][a-z0-9_]*):/i.exec(String(value.value)) ?? [];
    if (!named.has(protocol.toLowerCase())) named.set(protocol.toLowerCase(), span);
  }
  for (const [protocol, span] of named) {
    if (loaded.has(`proto_${protocol}`)) continue;
    notes.note(
      span,
      `a ${protocol.toUpperCase()} socket without the module proto_${protocol}`,
      `add: loadmodule "proto_${protocol}.so"`,
    );
  }
  for (const [module, span] of loaded) {
    const [, protocol] = /^proto_(\w+)$/.exec(module) ?? [];
    if (protocol !== undefined && !named.has(protocol)) notes.form('no-socket', span);
  }
  const [first] = script.routes;
  if (
    named.size === 0 &&
    first !== undefined &&
    ![...loaded.keys()].some((name) => name.startsWith('proto_'))
  )
    notes.form('no-protocol-module', first.head);
}
