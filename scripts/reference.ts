/**
 * Writes docs/reference/, and the options in docs/rest-client.md, from the tables that the code reads, so that no name,
 * default or unit is written twice.
 *
 *   npm run docs                           writes the pages
 *   npx tsx scripts/reference.ts --check   fails where a page differs from what would be written
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RuntimeCatalog } from '../src/core/compile-program.ts';
import { catalog } from '../src/modules/catalog.ts';
import { commandsOf } from '../src/modules/process-commands.ts';
import { builtInStatistics, processStatistics } from '../src/modules/statistics/built-in.ts';
import type { CommandSpec } from '../src/runtime/command.ts';
import type { Module } from '../src/runtime/module.ts';
import type { Run } from '../src/runtime/run.ts';
import type { FunctionSpec } from '../src/script/function-spec.ts';
import type { EventSpec, ModuleSpec } from '../src/script/module-spec.ts';
import type { ParameterSpec, SettingSpec } from '../src/script/parameter-spec.ts';
import {
  defaultForm,
  functionForm,
  rangeForm,
  transformationForms,
  typeForm,
  variableForm,
  zeroForm,
} from '../src/script/row-forms.ts';
import type { TransformationSpec } from '../src/script/transformation-spec.ts';
import type { VariableSpec } from '../src/script/variable-spec.ts';
import { FIGURES } from '../src/workers/figures.ts';
import { serverCommands } from '../src/workers/server-commands.ts';
import { TORTURE, type TortureTest } from '../test/sip/torture.ts';
import { sampleRequest } from '../test/support/sample-request.ts';
import { withOptionTable, withPolicyTables } from './rest-options.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = 'docs/reference';
const notice =
  '<!-- Written by scripts/reference.ts from the tables in src/: change them, then run `npm run docs`. -->';

// --- Markdown -------------------------------------------------------------------------------------------

/** Text in a table cell: one line, no column signs. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

const section = (title: string, body: string): string => (body === '' ? '' : `## ${title}\n\n${body}\n`);

function byName<T extends { readonly name: string }>(specs: readonly T[] | undefined): readonly T[] {
  return (specs ?? []).toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const withRemark = (summary: string, inert: string | undefined): string =>
  inert === undefined || summary.includes(inert) ? summary : `${summary} **Without effect:** ${inert}`;

/** A byte string as a script would write it. */
const bytes = (text: string): string =>
  text.replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);

// --- what the tables say --------------------------------------------------------------------------------

function functionEntry(spec: FunctionSpec<Run>): string {
  const facts = [
    spec.aliases === undefined ? '' : `Also ${spec.aliases.map((name) => code(`${name}()`)).join(', ')}.`,
    spec.start !== undefined ? 'May be called by `async()` and `launch()`.' : '',
    spec.routes === undefined ? '' : `In ${spec.routes.map((kind) => code(kind)).join(', ')}.`,
    spec.inert === undefined ? '' : `**Without effect:** ${spec.inert}`,
  ].filter(Boolean);
  const rows = spec.arguments.map((argument) => [
    code(argument.name),
    argument.optional ? `${argument.type}, optional` : argument.type,
    argument.oneOf === undefined
      ? argument.summary
      : `${argument.summary} One of ${argument.oneOf.map(code).join(', ')}.`,
  ]);
  return [
    `### ${code(functionForm(spec))}\n`,
    `${[spec.summary, ...facts].join(' ')}\n`,
    table(['argument', 'type', ''], rows),
  ]
    .filter(Boolean)
    .join('\n');
}

function defaultText(value: ParameterSpec['default'] | undefined, unit = ''): string {
  const written = defaultForm(value);
  return written === null ? 'none' : `${code(written)}${unit && ` ${unit}`}`;
}

const parameterRow = (spec: ParameterSpec): readonly string[] => [
  [spec.name, ...(spec.aliases ?? [])].map(code).join(', '),
  typeForm(spec),
  defaultText(spec.default, spec.unit),
  rangeForm(spec),
  withRemark(spec.summary + zeroForm(spec), spec.inert),
];

