/** The sipmsgops module: looking at messages and adding to replies. Source: modules/sipmsgops of the manual. */
import type { Module } from '../runtime/module.ts';
import type { Run } from '../runtime/run.ts';
import { type ArgumentSpec, type FunctionSpec, lowerAscii } from '../script/index.ts';

const lines: ArgumentSpec = {
  name: 'txt',
  type: 'string',
  summary: 'Whole header lines, each with `\\r\\n`.',
};
const header: ArgumentSpec = { name: 'hdr_name', type: 'string', summary: 'The name of the header.' };
const option: ArgumentSpec = {
  name: 'option',
  type: 'string',
  summary: 'One of the values between its commas.',
};
const noForward = 'siprest sends no requests on so far';

/** `is_method("INVITE|OPTIONS")` */
function isMethod(run: Run, names: string): 1 | -1 {
  const method = run.request.message?.method;
  return method !== undefined && names.split('|').some((name) => name.trim() === method) ? 1 : -1;
}

function hasBody(run: Run, mime?: string): 1 | -1 {
  const message = run.request.message;
  if (message === null || message.body === '') return -1;
  if (mime === undefined) return 1;
  const type = lowerAscii(message.contentType ?? '')
    .split(';')[0]
    ?.trim();
  return type === lowerAscii(mime) ? 1 : -1;
}

function added(name: string): FunctionSpec<Run> {
  return {
    name,
    arguments: [
      lines,
      { name: 'hdr_anchor', type: 'string', optional: true, summary: 'The header beside which it is put.' },
    ],
    summary: 'Adds header lines to the request that is sent on.',
    inert: noForward,
    run: () => 1,
  };
}

export const sipmsgops: Module = {
  name: 'sipmsgops',
  summary: 'Looks at messages and adds to replies.',
  source: 'modules/sipmsgops',
  functions: [
    {
      name: 'is_method',
      arguments: [{ name: 'name', type: 'string', summary: 'A method, or several with `|` between them.' }],
      summary: 'Whether the request has this method.',
      source: 'modules/sipmsgops; vectors pvar-is-method-list, lang-rc-of-function',
      run: isMethod,
    },
    {
      name: 'append_to_reply',
      arguments: [lines],
      summary: 'Adds header lines to the next reply of siprest. -1 for text that is no header lines.',
      source: 'modules/sipmsgops; vector pvar-append-hf-reply',
      run: (run, text: string) => {
        if (run.request.appendToReply(text)) return 1;
        run.complain('append_to_reply(): the text is no header lines, each "Name: value" with \\r\\n');
        return -1;
      },
    },
    {
      name: 'append_body_to_reply',
      arguments: [
        {
          name: 'txt',
          type: 'string',
          summary: 'The body; its Content-Type is added with append_to_reply().',
        },
      ],
      summary: 'Gives the next reply of siprest a body.',
      source: 'modules/sipmsgops',
      run: (run, text: string) => {
        run.request.setReplyBody(text);
        return 1;
      },
    },
    added('append_hf'),
    added('insert_hf'),
    {
      name: 'remove_hf',
      arguments: [{ name: 'hname', type: 'string', summary: 'The name of the header.' }],
      summary: 'Removes headers from the request that is sent on.',
      inert: noForward,
      run: () => 1,
    },
    {
      name: 'is_present_hf',
      arguments: [{ name: 'hf_name', type: 'string', summary: 'The name of the header.' }],
      summary: 'Whether the message has a header of this name, also in its compact form.',
      source: 'modules/sipmsgops',
      run: (run, name: string) => ((run.request.message?.header(name) ?? null) === null ? -1 : 1),
    },
    {
      name: 'has_totag',
      arguments: [],
      summary: 'Whether the To header has a tag: the request is within a dialog.',
      source: 'vector pvar-hastotag',
      run: (run) => (run.request.message?.toTag ? 1 : -1),
    },
    {
      name: 'has_body',
      arguments: [{ name: 'mime', type: 'string', optional: true, summary: 'Its Content-Type.' }],
      summary: 'Whether the message has a body, and of this type.',
      source: 'vector pvar-hasbody; has_body_part() by its older name',
      run: hasBody,
    },
    {
      name: 'has_body_part',
      arguments: [{ name: 'mime', type: 'string', optional: true, summary: 'Its Content-Type.' }],
      summary: 'Whether the message has a body, and of this type.',
      source: 'modules/sipmsgops',
      run: hasBody,
    },
    {
      name: 'list_hdr_has_option',
      arguments: [header, option],
      summary: 'Whether a header with comma-separated values has this one.',
      source: 'modules/sipmsgops',
      run: (run, name: string, value: string) => {
        const wanted = lowerAscii(value);
        const all = run.request.message?.headerList(name) ?? [];
        return all.some((token) => lowerAscii(token) === wanted) ? 1 : -1;
      },
    },
    {
      name: 'is_uri_user_e164',
      arguments: [{ name: 'uri', type: 'string', summary: 'A SIP URI.' }],
      summary: 'Whether its user is a number in the form of E.164: `+` and 2 to 15 digits.',
      source: 'modules/sipmsgops',
      run: (_, uri: string) => (/^(?:sips?|tel):\+[0-9]{2,15}(?:[@;:>]|$)/i.test(uri) ? 1 : -1),
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
        const values = (run.request.message?.header('Privacy') ?? '')
          .split(';')
          .map((value) => lowerAscii(value.trim()));
        return values.includes(lowerAscii(type)) ? 1 : -1;
      },
    },
  ],
};
