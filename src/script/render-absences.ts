/** What a script uses and siprest lacks, as a list: module by module, each name once with its places. */
import type { Absence, Diagnostic } from './diagnostics.ts';
import { briefText, readableText } from './diagnostics.ts';
import type { SourceSet } from './source.ts';
import { written } from './stand-ins.ts';

export function isAbsence(diagnostic: Diagnostic): diagnostic is Diagnostic & { readonly absent: Absence } {
  return diagnostic.absent !== undefined;
}

/** Lines go on in the next one from here. */
const width = 100;

/** The lines of the list, without a heading. */
export function absenceLines(diagnostics: readonly Diagnostic[], sources: SourceSet): readonly string[] {
  const groups = new Map<string, { heading: string; names: (readonly [name: string, places: string])[] }>();
  for (const one of diagnostics.filter(isAbsence)) {
    const { kind, name, module } = one.absent;
    const group = groups.get(module) ?? { heading: heading(module), names: [] };
    groups.set(module, group);
    const places = placesOf(one, sources);
    if (kind === 'module') group.heading = `module ${briefText(name)}: ${places}`;
    else group.names.push([briefText(written[kind](name)), places]);
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

/** `2 modules and 5 names` */
export function countAbsences(diagnostics: readonly Diagnostic[]): {
  readonly modules: number;
  readonly names: number;
  /** Places where one of the names stands. */
  readonly uses: number;
} {
  const all = diagnostics.filter(isAbsence);
  const names = all.filter(({ absent }) => absent.kind !== 'module');
  const uses = names.reduce((sum, { labels = [] }) => sum + 1 + labels.length, 0);
  return { modules: all.length - names.length, names: names.length, uses };
}
