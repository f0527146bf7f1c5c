/** Diagnostics as plain data for editors and other programs: positions instead of spans. */
import type { Span } from './ast.ts';
import type { Absence, Diagnostic, DiagnosticCode, Severity } from './diagnostics.ts';
import { readableText } from './diagnostics.ts';
import { withoutSecrets } from './secrets.ts';
import type { SourceSet } from './source.ts';

/** Start and exclusive end; lines and columns count from 1, columns in bytes. */
export interface Place {
  /** The name of the file. */
  readonly file: string;
  /** Position of the first byte. */
  readonly line: number;
  /** Position of the first byte. */
  readonly column: number;
  /** Of the end. */
  readonly endLine: number;
  /** Of the end, exclusive. */
  readonly endColumn: number;
}

/** A related position. */
export interface LabelRecord extends Place {
  /** A description of this position. */
  readonly message: string;
}

/** An `include_file`. */
export interface IncludeRecord {
  /** The file that contains it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A diagnostic as plain data. */
export interface DiagnosticRecord extends Place {
  /** How serious it is. */
  readonly severity: Severity;
  /** Its kind. */
  readonly code: DiagnosticCode;
  /** One line, without a full stop. */
  readonly message: string;
  /** A suggestion, or null. */
  readonly help: string | null;
  /** Related positions. */
  readonly labels: readonly LabelRecord[];
  /** The `include_file` lines that led to the file, innermost first. */
  readonly includedFrom: readonly IncludeRecord[];
  /**
   * For the code `not-available`: what siprest lacks, and the module that has it (`core` if it belongs to no module).
   */
  readonly absent: Absence | null;
}

/** Diagnostics as plain data, without secrets. */
export function diagnosticRecords(
  diagnostics: readonly Diagnostic[],
  sources: SourceSet,
): readonly DiagnosticRecord[] {
  return diagnostics.map(({ severity, code, message, span, help, labels = [], absent }) => ({
    ...placeOf(span, sources),
    severity,
    code,
    message: withoutSecrets(message),
    help: help === undefined ? null : withoutSecrets(help),
    labels: labels.map((label) => ({
      ...placeOf(label.span, sources),
      message: withoutSecrets(label.message),
    })),
    includedFrom: sources
      .includeTrail(span.start)
      .map(({ file, line }) => ({ file: readableText(file), line })),
    absent: absent ?? null,
  }));
}

function placeOf({ start, end }: Span, sources: SourceSet): Place {
  const from = sources.locate(start);
  const to = sources.locate(end);
  // the end is in the same file; for an empty span it is the start
  const last = to.file === from.file ? to : from;
  return {
    file: readableText(from.file),
    line: from.line,
    column: from.column,
    endLine: last.line,
    endColumn: last.column,
  };
}
