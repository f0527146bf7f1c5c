/** Errors in a script: one value each, found by the lexer, the parser or the checker. */
import type { Span } from './ast.ts';

/** Only an error keeps a script from running. */
export type Severity = 'error' | 'warning' | 'note';

/**
 * The kinds of errors. A code is stable: documentation and editors refer to it. The text describes the code; the
 * message of a diagnostic describes the specific case.
 */
export const diagnosticCodes = {
  // the text itself
  'unexpected-character': 'a character that the language does not use',
  'unterminated-string': 'a string whose closing quote is missing',
  'unterminated-comment': 'a comment whose `*/` is missing',
  'number-range': 'a number that does not fit in 32 bits',
  'include-failed': 'a file that cannot be included',
  // variables and strings with variables
  'bad-variable': 'an invalid variable',
  'lone-dollar': 'a `$` in a string that does not begin a variable',
  'unknown-variable': 'an unknown variable',
  'invalid-variable-use': 'a name in (…) or an index in […] that the variable does not support',
  'read-only-variable': 'a variable that cannot be set',
  'bad-transformation': 'an invalid transformation',
  'unknown-transformation': 'an unknown transformation',
  'transformation-arguments': 'the wrong number or kind of arguments of a transformation',
  // structure
  syntax: 'a syntax error',
  'missing-semicolon': 'a statement without its `;`',
  'unclosed-block': 'a `{` without its `}`',
  'unclosed-parenthesis': 'a `(` or `[` without its counterpart',
  'unmatched-brace': 'a `}` without its `{`',
  'assignment-in-condition': '`=` instead of a comparison',
  'bare-word': 'a word that is not a variable, call or string',
  'statement-outside-route': 'a statement outside all routes',
  'nested-too-deeply': 'blocks, parentheses or variables nested beyond the limit',
  'too-many-errors': 'more errors than are shown',
  // the file's settings and modules
  'unknown-setting': 'an unknown global parameter',
  'setting-value': 'an invalid value of a global parameter',
  'unknown-module': 'an unknown module',
  'module-not-loaded': 'a required module that is not loaded',
  'duplicate-module': 'a module that is loaded twice',
  'unknown-parameter': 'an unknown module parameter',
  'parameter-value': 'an invalid value of a module parameter',
  'parameter-conflict': 'module parameters that conflict',
  'no-socket': 'a script without a socket that siprest can open',
  inert: 'something accepted without effect',
  'not-available': 'an OpenSIPS feature that siprest does not have',
  'not-portable': 'something that OpenSIPS rejects, for `check --portable`',
  // routes
  'no-main-route': 'a script without a main route',
  'duplicate-route': 'two routes of one kind and name',
  'unknown-route': 'an unknown route',
  'route-kind': 'something not allowed in this kind of route',
  // calls and statements
  'unknown-function': 'an unknown function',
  'argument-count': 'too few or too many arguments',
  'argument-type': 'an argument of the wrong kind',
  'argument-value': 'an invalid argument',
  'invalid-regex': 'an invalid regular expression',
  'not-async': 'a function that cannot run in the background',
  'break-outside': '`break` outside a loop or switch',
  unreachable: 'statements that can never run',
  'duplicate-case': 'a case with the same value as an earlier one',
  'stale-return-code': '`$rc` read after another statement has set it',
  'variable-over-async': 'a `$var` carried over async() or launch()',
  'unescaped-input': "a caller's input, unescaped in a URL or a command",
  'text-as-number': 'text compared with a number',
  'refused-argument': 'fixed text that a function rejects',
} as const satisfies Readonly<Record<string, string>>;

/** The kinds of errors in a policy or a module written in TypeScript or JavaScript; `syntax` is one of both. */
export const typescriptCodes = {
  'unknown-import': 'an import that names nothing',
  'version-conflict': 'another, incompatible version of siprest beside the file',
  'non-erasable': 'TypeScript syntax that cannot run by removing types',
  'top-level': 'a top level that throws, exits or does not finish',
  definition: 'an invalid definition',
} as const satisfies Readonly<Record<string, string>>;

/** What kind of error, warning or note it is; stable. */
export type DiagnosticCode = keyof typeof diagnosticCodes | keyof typeof typescriptCodes;

/** A related position. */
export interface DiagnosticLabel {
  /** Where in the sources. */
  readonly span: Span;
  /** A description of this position. */
  readonly message: string;
}

