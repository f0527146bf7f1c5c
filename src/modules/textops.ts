/** The textops module: searching the message's text. Source: modules/textops of the manual. */
import type { Module } from '../runtime/module.ts';
import { cachedRegex } from '../runtime/regex.ts';
import type { Run } from '../runtime/run.ts';
import type { FunctionSpec } from '../script/index.ts';

function search(name: string, summary: string, text: (run: Run) => string | undefined): FunctionSpec<Run> {
  return {
    name,
    arguments: [{ name: 're', type: 'regex', summary: 'A POSIX extended regular expression.' }],
    summary,
    source: 'modules/textops',
    run: (run, pattern: string) => {
      const subject = text(run);
      if (subject === undefined) return -1;
      const regex = cachedRegex(pattern, { ignoreCase: true });
      if (regex !== null) return regex.test(subject) ? 1 : -1;
      run.complain(`${name}(): "${pattern}" is no regular expression`);
      return -1;
    },
  };
}

export const textops: Module = {
  name: 'textops',
  summary: 'Searches the text of messages.',
  source: 'modules/textops',
  functions: [
    search('search', 'Whether the message matches, headers and body.', (run) => run.request.message?.raw),
    search('search_body', 'Whether the body matches.', (run) => run.request.message?.body),
  ],
};
