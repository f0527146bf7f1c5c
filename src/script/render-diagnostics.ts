/**
 * Renders diagnostics as text: the position, the source lines with markers under the span, and a suggestion. Missing
 * features are listed at the end.
 */
import { styleText } from 'node:util';
import type { Span } from './ast.ts';
import { type Diagnostic, readableText, type Severity } from './diagnostics.ts';
import { absenceLines, absencesText, isAbsence } from './render-absences.ts';
import { inertText, isInert } from './render-inert.ts';
import { lineWithoutSecrets, withoutSecrets } from './secrets.ts';
import type { Location, SourceSet } from './source.ts';

/** How diagnostics are shown. */
export interface RenderOptions {
  /** Whether to use ANSI colours. */
  readonly color: boolean;
  /**
   * Summarizes modules and parameters without effect in one line at the end. Default: reports each with its reason.
   */
  readonly brief?: boolean;
}

type Paint = (text: string) => string;

interface Palette {
  readonly severity: Readonly<Record<Severity, Paint>>;
  readonly bold: Paint;
  readonly frame: Paint;
}

/** A span on one line of the source. */
interface Mark {
  readonly location: Location;
  /** Bytes. */
  readonly length: number;
  readonly message: string;
  readonly primary: boolean;
}

/** Longer lines are cut around the marker. */
const width = 140;
/** More related positions than this are counted, not shown. */
const shownLabels = 6;
/** Longer spans show their first two lines and the last. */
const shownLines = 4;

const painting =
  (style: Parameters<typeof styleText>[0]): Paint =>
  (text) =>
    styleText(style, text, { validateStream: false });
const unpainted: Paint = (text) => text;

const coloured: Palette = {
  severity: { error: painting('red'), warning: painting('yellow'), note: painting('cyan') },
  bold: painting('bold'),
  frame: painting('blue'),
};
const plain: Palette = {
  severity: { error: unpainted, warning: unpainted, note: unpainted },
  bold: unpainted,
  frame: unpainted,
};

/** A single text, with an empty line after each diagnostic. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: SourceSet,
  { color, brief = false }: RenderOptions,
): string {
  const palette = color ? coloured : plain;
  const texts = diagnostics
    .filter((one) => !isAbsence(one) && !(brief && isInert(one)))
    .map((one) => `${render(one, sources, palette)}\n`);
  const absences = renderAbsences(diagnostics.filter(isAbsence), sources, palette);
  if (absences !== null) texts.push(absences);
  const inert = brief ? inertText(diagnostics) : '';
  if (inert !== '') texts.push(`${palette.severity.note('note[inert]')}: ${inert}\n`);
  return texts.join('\n');
}

function renderAbsences(
  diagnostics: readonly Diagnostic[],
  sources: SourceSet,
  palette: Palette,
): string | null {
  const [first] = diagnostics;
  if (first === undefined) return null;
  const paint = palette.severity[first.severity];
  const title = `${paint(`${first.severity}[${first.code}]`)}: ${absencesText(diagnostics)} that siprest does not have`;
  return `${[palette.bold(title), ...absenceLines(diagnostics, sources)].join('\n')}\n`;
}

function render(diagnostic: Diagnostic, sources: SourceSet, palette: Palette): string {
  const { severity, code, message, span, labels = [], help } = diagnostic;
  const marks = [
    ...marksOf(sources, span, '', true),
    ...labels.slice(0, shownLabels).flatMap((one) => marksOf(sources, one.span, one.message, false)),
  ];
  const gutter = String(Math.max(...marks.map((one) => one.location.line))).length;
  const indent = ' '.repeat(gutter);
  const { frame } = palette;
  const paint = palette.severity[severity];
  const lines = [palette.bold(`${paint(`${severity}[${code}]`)}: ${withoutSecrets(message)}`)];
  for (const [index, group] of byFile(marks).entries()) {
    const at = (group.find((one) => one.primary) ?? group[0])?.location;
    if (at === undefined) continue;
    lines.push(
      `${indent}${frame(index === 0 ? '-->' : ':::')} ${readableText(at.file)}:${at.line}:${at.column}`,
    );
    lines.push(`${indent} ${frame('|')}`);
    let before: number | null = null;
    for (const one of group) {
      const { line } = one.location;
      if (before !== null && line > before + 1) lines.push(frame('...'));
      const shown = excerpt(one);
      if (line !== before)
        lines.push(`${frame(`${String(line).padStart(gutter)} |`)} ${shown.line}`.trimEnd());
      const marker = (one.primary ? '^' : '-').repeat(shown.markerWidth);
      const text = one.message === '' ? marker : `${marker} ${one.message}`;
      lines.push(
        `${indent} ${frame('|')} ${' '.repeat(shown.markerColumn)}${one.primary ? paint(text) : frame(text)}`,
      );
      before = line;
    }
  }
  for (const from of sources.includeTrail(span.start)) {
    lines.push(`${indent} ${frame('=')} included from ${readableText(from.file)}:${from.line}`);
  }
  if (labels.length > shownLabels) {
    lines.push(`${indent} ${frame('=')} and in ${labels.length - shownLabels} more places`);
  }
  if (help !== undefined)
    lines.push(`${indent} ${frame('=')} ${palette.bold('help')}: ${withoutSecrets(help)}`);
  return lines.join('\n');
}

/** One mark per shown line of the span; the message is at the last. */
function marksOf(sources: SourceSet, span: Span, message: string, primary: boolean): readonly Mark[] {
  const first = sources.locate(span.start);
  const last = sources.locate(Math.max(span.start, span.end - 1));
  const count = last.file === first.file ? last.line - first.line + 1 : 1;
  if (count === 1) {
    const rest = first.lineText.length - (first.column - 1);
    const length = Math.max(1, Math.min(span.end - span.start, rest));
    return [{ location: first, length, message, primary }];
  }
  const lines = [first];
  const upTo = count > shownLines ? 2 : count - 1;
  for (let at = sources.nextLine(span.start); lines.length < upTo; at = sources.nextLine(at)) {
    lines.push(sources.locate(at));
  }
  const marks = lines.map((line) => wholeLine(line, primary)).filter((one) => one !== null);
  const indent = last.lineText.search(/[^ \t]/);
  const from = Math.max(0, Math.min(indent, last.column - 1));
  return [
    ...marks,
    { location: { ...last, column: from + 1 }, length: last.column - from, message, primary },
  ];
}

