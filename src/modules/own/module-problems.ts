/** What is wrong with the rows of a module: TypeScript finds most of it, and JavaScript finds nothing. */
import type { Module } from '../../runtime/index.ts';
import { catalog } from '../catalog.ts';

type Row = Readonly<Record<string, unknown>>;

const argumentTypes: ReadonlySet<unknown> = new Set([
  'string',
  'raw',
  'int',
  'value',
  'variable',
  'regex',
  'substitution',
  'route',
  'static',
  'level',
]);
const parameterTypes: ReadonlySet<unknown> = new Set(['int', 'string', 'boolean', 'seconds']);
const word = /^[a-z_]\w*$/i;

/** @param figures names of siprest's own figures */
export function moduleProblems(module: Module, figures: ReadonlySet<string>): readonly string[] {
  const problems: string[] = [];
  if (typeof module.name !== 'string' || !/^\w[\w-]*$/.test(module.name))
    return ['a module needs a name of letters, digits and "_"'];
  if (catalog.modules.some(({ name }) => name === module.name))
    problems.push(`"${module.name}" is the name of a module of siprest`);
  const tables = module as unknown as Row;
  for (const kind of ['functions', 'variables', 'transformations', 'parameters', 'events', 'commands'])
    problems.push(...tableProblems(kind, tables[kind]));
  problems.push(...figureProblems(module.name, tables['figures'], figures));
  return problems;
}

function tableProblems(kind: string, table: unknown): readonly string[] {
  if (table === undefined) return [];
  if (!Array.isArray(table)) return [`${kind} must be a list`];
  const seen = new Set<unknown>();
  return (table as readonly unknown[]).flatMap((row) => {
    if (typeof row !== 'object' || row === null) return [`${kind} must be a list of rows`];
    const { name } = row as Row;
    if (typeof name !== 'string' || !/^[\w.:]+$/.test(name)) return [`a row of ${kind} needs a name`];
    const problems = rowProblems(kind, name, row as Row);
    const others: readonly { readonly name: string }[] =
      kind === 'functions' || kind === 'variables' || kind === 'transformations' ? catalog[kind] : [];
    if (others.some((one) => one.name === name))
      problems.push(`${name} of ${kind} is a name of the language itself`);
    if (seen.has(name)) problems.push(`${kind} has ${name} twice`);
    seen.add(name);
    return problems;
  });
}

function figureProblems(module: string, table: unknown, taken: ReadonlySet<string>): readonly string[] {
  const problems = tableProblems('figures', table);
  if (problems.length > 0 || table === undefined) return problems;
  return (table as readonly Row[]).flatMap((row) => {
    const name = String(row['name']);
    if (!name.startsWith(`${module}_`) || !/^[a-z]\w*$/i.test(name))
      return [`the figure ${name} must be called ${module}_ and letters, digits or "_"`];
    return taken.has(name) ? [`${name} is the name of a figure of siprest`] : [];
  });
}

function rowProblems(kind: string, name: string, row: Row): string[] {
  switch (kind) {
    case 'functions': {
      const problems = word.test(name) ? [] : [`${name}() is not a name for a function`];
      if (typeof row['run'] !== 'function' && typeof row['start'] !== 'function')
        problems.push(`${name}() needs run or start`);
      if (!Array.isArray(row['arguments'])) return [...problems, `${name}() needs arguments: [] or rows`];
      for (const argument of row['arguments'] as readonly Row[])
        if (!argumentTypes.has(argument?.['type']))
          problems.push(`${name}(): the argument ${String(argument?.['name'])} has an unknown type`);
      return problems;
    }
    case 'variables':
      return typeof row['resolve'] === 'function' ? [] : [`$${name} needs resolve`];
    case 'transformations':
      return ['apply', 'prepare', 'prepareWaiting'].some((key) => typeof row[key] === 'function')
        ? []
        : [`{${name}} needs apply or prepare`];
    case 'commands':
      return typeof row['run'] === 'function' && Array.isArray(row['parameters'])
        ? []
        : [`the command ${name} needs run, and parameters: [] or rows`];
    case 'parameters':
      return parameterTypes.has(row['type']) ? [] : [`the parameter ${name} has an unknown type`];
    case 'figures': {
      const { kind: type, bounds, labels = [] } = row;
      if (typeof row['read'] !== 'function') return [`the figure ${name} needs read`];
      if (type !== 'counter' && type !== 'gauge' && type !== 'histogram')
        return [`the figure ${name} needs a kind: counter, gauge or histogram`];
      if (type === 'histogram' ? row['unit'] !== 's' : typeof row['unit'] !== 'string')
        return [
          `the figure ${name} needs a unit: ${type === 'histogram' ? "'s'" : "'calls', or '' for none"}`,
        ];
      if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string' && word.test(label)))
        return [`the labels of the figure ${name} must be words`];
      return type !== 'histogram' || Array.isArray(bounds) ? [] : [`the figure ${name} needs bounds, in s`];
    }
    default:
      return Array.isArray(row['attributes']) ? [] : [`the event ${name} needs attributes: [] or rows`];
  }
}
