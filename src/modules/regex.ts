/**
 * The regex module: regular expressions in Perl's syntax. Source: modules/regex of the manual; scenarios regex-*, which
 * apply the options to pcre_match() as well, as the manual says.
 */
import { readFileSync } from 'node:fs';
import { substituting } from '../core/index.ts';
import { CommandError, defineModule, messageOf, type Routing, type Run, StateKey } from '../runtime/index.ts';
import { defineArgument, defineParameters } from '../script/index.ts';
import {
  cachedPerlRegex,
  type PerlRegex,
  parsePerlSubstitution,
  SubstitutionSyntaxError,
} from '../text/index.ts';
import { bytesOf } from './command-text.ts';

const option = <const Name extends string>(name: Name, summary: string) =>
  ({ name, type: 'boolean', default: false, summary }) as const;

const parameters = defineParameters([
  {
    name: 'file',
    type: 'string',
    default: null,
    summary: 'The file with the groups, for pcre_match_group().',
  },
  {
    name: 'max_groups',
    type: 'int',
    default: 20,
    minimum: 1,
    maximum: 10_000,
    summary: 'The most groups of the file; a longer file prevents the start.',
  },
  {
    name: 'group_max_size',
    type: 'int',
    default: 8192,
    minimum: 1,
    unit: 'bytes',
    summary: 'The longest expression that a group may become.',
  },
  option('pcre_caseless', 'Whether case is ignored, as by `(?i)`.'),
  option('pcre_multiline', 'Whether `^` and `$` match at line breaks, as by `(?m)`.'),
  option('pcre_dotall', 'Whether `.` matches a line break, as by `(?s)`.'),
  option('pcre_extended', 'Whether blanks and comments in expressions are ignored.'),
]);

/** The groups of the file by number; null without a file. */
const groupsOf = new StateKey<Routing, ReadonlyMap<number, PerlRegex> | null>('regex groups', () => null);

function compiled(routing: Routing, pattern: string): PerlRegex | string {
  const values = routing.parameters(parameters);
  return cachedPerlRegex(pattern, {
    ignoreCase: values.pcre_caseless,
    multiline: values.pcre_multiline,
    dotAll: values.pcre_dotall,
    extended: values.pcre_extended,
  });
}

/** Lines `[0]` begin a group, whose expressions are alternatives; `#` begins a comment. */
function readGroups(routing: Routing, file: string): ReadonlyMap<number, PerlRegex> {
  const { max_groups: most, group_max_size: longest } = routing.parameters(parameters);
  const lists = new Map<number, string[]>();
  let list: string[] | null = null;
  for (const line of readFileSync(file, 'latin1').split(/\r?\n/)) {
    const [, number] = /^\[(\d+)\]\s*$/.exec(line) ?? [];
    if (number !== undefined) {
      list = lists.get(Number(number)) ?? [];
      lists.set(Number(number), list);
    } else if (line.trim() !== '' && !line.startsWith('#')) {
      if (list === null) throw new Error(`regex: ${file}: expected a group such as [0] before "${line}"`);
      list.push(`(?:${line})`);
    }
  }
  if (lists.size > most) throw new Error(`regex: ${file} has more than ${most} groups (max_groups)`);
  const groups = new Map<number, PerlRegex>();
  for (const [number, expressions] of lists) {
    const pattern = expressions.join('|');
    if (pattern.length > longest)
      throw new Error(`regex: group ${number} of ${file} is longer than ${longest} bytes (group_max_size)`);
    if (pattern === '') continue;
    const regex = compiled(routing, pattern);
    if (typeof regex === 'string') throw new Error(`regex: group ${number} of ${file}: ${regex}`);
    groups.set(number, regex);
  }
  return groups;
}

const matched = { name: 'string', type: 'string', summary: 'The text to match.' } as const;
const verdict = (expression: PerlRegex, text: string) =>
  expression.test(bytesOf(text)) ? 'Match' : 'Not Match';

const subject = defineArgument({ name: 'string', type: 'string', summary: 'The text to match.' });
const routes = ['route', 'failure_route', 'onreply_route', 'branch_route', 'local_route'] as const;