/** From its column, or its first word, to its last; null for an empty line. */
function wholeLine(location: Location, primary: boolean): Mark | null {
  const { lineText, column } = location;
  const rest = lineText.slice(column - 1);
  const text = rest.trimStart();
  if (text === '') return null;
  const at = column + rest.length - text.length;
  return { location: { ...location, column: at }, length: text.trimEnd().length, message: '', primary };
}

/** The primary mark's file first; in each, in the order of the lines. */
function byFile(marks: readonly Mark[]): readonly (readonly Mark[])[] {
  const files = new Map<string, Mark[]>();
  for (const one of marks) {
    const group = files.get(one.location.file);
    if (group === undefined) files.set(one.location.file, [one]);
    else group.push(one);
  }
  return [...files.values()].map((group) =>
    group.toSorted((a, b) => a.location.line - b.location.line || a.location.column - b.location.column),
  );
}

interface Excerpt {
  readonly line: string;
  readonly markerColumn: number;
  readonly markerWidth: number;
}

/** The part of the line that is shown, in characters; the marker's columns are those of the characters. */
function excerpt({ location, length }: Mark): Excerpt {
  const lineText = lineWithoutSecrets(location.lineText);
  const at = location.column - 1;
  const long = lineText.length > width;
  const from = long ? characterStart(lineText, Math.max(0, at - Math.floor(width / 3))) : 0;
  const to = long ? characterStart(lineText, Math.min(lineText.length, from + width)) : lineText.length;
  const lead = from > 0 ? '...' : '';
  const tail = to < lineText.length ? '...' : '';
  const before = lead + shown(lineText.slice(from, at));
  const marked = shown(lineText.slice(at, Math.min(at + length, to)));
  const after = shown(lineText.slice(Math.min(at + length, to), to)) + tail;
  return {
    line: before + marked + after,
    markerColumn: columns(before),
    markerWidth: Math.max(1, columns(marked)),
  };
}

/** Back to the first byte of a UTF-8 character. */
function characterStart(bytes: string, index: number): number {
  let at = index;
  while (at > 0 && (bytes.charCodeAt(at) & 0xc0) === 0x80) at -= 1;
  return at;
}

function shown(bytes: string): string {
  return readableText(bytes).replace(/\t/g, '    ');
}

function columns(text: string): number {
  return [...text].length;
}