const settingRow = (spec: SettingSpec): readonly string[] => [
  [spec.name, ...(spec.aliases ?? [])].map(code).join(', '),
  typeForm(spec),
  defaultText(spec.default),
  rangeForm(spec),
  withRemark(spec.summary + zeroForm(spec), spec.inert),
];

/** `$rU` after `$rU = "bob";`: `bob` */
function variableExample({ example }: VariableSpec<Run>): string {
  if (example === undefined) return '';
  const { script, text, prints } = example;
  const before = script === undefined ? '' : `after ${code(script)}, `;
  return `${before}${code(text)} is ${code(prints)}`;
}

const variableRow = (spec: VariableSpec<Run>): string[] => [
  [variableForm(spec), ...(spec.aliases ?? []).map((alias) => `$${alias}`)].map(code).join(', '),
  spec.writable ? 'read, write' : 'read',
  spec.summary,
];

function transformationRow(spec: TransformationSpec<Run>): readonly string[] {
  const written = transformationForms(spec).map(code);
  if (spec.example === undefined) return [written.join(', '), spec.summary, ''];
  const [input, transformation, output] = spec.example;
  const shown = (value: typeof input): string => (value === null ? '`<null>`' : code(bytes(`${value}`)));
  return [written.join(', '), spec.summary, `${shown(input)} ${code(transformation)} gives ${shown(output)}`];
}

/** Those that exist once for each index of a list are one row: `{nameaddr.N.uri}`. */
function withoutIndexes(specs: readonly TransformationSpec<Run>[]): readonly TransformationSpec<Run>[] {
  const rows = new Map<string, TransformationSpec<Run>>();
  for (const spec of specs) {
    const index = /\.(-?\d+)\./.exec(spec.name)?.[1];
    const replaced = (text: string): string =>
      text.replaceAll(new RegExp(`(?<![\\d-])${index}(?!\\d)`, 'g'), 'N');
    const general =
      index === undefined ? spec : { ...spec, name: replaced(spec.name), summary: replaced(spec.summary) };
    const known = rows.get(general.name);
    if (known === undefined || (known.example === undefined && general.example !== undefined)) {
      rows.set(general.name, general);
    }
  }
  return [...rows.values()];
}

const variableTable = (specs: readonly VariableSpec<Run>[] | undefined): string =>
  table(['variable', '', ''], byName(specs).map(variableRow));
const coreVariableTable = (specs: readonly VariableSpec<Run>[]): string =>
  table(
    ['variable', '', '', 'example'],
    byName(specs).map((spec) => [...variableRow(spec), variableExample(spec)]),
  );
const transformationTable = (specs: readonly TransformationSpec<Run>[] | undefined): string =>
  table(['transformation', '', 'example'], byName(withoutIndexes(specs ?? [])).map(transformationRow));
const functionList = (specs: readonly FunctionSpec<Run>[] | undefined): string =>
  byName(specs).map(functionEntry).join('\n');

// --- pages ----------------------------------------------------------------------------------------------

function page(title: string, ...body: readonly string[]): string {
  const text = [`# ${title}\n`, `${notice}\n`, ...body].filter(Boolean).join('\n');
  return `${text.replace(/\n{3,}/g, '\n\n').trimEnd()}\n`;
}

const parameterHead = ['parameter', 'type', 'default', 'range', ''];

function modulePage(spec: ModuleSpec<Run>): string {
  const requires = (spec.requires ?? []).map((name) => code(`loadmodule "${name}.so"`)).join(', ');
  return page(
    `Module ${spec.name}`,
    `${withRemark(spec.summary, spec.inert)}\n`,
    requires && `Needs ${requires}.\n`,
    section('Parameters', table(parameterHead, byName(spec.parameters).map(parameterRow))),
    section('Functions', functionList(spec.functions)),
    section('Variables', variableTable(spec.variables)),
    section('Transformations', transformationTable(spec.transformations)),
    section('Events', (spec.events ?? []).map(eventEntry).join('\n')),
  );
}