export const regex = defineModule({
  name: 'regex',
  summary:
    "Regular expressions in Perl's syntax, matched in linear time: those that need backtracking (look-around, back references, possessive quantifiers) are errors.",
  source: 'modules/regex',
  parameters,
  start: (routing, { file }) => {
    if (file !== null) routing.states.set(groupsOf, readGroups(routing, file));
  },
  transformations: [
    substituting(
      {
        name: 'pcre.subst',
        summary:
          'Replaces matches of an expression in Perl’s syntax; `\\1` to `\\9` are its groups, `\\0` the match, `\\u` the request URI. Flags: `i` ignores case, `g` replaces all, `s` lets `.` match a line break, `m` lets `^` and `$` match at line breaks, `x` ignores blanks in the expression. Braces need a backslash. Variables in the replacement are expanded. Null if the text is empty.',
        source: 'modules/regex',
        example: ['sip:+123@host', '{pcre.subst,/\\Q+123\\E/321/}', 'sip:321@host'],
      },
      {
        parse: parsePerlSubstitution,
        cached: (text) => {
          try {
            return parsePerlSubstitution(text);
          } catch (error) {
            if (error instanceof SubstitutionSyntaxError) return null;
            throw error;
          }
        },
      },
    ),
  ],
  commands: [
    {
      name: 'regex:reload',
      aliases: ['regex_reload'],
      parameters: [],
      processes: 'every',
      summary: 'Reads the groups of the file again; if it has errors, the present ones stay.',
      source: 'modules/regex',
      run: (_, routing) => {
        const { file } = routing.parameters(parameters);
        if (file === null) throw new CommandError(404, 'the parameter "file" is not set');
        try {
          routing.states.set(groupsOf, readGroups(routing, file));
        } catch (error) {
          throw new CommandError(500, messageOf(error));
        }
      },
    },
    {
      name: 'regex:match',
      aliases: ['regex_match'],
      parameters: [matched, { name: 'pcre_regex', type: 'string', summary: 'The expression.' }],
      summary: 'Tells whether a text matches an expression: `Match` or `Not Match`.',
      source: 'modules/regex',
      run: ({ string, pcre_regex }, routing) => {
        const expression = compiled(routing, bytesOf(pcre_regex));
        if (typeof expression === 'string') throw new CommandError(400, expression);
        return verdict(expression, string);
      },
    },
    {
      name: 'regex:match_group',
      aliases: ['regex_match_group'],
      parameters: [matched, { name: 'group', type: 'int', minimum: 0, summary: 'The number of the group.' }],
      summary: 'Tells whether a text matches a group of the file: `Match` or `Not Match`.',
      source: 'modules/regex',
      run: ({ string, group }, routing) => {
        const expression = routing.states.get(groupsOf)?.get(group);
        if (expression === undefined) throw new CommandError(404, `unknown group ${group}`);
        return verdict(expression, string);
      },
    },
  ],
  functions: [
    {
      name: 'pcre_match',
      arguments: [
        subject,
        { name: 'pcre_regex', type: 'string', summary: 'The expression; `$$` is its `$`.' },
        { name: 'match', type: 'variable', optional: true, gives: 'text', summary: 'Gets the matched part.' },
      ],
      routes,
      summary: 'Whether a text matches an expression: 1 or -1; -4 for an invalid one.',
      source: 'modules/regex; scenarios regex-match, regex-bad-pattern',
      run: (run: Run, text, pattern, part) => {
        const expression = compiled(run.routing, pattern);
        if (typeof expression === 'string') {
          run.complain(`pcre_match(): invalid expression "${pattern}": ${expression}`);
          return -4;
        }
        if (part === undefined) return expression.test(text) ? 1 : -1;
        const match = expression.exec(text);
        part.set(run, match === null ? null : text.slice(match.index, match.end));
        return match === null ? -1 : 1;
      },
    },
    {
      name: 'pcre_match_group',
      arguments: [
        subject,
        { name: 'group', type: 'int', optional: true, summary: 'The number of the group; default 0.' },
      ],
      routes,
      summary:
        'Whether a text matches a group of the file: 1 or -1; -2 without a file, -4 for an unknown group.',
      source: 'modules/regex; scenario regex-groups',
      run: (run: Run, text, group = 0) => {
        const groups = run.routing.states.get(groupsOf);
        if (groups === null) {
          run.complain('pcre_match_group(): the parameter "file" is not set');
          return -2;
        }
        const expression = groups.get(group);
        if (expression === undefined) {
          run.complain(`pcre_match_group(): unknown group ${group}`);
          return -4;
        }
        return expression.test(text) ? 1 : -1;
      },
    },
  ],
});
