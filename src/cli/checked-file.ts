/** What `siprest check` found, before it is written in one of its formats. */
import type { DiagnosticRecord } from '../index.ts';

/** A diagnostic, or why there is none: the file cannot be read, or its preprocessor fails. */
export interface CheckRecord extends Omit<DiagnosticRecord, 'code'> {
  readonly code: DiagnosticRecord['code'] | 'unreadable-file';
}

/** What was found in one file. */
export interface CheckedFile {
  readonly file: string;
  readonly valid: boolean;
  readonly diagnostics: readonly CheckRecord[];
}