/** An event, and what its event_route gets. */
const eventEntry = ({ name, summary, attributes }: EventSpec): string =>
  `### event_route[${name}]\n\n${summary}\n\n${table(
    ['attribute', ''],
    attributes.map((one) => [code(`$param(${one.name})`), one.summary]),
  )}`;

function indexPage({
  settings,
  functions,
  variables,
  transformations,
  modules,
  inertRouteKinds,
}: RuntimeCatalog): string {
  const count = (list: readonly unknown[] | undefined): string => String(list?.length || '');
  const rows = byName(modules)
    .filter((spec) => spec.inert === undefined)
    .map((spec) => [
      `[${spec.name}](modules/${spec.name}.md)`,
      count(spec.parameters),
      count(spec.functions),
      count(spec.variables),
      count(spec.transformations && withoutIndexes(spec.transformations)),
      spec.summary,
    ]);
  const inert = byName(modules)
    .filter((spec) => spec.inert !== undefined)
    .map((spec) => [code(spec.name), spec.inert ?? '']);
  const kinds = inertRouteKinds.map(code).join(', ');
  return page(
    'Script reference',
    `What a script may name. \`siprest check\` reads the same tables.\n`,
    table(
      ['page', 'entries'],
      [
        ['[Global parameters](settings.md)', count(settings)],
        ['[Core functions](functions.md)', count(functions)],
        ['[Variables](variables.md)', count(variables)],
        ['[Transformations](transformations.md)', count(withoutIndexes(transformations))],
        [
          '[Administration commands](commands.md)',
          String(serverCommands.length + commandsOf(modules).length),
        ],
        ['[Figures of a running server](figures.md)', String(FIGURES.length)],
        ['[Statistics of the server](statistics.md)', String(builtInStatistics.length)],
        ['[Torture messages](torture.md)', String(TORTURE.length)],
      ],
    ),
    section(
      'Modules',
      table(['module', 'parameters', 'functions', 'variables', 'transformations', ''], rows),
    ),
    section('Modules that are accepted without effect', table(['module', 'why'], inert)),
    kinds && section('Routes', `Route kinds that are accepted and do not run so far: ${kinds}.\n`),
  );
}

function treatmentOf({ treatment }: TortureTest): string {
  if (typeof treatment === 'object') return `answered ${treatment.answered}`;
  return treatment === 'taken' ? 'taken: the script decides' : 'dropped';
}

function torturePage(): string {
  return page(
    'The torture messages of RFC 4475',
    'What siprest does with each before a script sees it. `test/sip/torture.ts` has the messages, and a test holds each against this table.\n',
    table(
      ['section', 'message', 'about', 'treatment', ''],
      TORTURE.map((test) => [test.section, code(test.id), test.about, treatmentOf(test), test.note ?? '']),
    ),
  );
}

function figuresPage(): string {
  return page(
    'Figures',
    'What `siprest status` prints, for each process and for all together. A counter only grows, from the start of the server on; a gauge is a current value; a histogram is a distribution of times. Metrics have the same names, as [Observing a server](../observing.md) says.\n',
    table(
      ['figure', 'kind', 'unit', 'labels', ''],
      FIGURES.map(({ name, kind, unit, labels = [], summary }) => [
        code(name),
        kind,
        unit,
        labels.join(', '),
        summary,
      ]),
    ),
  );
}

function commandEntry({
  name,
  aliases = [],
  parameters,
  summary,
}: Omit<CommandSpec, 'run' | 'prepare'>): string {
  const also = aliases.length === 0 ? '' : ` Also ${aliases.map(code).join(', ')}.`;
  const rows = parameters.map((one) => [
    code(one.name),
    one.optional ? `${one.type}, optional` : one.type,
    one.oneOf === undefined ? one.summary : `${one.summary} One of ${one.oneOf.map(code).join(', ')}.`,
  ]);
  return [`### ${code(name)}\n`, `${summary}${also}\n`, table(['parameter', 'type', ''], rows)]
    .filter(Boolean)
    .join('\n');
}