/** An OpenSIPS feature that siprest does not have. */
export interface Absence {
  /** What it is. */
  readonly kind: 'module' | 'function' | 'variable' | 'transformation' | 'socket';
  /** What it is called. */
  readonly name: string;
  /** Its module, or itself for a module; `core` if none. */
  readonly module: string;
}

/** A module, global parameter or module parameter that is accepted without effect. */
export interface Inert {
  /** What it is. */
  readonly kind: 'module' | 'setting' | 'parameter';
  /** What it is called. */
  readonly name: string;
}

/** An error, a warning or a note about a script. */
export interface Diagnostic {
  /** Its kind. */
  readonly code: DiagnosticCode;
  /** How serious it is. */
  readonly severity: Severity;
  /** One line, without a full stop; text of the script in it is decoded, not bytes. */
  readonly message: string;
  /** Where in the sources. */
  readonly span: Span;
  /** Related positions. */
  readonly labels?: readonly DiagnosticLabel[];
  /** A suggestion, if any. */
  readonly help?: string;
  /** For the code `not-available`: the missing name. */
  readonly absent?: Absence;
  /** For the code `inert`, if it may be summarized in one line with others. */
  readonly inert?: Inert;
}

/** Beyond this number, errors or warnings are mostly consequences of earlier ones. */
const limit = 200;
/** Maximum length of a message, and of one word in it. */
const maxMessage = 500;
const maxWord = 100;

/** Collects diagnostics; the same error in the same place is kept once. */
export class DiagnosticList {
  readonly #items: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  #errors = 0;
  #warnings = 0;

  /** Whether there are too many errors to go on. */
  get full(): boolean {
    return this.#errors >= limit;
  }

  get length(): number {
    return this.#items.length;
  }

  has(code: DiagnosticCode): boolean {
    return this.#items.some((one) => one.code === code);
  }

  add(diagnostic: Diagnostic): void {
    const isError = diagnostic.severity === 'error';
    // the list of missing features is only useful if complete
    if (diagnostic.absent === undefined && (isError ? this.full : this.#warnings > limit)) return;
    const key = `${diagnostic.code} ${diagnostic.span.start} ${diagnostic.span.end}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const span = { start: diagnostic.span.end, end: diagnostic.span.end };
    const tooMany = (severity: Severity, what: string): void => {
      const message = `more than ${limit} ${what}: the rest is not shown`;
      this.#items.push({ code: 'too-many-errors', severity, message, span });
    };
    if (diagnostic.absent !== undefined) this.#items.push(readable(diagnostic));
    else if (isError) {
      this.#items.push(readable(diagnostic));
      this.#errors += 1;
      if (this.full) tooMany('error', 'errors');
    } else {
      this.#warnings += 1;
      if (this.#warnings <= limit) this.#items.push(readable(diagnostic));
      else tooMany('warning', 'warnings');
    }
  }

  error(
    code: DiagnosticCode,
    span: Span,
    message: string,
    more: Omit<Partial<Diagnostic>, 'code'> = {},
  ): void {
    this.add({ code, severity: 'error', message, span, ...more });
  }

  warning(
    code: DiagnosticCode,
    span: Span,
    message: string,
    more: Omit<Partial<Diagnostic>, 'code'> = {},
  ): void {
    this.add({ code, severity: 'warning', message, span, ...more });
  }

  /** In the order of the source. */
  sorted(): readonly Diagnostic[] {
    return this.#items.toSorted((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  }
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === 'error');
}

/** Bytes of a script as UTF-8, with control characters escaped for terminals. */
export function readableText(bytes: string): string {
  let text = bytes;
  if (/[^\x00-\x7f]/.test(bytes)) text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, '\uFFFD');
}

/** A message that may quote megabytes of the script. */
export function briefText(bytes: string): string {
  let text = bytes;
  if (text.length > maxMessage) text = `${text.slice(0, maxMessage - 80)}...${text.slice(-80)}`;
  return readableText(text).replace(longWords, (word) => `${word.slice(0, maxWord)}...`);
}

const longWords = new RegExp(`\\S{${maxWord + 1},}`, 'g');

function readable(diagnostic: Diagnostic): Diagnostic {
  const { message, help, labels } = diagnostic;
  return {
    ...diagnostic,
    message: briefText(message),
    ...(help === undefined ? {} : { help: briefText(help) }),
    ...(labels === undefined
      ? {}
      : { labels: labels.map((one) => ({ ...one, message: briefText(one.message) })) }),
  };
}
