/** The findings of `siprest check`, independent of the output format. */
import type { DiagnosticRecord } from '../index.ts';

/** A diagnostic, or why there is none: the file is unreadable, or its preprocessor failed. */
export interface CheckRecord extends Omit<DiagnosticRecord, 'code'> {
  readonly code: DiagnosticRecord['code'] | 'unreadable-file';
}

/** The findings in one file. */
export interface CheckedFile {
  readonly file: string;
  readonly valid: boolean;
  readonly diagnostics: readonly CheckRecord[];
}