function commandsPage(modules: readonly Module[]): string {
  return page(
    'Administration commands',
    'What `siprest mi` and the channels of [administration](../administration.md) take. Optional parameters come last.\n',
    section(
      'Core',
      byName([...serverCommands, ...commandsOf([])])
        .map(commandEntry)
        .join('\n'),
    ),
    ...byName(modules)
      .filter(({ commands }) => commands !== undefined)
      .map(({ name, commands }) => section(`Module ${name}`, byName(commands).map(commandEntry).join('\n'))),
  );
}

function statisticsPage(): string {
  return page(
    'Statistics',
    'What `$stat(name)` of the module [statistics](modules/statistics.md) reads of the server itself, by the names that OpenSIPS has for it: all processes together, the others as of a tenth of a second ago. `$stat(group:name)` reads any; those of the groups core, load, shmem and pkmem need no group. A counter may be set to 0 and goes on when a process is started again; the others are computed when they are asked for. What OpenSIPS documents besides (bytes that wait in sockets, fragments of memory) is null here. A process is named by its number, that of `siprest status`.\n',
    table(
      ['statistic', 'kind', ''],
      [
        ...builtInStatistics.map(({ group, name, kind, summary }) => [
          code(`${group}:${name}`),
          kind,
          summary,
        ]),
        ...processStatistics.map(({ group, name, all }) => [
          code(`${group}:${name('N')}`),
          all.kind,
          `The same as \`${all.name}\`, of process N.`,
        ]),
      ],
    ),
  );
}

function pagesOf(all: RuntimeCatalog): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', indexPage(all)],
    ['settings.md', page('Global parameters', table(parameterHead, byName(all.settings).map(settingRow)))],
    ['functions.md', page('Core functions', functionList(all.functions))],
    [
      'variables.md',
      page(
        'Variables',
        'The examples are what xlog() prints for this request:\n',
        `\`\`\`\n${sampleRequest}\`\`\`\n`,
        coreVariableTable(all.variables),
      ),
    ],
    ['transformations.md', page('Transformations', transformationTable(all.transformations))],
    ['commands.md', commandsPage(all.modules)],
    ['figures.md', figuresPage()],
    ['statistics.md', statisticsPage()],
    ['torture.md', torturePage()],
    ['../rest-policies.md', withPolicyTables(readFileSync(join(root, 'docs/rest-policies.md'), 'utf8'))],
    ['../rest-client.md', withOptionTable(readFileSync(join(root, 'docs/rest-client.md'), 'utf8'))],
    ...all.modules
      .filter((spec) => spec.inert === undefined)
      .map((spec) => [`modules/${spec.name}.md`, modulePage(spec)] as const),
  ]);
}

// --- the program ----------------------------------------------------------------------------------------

function existingPages(): readonly string[] {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
}

function differences(pages: ReadonlyMap<string, string>): readonly string[] {
  const wrong = [...pages].flatMap(([name, text]) => {
    const file = join(root, folder, name);
    return existsSync(file) && readFileSync(file, 'utf8') === text
      ? []
      : [`${folder}/${name} is out of date`];
  });
  return [
    ...wrong,
    ...existingPages()
      .filter((name) => !pages.has(name))
      .map((name) => `${folder}/${name} is of nothing any more`),
  ];
}

if (process.argv.includes('--check')) {
  const wrong = differences(pagesOf(catalog));
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) {
    console.error('run `npm run docs` and commit what it writes');
    process.exitCode = 1;
  }
} else {
  const pages = pagesOf(catalog);
  for (const name of existingPages()) if (!pages.has(name)) rmSync(join(root, folder, name));
  for (const [name, text] of pages) {
    const file = join(root, folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.log(`${pages.size} pages in ${relative(process.cwd(), join(root, folder)) || '.'}`);
}
