/** Functions that test the message. */
import { defineFunctions } from '../../runtime/index.ts';
import { lowerAscii } from '../../script/index.ts';

const SPACE = 32;

/** Whether the `|`-separated list contains this method, ignoring case. */
function namesMethod(names: string, method: string): boolean {
  for (let from = 0; from <= names.length; ) {
    const bar = names.indexOf('|', from);
    const next = bar < 0 ? names.length : bar;
    let end = next;
    while (from < end && names.charCodeAt(from) <= SPACE) from++;
    while (end > from && names.charCodeAt(end - 1) <= SPACE) end--;
    if (end - from === method.length) {
      if (names.startsWith(method, from)) return true;
      if (lowerAscii(names.slice(from, end)) === lowerAscii(method)) return true;
    }
    from = next + 1;
  }
  return false;
}

export const testFunctions = defineFunctions([
  {
    name: 'is_method',
    arguments: [{ name: 'name', type: 'string', summary: 'A method, or several separated by `|`.' }],
    summary: 'Whether the request has this method.',
    source: 'modules/sipmsgops; vectors pvar-is-method-list, lang-rc-of-function',
    run: (run, names) => {
      const { message } = run;
      if (message === null) return -1;
      return namesMethod(names, message.method) ? 1 : -1;
    },
  },
  {
    name: 'is_present_hf',
    arguments: [{ name: 'hf_name', type: 'string', summary: 'The name of the header.' }],
    summary: 'Whether the message has a header of this name or its compact form.',
    source: 'modules/sipmsgops',
    run: (run, name) => ((run.message?.header(name) ?? null) === null ? -1 : 1),
  },
  {
    name: 'has_totag',
    arguments: [],
    summary: 'Whether the To header has a tag, which marks requests within a dialog.',
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
    summary: 'Whether the Privacy header requests this type of privacy (RFC 3323, RFC 3325).',
    source: 'modules/sipmsgops',
    run: (run, type) => {
      const values = (run.message?.header('Privacy') ?? '')
        .split(';')
        .map((value) => lowerAscii(value.trim()));
      return values.includes(lowerAscii(type)) ? 1 : -1;
    },
  },
]);
