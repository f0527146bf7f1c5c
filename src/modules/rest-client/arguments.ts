/** Arguments that the functions of rest_client and rest_policy have in common. */
import { defineArgument } from '../../script/index.ts';

export const url = defineArgument({
  name: 'url',
  type: 'string',
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
  summary:
    'Its Content-Type; default `application/x-www-form-urlencoded`. An empty one: no Content-Type. Null: -1.',
});
export const output = (name: string, summary: string) =>
  defineArgument({ name, type: 'variable', optional: true, summary });
export const statusOutput = output('retcode_pv', 'Gets the HTTP status; 0 when no reply arrived at all.');

export const returnCodes =
  'Returns 1, -1 refused, -2 connect timeout, -3 transfer timeout (with what has arrived), -4 already connecting, -5 refused by a policy, -10 anything else.';
