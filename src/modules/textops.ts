/**
 * The textops module: searching and replacing in the message's text. Source: modules/textops of the manual. Expressions
 * ignore case; `^` and `$` match at line breaks and `.` does not match one, so folded lines are searched separately, as
 * the manual says.
 */
import { bodyOffset, defineFunction, defineModule, type Run } from '../runtime/index.ts';
import { defineArgument, type Status } from '../script/index.ts';
import { formatUri, withUser } from '../sip/index.ts';
import {
  cachedRegex,
  cachedSubstitution,
  type RegexOptions,
  type Replacement,
  replaced,
  replacements,
  type Substitution,
} from '../text/index.ts';

const source = 'modules/textops';
const lineByLine: RegexOptions = { ignoreCase: true, newline: true };
const atOnce: RegexOptions = { ignoreCase: true };

const expression = defineArgument({
  name: 're',
  type: 'regex',
  summary: 'A POSIX extended regular expression.',
});
const text = defineArgument({ name: 'txt', type: 'string', summary: 'Used literally.' });
/** Variables may not insert line breaks into headers. */
const headText = defineArgument({ ...text, intoHeaders: true });
const substitution = defineArgument({
  name: 'subst',
  type: 'substitution',
  summary:
    '`/expression/replacement/flags`; `\\1` to `\\9` are its groups, `\\0` the match. Flags: `i` ignores case, `g` replaces all, `s` treats lines as one text.',
});

function compiled(run: Run, name: string, pattern: string, options = lineByLine) {
  const regex = cachedRegex(pattern, options);
  if (regex === null) run.complain(`${name}(): invalid regular expression "${pattern}"`);
  return regex;
}

type Scope = 'message' | 'body';

/** Replaces matches in the forwarded message, in the text that `find` receives. -1 if nothing matches. */
function change(run: Run, scope: Scope, find: (text: string) => readonly Replacement[]): Status {
  const { message } = run;
  if (message === null) return -1;
  if (scope === 'body') return changeBody(run, find(run.draft.body.text));
  const start = bodyOffset(message.raw);
  const found = find(message.raw);
  for (const one of found) if (one.to <= start) run.draft.edits.push({ kind: 'replace', ...one });
  changeBody(
    run,
    found
      .filter(({ from }) => from >= start)
      .map(({ from, to, text: inserted }) => ({ from: from - start, to: to - start, text: inserted })),
  );
  return found.length > 0 ? 1 : -1;
}

function changeBody(run: Run, found: readonly Replacement[]): Status {
  if (found.length === 0) return -1;
  run.draft.replaceBodyText(replaced(run.draft.body.text, found));
  return 1;
}

function search(name: string, summary: string, subject: (run: Run) => string | undefined) {
  return defineFunction({
    name,
    arguments: [expression],
    summary,
    source,
    run: (run, pattern) => {
      const searched = subject(run);
      const regex = searched === undefined ? null : compiled(run, name, pattern);
      return regex?.test(searched ?? '') ? 1 : -1;
    },
  });
}

interface Replacing {
  readonly scope: Scope;
  readonly everywhere?: boolean;
  readonly options?: RegexOptions;
  /** Whether to keep the match, with the new text after it. */
  readonly append?: boolean;
}

function replacing(name: string, summary: string, how: Replacing) {
  return defineFunction({
    name,
    arguments: [expression, how.scope === 'message' ? headText : text],
    summary,
    source,
    run: (run, pattern, inserted) => {
      const regex = compiled(run, name, pattern, how.options);
      if (regex === null) return -1;
      const rule: Substitution = {
        regex,
        replacement: how.append === true ? [0, inserted] : [inserted],
        everywhere: how.everywhere === true,
      };
      return change(run, how.scope, (subject) => replacements(subject, rule));
    },
  });
}

function substituting(
  name: string,
  summary: string,
  apply: (run: Run, rule: Substitution) => Status,
  intoHeaders = false,
) {
  return defineFunction({
    name,
    arguments: [intoHeaders ? { ...substitution, intoHeaders } : substitution],
    summary,
    source,
    run: (run, written) => {
      const rule = cachedSubstitution(written);
      if (rule !== null) return apply(run, rule);
      run.complain(`${name}(): invalid substitution "${written}", use /expression/replacement/flags`);
      return -1;
    },
  });
}

/** The text after the substitution; null if the expression does not match. */
function substituted(subject: string, rule: Substitution): string | null {
  const found = replacements(subject, rule);
  return found.length === 0 ? null : replaced(subject, found);
}

export const textops = defineModule({
  name: 'textops',
  summary:
    'Searches and replaces text in messages. Replacements affect the forwarded request only; the script still reads the received message.',
  source,
  functions: [
    search('search', 'Whether the message matches, headers and body.', (run) => run.message?.raw),
    search('search_body', 'Whether the body matches.', (run) => run.message?.body),
    replacing('search_append', 'Adds text after the first match.', { scope: 'message', append: true }),
    replacing('search_append_body', 'Adds text after the first match in the body.', {
      scope: 'body',
      append: true,
    }),
    replacing('replace', 'Replaces the first match.', { scope: 'message' }),
    replacing('replace_body', 'Replaces the first match in the body.', { scope: 'body' }),
    replacing('replace_all', 'Replaces all matches.', { scope: 'message', everywhere: true }),
    replacing('replace_body_all', 'Replaces all matches in the body, searching it line by line.', {
      scope: 'body',
      everywhere: true,
    }),
    replacing('replace_body_atonce', 'Replaces all matches in the body, searching it as one text.', {
      scope: 'body',
      everywhere: true,
      options: atOnce,
    }),
    substituting(
      'subst',
      'Applies a substitution to the message.',
      (run, rule) => change(run, 'message', (subject) => replacements(subject, rule)),
      true,
    ),
    substituting('subst_body', 'Applies a substitution to the body.', (run, rule) =>
      change(run, 'body', (subject) => replacements(subject, rule)),
    ),
    substituting(
      'subst_uri',
      'Applies a substitution to the request URI, with immediate effect.',
      (run, rule) => {
        const uri = substituted(run.request.requestUri, rule);
        return uri !== null && run.request.setRequestUri(uri) ? 1 : -1;
      },
    ),
    substituting(
      'subst_user',
      "Applies a substitution to the request URI's user, with immediate effect.",
      (run, rule) => {
        const { uri } = run.request;
        const user = uri === null ? null : substituted(uri.user ?? '', rule);
        const next = uri === null || user === null ? null : withUser(uri, user);
        return next !== null && run.request.setRequestUri(formatUri(next)) ? 1 : -1;
      },
    ),
  ],
});
