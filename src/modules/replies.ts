/** What the reply functions of sl, signaling and tm have in common. */
import type { Run } from '../runtime/run.ts';
import type { ArgumentSpec } from '../script/index.ts';

export const code: ArgumentSpec = { name: 'code', type: 'int', summary: 'The status, 100 to 699.' };
export const reason: ArgumentSpec = { name: 'reason', type: 'string', summary: 'The reason phrase.' };

/** A status that a reply can have; otherwise the log says so, with the function's name. */
export function isReplyCode(run: Run, name: string, status: number): boolean {
  if (status >= 100 && status <= 699) return true;
  run.complain(`${name}(): ${status} is no status of a reply, it is between 100 and 699`);
  return false;
}
