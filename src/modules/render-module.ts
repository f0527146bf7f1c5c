/** What a module provides, as text for a terminal. */
import type { CommandSpec, FigureDescription, Module, Run } from '../runtime/index.ts';
import {
  type ArgumentSpec,
  defaultForm,
  type EventSpec,
  type FunctionSpec,
  functionForm,
  type ParameterSpec,
  rangeForm,
  type TransformationFacts,
  transformationForms,
  typeForm,
  type VariableFacts,
  variableForm,
  zeroForm,
} from '../script/index.ts';

/** `loaded` is what the script's `loadmodule` names. */
export function renderModule(module: Module, loaded: string): string {
  const { name, summary, requires = [], inert } = module;
  const head = [
    `${name}: ${summary}`,
    '',
    ...[...requires.map((one) => `${one}.so`), loaded].map((file) => `  loadmodule "${file}"`),
    ...(inert === undefined ? [] : ['', `Without effect: ${inert}`]),
  ];
  const sections = [
    section('Parameters', module.parameters, parameter),
    section('Functions', module.functions, functionLines),
    section('Variables', module.variables, variable),
    section('Transformations', module.transformations, transformation),
    section('Events', module.events, event),
    section('Administration commands', module.commands, command),
    section('Figures', module.figures, figure),
  ];
  return `${[...head, ...sections.flat()].join('\n')}\n`;
}

function section<T>(
  title: string,
  rows: readonly T[] = [],
  lines: (row: T) => readonly string[],
): readonly string[] {
  if (rows.length === 0) return [];
  const entries = rows.map((row) => {
    const [form = '', ...rest] = lines(row);
    return [`  ${form}`, ...rest.map((line) => `      ${line}`)];
  });
  return ['', title, ...entries.flat()];
}

function parameter(row: ParameterSpec): readonly string[] {
  const { name, aliases = [], unit, summary, inert } = row;
  const value = defaultForm(row.default);
  const facts = [
    typeForm(row),
    value === null ? '' : `default ${value}${unit === undefined ? '' : ` ${unit}`}`,
    rangeForm(row),
  ].filter(Boolean);
  return [
    `${[name, ...aliases].join(', ')}: ${facts.join(', ')}`,
    summary + zeroForm(row),
    ...withoutEffect(inert),
  ];
}

function functionLines(row: FunctionSpec<Run>): readonly string[] {
  const { aliases = [], start, routes, summary, inert } = row;
  return [
    functionForm(row),
    summary,
    ...row.arguments.map(argument),
    ...(aliases.length === 0 ? [] : [`Also ${aliases.map((name) => `${name}()`).join(', ')}.`]),
    ...(start === undefined ? [] : ['May be called by async() and launch().']),
    ...(routes === undefined ? [] : [`In ${routes.join(', ')}.`]),
    ...withoutEffect(inert),
  ];
}

const argument = ({ name, type, summary, oneOf }: ArgumentSpec) =>
  `${name} (${type}): ${summary}${oneOf === undefined ? '' : ` One of ${oneOf.join(', ')}.`}`;

const variable = (row: VariableFacts): readonly string[] => [
  [variableForm(row), ...(row.aliases ?? []).map((name) => `$${name}`)].join(', ') +
    (row.writable ? ' (read, write)' : ''),
  row.summary,
];

const transformation = (row: TransformationFacts): readonly string[] => [
  transformationForms(row).join(', '),
  row.summary,
];

const event = ({ name, summary, attributes }: EventSpec): readonly string[] => [
  `event_route[${name}]`,
  summary,
  ...attributes.map((one) => `$param(${one.name}): ${one.summary}`),
];

const command = ({ name, parameters, summary }: CommandSpec): readonly string[] => [
  [name, ...parameters.map((one) => (one.optional ? `[${one.name}]` : one.name))].join(' '),
  summary,
  ...parameters.map((one) => `${one.name} (${one.type}): ${one.summary}`),
];

const figure = ({ name, kind, unit, labels = [], summary }: FigureDescription): readonly string[] => [
  `${name} (${[kind, unit, ...(labels.length === 0 ? [] : [`by ${labels.join(' and ')}`])].filter(Boolean).join(', ')})`,
  summary,
];

const withoutEffect = (inert: string | undefined) =>
  inert === undefined ? [] : [`Without effect: ${inert}`];
