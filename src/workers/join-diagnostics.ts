import type { Diagnostic, SourceSet, Span } from '../script/index.ts';

/** The same diagnostics in `into`, which gets the texts that they refer to. */
export function joinDiagnostics(
  diagnostics: readonly Diagnostic[],
  from: SourceSet,
  into: SourceSet,
): readonly Diagnostic[] {
  const bases: { readonly from: number; readonly to: number }[] = [];
  const moved = (offset: number) => {
    const { from, to } = bases.findLast((one) => one.from <= offset) ?? { from: 0, to: 0 };
    return offset - from + to;
  };
  for (const { name, text, base, includedAt } of from.files) {
    const { base: to } = into.add(name, text, includedAt === null ? null : moved(includedAt));
    bases.push({ from: base, to });
  }
  const movedSpan = ({ start, end }: Span): Span => ({ start: moved(start), end: moved(end) });
  return diagnostics.map((one) => ({
    ...one,
    span: movedSpan(one.span),
    ...(one.labels === undefined
      ? {}
      : { labels: one.labels.map((label) => ({ ...label, span: movedSpan(label.span) })) }),
  }));
}
