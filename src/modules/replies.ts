/** Shared by the reply functions of sl, signaling and tm. */
import type { Run } from '../runtime/index.ts';
import { defineArgument } from '../script/index.ts';

export const code = defineArgument({ name: 'code', type: 'int', summary: 'The status, 100 to 699.' });
export const reason = defineArgument({ name: 'reason', type: 'string', summary: 'The reason phrase.' });

const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Checks a status and a reason phrase; logs an error with the function's name if one is invalid. */
export function isStatusLine(run: Run, name: string, status: number, phrase: string): boolean {
  if (status < 100 || status > 699) {
    run.complain(`${name}(): invalid status ${status}, expected 100 to 699`);
    return false;
  }
  if (CONTROL.test(phrase)) {
    run.complain(`${name}(): expected a reason without line breaks or other control characters`);
    return false;
  }
  return true;
}
