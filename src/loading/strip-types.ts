/** Removes the types of a TypeScript file: they become blanks, so that every position stays. */
import { createRequire } from 'node:module';
import type * as TypeScriptRemoval from '@swc/wasm-typescript';

/** Loading it takes a quarter of a second, so it is loaded only for TypeScript. */
let removal: typeof TypeScriptRemoval | null = null;

export class TypeScriptError extends Error {
  /** Whether it is valid TypeScript that needs more than the removal of types to run. */
  readonly isNonErasable: boolean;
  /** In UTF-16 code units. */
  readonly start: number;
  readonly end: number;

  /** What to write instead, if known. */
  readonly help: string | undefined;

  constructor(message: string, isNonErasable: boolean, start: number, end: number) {
    super(isNonErasable ? `this TypeScript syntax cannot run as it is: ${message}` : message);
    this.help = isNonErasable ? instead(message) : undefined;
    this.isNonErasable = isNonErasable;
    this.start = start;
    this.end = end;
  }
}

const instead = (message: string): string | undefined =>
  message.startsWith('enum')
    ? 'use a union of strings, or an object with `as const`, instead'
    : message.startsWith('parameter property')
      ? 'declare the field, and assign it in the constructor'
      : message.startsWith('namespace')
        ? 'use a module of its own instead'
        : undefined;

/** Throws a {@link TypeScriptError}. */
export function stripTypes(text: string): string {
  const result = strip(text);
  if (typeof result === 'string') return result;
  // its columns count wide characters and tabs more than once, so they are asked for without any
  const again = strip(text.replaceAll(/[\t\v\f\u00a0\ufeff]/g, ' ').replaceAll(/[^\n\r -~]/g, 'a'));
  const { startLine, startColumn, endLine, endColumn } = typeof again === 'string' ? result : again;
  const start = offsetOf(text, startLine, startColumn);
  const end = Math.max(offsetOf(text, endLine, endColumn), start + 1);
  const isNonErasable = result.code === 'UnsupportedSyntax';
  const message = isNonErasable ? shortened(result.message) : firstLine(result.message);
  throw new TypeScriptError(message, isNonErasable, start, end);
}

function strip(text: string): string | Report {
  removal ??= createRequire(import.meta.url)('@swc/wasm-typescript') as typeof TypeScriptRemoval;
  try {
    return removal.transformSync(text, { mode: 'strip-only', module: true, deprecatedTsModuleAsError: true })
      .code;
  } catch (error) {
    if (isReport(error)) return error;
    throw error;
  }
}

interface Report {
  readonly code: string;
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

const isReport = (error: unknown): error is Report =>
  typeof error === 'object' &&
  error !== null &&
  'startLine' in error &&
  'startColumn' in error &&
  'message' in error;

/** `TypeScript enum is not supported in strip-only mode` -> `enum` */
const shortened = (message: string) =>
  message.replace(/^TypeScript /, '').replace(/ is not supported in strip-only mode$/, '');

const firstLine = (message: string) => {
  const text = message.replace(/\n[\s\S]*$/, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
};

function offsetOf(text: string, line: number, column: number): number {
  let offset = 0;
  for (let at = 1; at < line; at++) offset = text.indexOf('\n', offset) + 1;
  return Math.min(offset + column, text.length);
}
