/** The findings of `check --portable`, and the script's text for what the tree does not contain. */
import type { Span } from './ast.ts';
import { DiagnosticList } from './diagnostics.ts';
import { type FormName, forms } from './portable-forms.ts';
import type { SourceSet } from './source.ts';

export class PortableNotes {
  readonly diagnostics = new DiagnosticList();
  readonly #sources: SourceSet;

  constructor(sources: SourceSet) {
    this.#sources = sources;
  }

  form(name: FormName, span: Span): void {
    this.note(span, forms[name].what, forms[name].help);
  }

  note(span: Span, what: string, help: string): void {
    this.diagnostics.warning('not-portable', span, `OpenSIPS rejects ${what}`, { help });
  }

  text({ start, end }: Span): string {
    const { base, text } = this.#sources.fileAt(start);
    return text.slice(start - base, end - base);
  }

  /** The text without comments between two places of one file. */
  between(start: number, end: number): string {
    return this.text({ start, end }).replace(/\/\*[^]*?\*\/|#[^\n]*|\/\/[^\n]*/g, '');
  }

  isQuoted({ start }: Span): boolean {
    return /^["']/.test(this.text({ start, end: start + 1 }));
  }

  /** Whether a `;` follows. */
  endsWithSemicolon({ end }: Span): boolean {
    const { base, text } = this.#sources.fileAt(Math.max(0, end - 1));
    return /^(?:\s|#[^\n]*)*;/.test(text.slice(end - base, end - base + 200));
  }

  /** Whether `first` is read before `second`, in the order of includes. */
  isBefore(first: Span, second: Span): boolean {
    const [a, b] = [this.#order(first.start), this.#order(second.start)];
    for (const [i, offset] of a.entries()) {
      const other = b[i];
      if (other === undefined || offset !== other) return other === undefined || offset < other;
    }
    return true;
  }

  /** The positions of the includes that lead to a position, outermost first, then itself. */
  #order(offset: number): readonly number[] {
    const { includedAt } = this.#sources.fileAt(offset);
    return includedAt === null ? [offset] : [...this.#order(includedAt), offset];
  }
}
