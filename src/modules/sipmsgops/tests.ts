/** Functions that ask something of the message. */
import type { Run } from '../../runtime/run.ts';
import { type FunctionSpec, lowerAscii } from '../../script/index.ts';

export const testFunctions: readonly FunctionSpec<Run>[] = [
  {
    name: 'is_method',
    arguments: [{ name: 'name', type: 'string', summary: 'A method, or several with `|` between them.' }],
    summary: 'Whether the request has this method.',
    source: 'modules/sipmsgops; vectors pvar-is-method-list, lang-rc-of-function',
    run: (run, names: string) => {
      const { message } = run;
      if (message === null) return -1;
      const method = lowerAscii(message.method);
      return lowerAscii(names)
        .split('|')
        .some((name) => name.trim() === method)
        ? 1
        : -1;
    },
  },
  {
    name: 'is_present_hf',
    arguments: [{ name: 'hf_name', type: 'string', summary: 'The name of the header.' }],
    summary: 'Whether the message has a header of this name, also in its compact form.',
    source: 'modules/sipmsgops',
    run: (run, name: string) => ((run.message?.header(name) ?? null) === null ? -1 : 1),
  },
  {
    name: 'has_totag',
    arguments: [],
    summary: 'Whether the To header has a tag: the request is within a dialog.',
    source: 'vector pvar-hastotag',
    run: (run) => (run.message?.toTag ? 1 : -1),
  },
  {
    name: 'is_privacy',
    arguments: [
      {
        name: 'privacy_type',
        type: 'string',
        summary: '`id`, `none`, `user`, `header`, `session`, `critical`.',
      },
    ],
    summary: 'Whether the Privacy header asks for this (RFC 3323, RFC 3325).',
    source: 'modules/sipmsgops',
    run: (run, type: string) => {
      const values = (run.message?.header('Privacy') ?? '')
        .split(';')
        .map((value) => lowerAscii(value.trim()));
      return values.includes(lowerAscii(type)) ? 1 : -1;
    },
  },
];
