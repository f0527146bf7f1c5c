/** Arguments shared by the functions of rest_client and rest_policy. */
import { parseHeaderLine } from '../../rest/index.ts';
import { defineArgument } from '../../script/index.ts';

/** Why a header line cannot be sent, or null. */
export function refusedHeader(line: string): string | null {
  const parsed = parseHeaderLine(line);
  return parsed.ok ? null : parsed.reason;
}

export const url = defineArgument({
  name: 'url',
  type: 'string',
  isUrl: true,
  summary: 'The URL; `http` if it has no scheme.',
});
export const sendBody = defineArgument({
  name: 'send_body',
  type: 'string',
  summary: 'The request body, of any size.',
});
export const sendType = defineArgument({
  name: 'send_ctype',
  type: 'string',
  optional: true,
  refuses: (text) => refusedHeader(`Content-Type: ${text}`),
  summary:
    'Its Content-Type; default `application/x-www-form-urlencoded`. Empty: none. Null: the call returns -1.',
});
/** An output that gets text. */
export const output = (name: string, summary: string) =>
  defineArgument({ name, type: 'variable', optional: true, gives: 'text', summary });
export const statusOutput = defineArgument({
  name: 'retcode_pv',
  type: 'variable',
  optional: true,
  summary: 'Gets the HTTP status; 0 without a reply.',
});

export const returnCodes =
  'Returns 1, -1 connection refused, -2 connect timeout, -3 transfer timeout (with the data received so far), -4 already connecting, -5 refused by a policy, -10 any other error.';
