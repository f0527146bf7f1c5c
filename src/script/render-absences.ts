/** Lists the missing features that a script uses: by module, each name once with its positions. */
import type { Absence, Diagnostic } from './diagnostics.ts';
import { briefText, readableText } from './diagnostics.ts';
import type { SourceSet } from './source.ts';
import { written } from './stand-ins.ts';

export function isAbsence(diagnostic: Diagnostic): diagnostic is Diagnostic & { readonly absent: Absence } {
  return diagnostic.absent !== undefined;
}

/** Column at which lines are wrapped. */
const width = 100;

/** The lines of the list, without a heading. */
export function absenceLines(diagnostics: readonly Diagnostic[], sources: SourceSet): readonly string[] {
  const groups = new Map<string, { heading: string; names: (readonly [name: string, places: string])[] }>();
  for (const one of diagnostics.filter(isAbsence)) {
    const { kind, name, module } = one.absent;
    const key = kind === 'socket' ? 'sockets' : `module ${module}`;
    const group = groups.get(key) ?? { heading: kind === 'socket' ? key : heading(module), names: [] };
    groups.set(key, group);
    const places = placesOf(one, sources);
    if (kind === 'module')
      group.heading = `module ${briefText(name)}: ${places}${one.help === undefined ? '' : ` (${one.help})`}`;
    else group.names.push([briefText(kind === 'socket' ? name : written[kind](name)), places]);
  }
  const column = Math.max(
    0,
    ...[...groups.values()].flatMap(({ names }) => names.map(([name]) => name.length)),
  );
  const lines: string[] = [];
  for (const { heading: title, names } of groups.values()) {
    lines.push(...wrapped(title, '  ', '      '));
    for (const [name, places] of names) {
      lines.push(
        ...wrapped(
          `${name.padEnd(Math.min(column, 32))}  ${places}`,
          '    ',
          ' '.repeat(8 + Math.min(column, 32)),
        ),
      );
    }
  }
  return lines;
}

const heading = (module: string) => (module === 'core' ? 'core' : `of the module ${briefText(module)}`);

/** `a.cfg:3, 7; b.cfg:2` */
function placesOf({ span, labels = [] }: Diagnostic, sources: SourceSet): string {
  const files = new Map<string, Set<number>>();
  for (const { start } of [span, ...labels.map((label) => label.span)]) {
    const { file, line } = sources.locate(start);
    const lines = files.get(file);
    if (lines === undefined) files.set(file, new Set([line]));
    else lines.add(line);
  }
  return [...files].map(([file, lines]) => `${readableText(file)}:${[...lines].join(', ')}`).join('; ');
}

function wrapped(text: string, indent: string, further: string): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/(?<= )(?=\S)/)) {
    if (line.length + word.trimEnd().length > width && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = further;
    }
    line += word;
  }
  lines.push(line.trimEnd());
  return lines;
}

export function countAbsences(diagnostics: readonly Diagnostic[]): {
  readonly modules: number;
  readonly names: number;
  readonly sockets: number;
  /** Positions of the names. */
  readonly uses: number;
} {
  const all = diagnostics.filter(isAbsence);
  const count = (kind: Absence['kind']) => all.filter(({ absent }) => absent.kind === kind).length;
  const [modules, sockets] = [count('module'), count('socket')];
  const names = all.filter(({ absent }) => absent.kind !== 'module' && absent.kind !== 'socket');
  const uses = names.reduce((sum, { labels = [] }) => sum + 1 + labels.length, 0);
  return { modules, names: names.length, sockets, uses };
}

/** `2 modules, 5 names and 1 socket`; empty for none. */
export function absencesText(diagnostics: readonly Diagnostic[]): string {
  const { modules, names, sockets } = countAbsences(diagnostics);
  const parts = [
    [modules, 'module'],
    [names, 'name'],
    [sockets, 'socket'],
  ] as const;
  const texts = parts.flatMap(([count, noun]) =>
    count === 0 ? [] : `${count} ${noun}${count === 1 ? '' : 's'}`,
  );
  const last = texts.pop() ?? '';
  return texts.length === 0 ? last : `${texts.join(', ')} and ${last}`;
}
