/** rest_json(): an answer that has to be JSON. */
import type { Run } from '../../runtime/index.ts';
import type { VariableReference } from '../../script/index.ts';
import { type Finish, hasRoom } from '../rest-client/transfers.ts';

const wrongStatus = -6;
const notJson = -7;

/** Sets the variable for a 2xx answer that is JSON; `:=` makes a document of it in a `$json` variable. */
export const intoJson =
  (target: VariableReference<Run>, status: VariableReference<Run> | undefined): Finish =>
  (run, outcome) => {
    status?.set(run, outcome.retcode);
    if (outcome.kind !== 'response') return outcome.rc;
    if (!outcome.ok) return wrongStatus;
    const { body } = outcome;
    if (!hasRoom(run, body.length)) return -10;
    const text = body.toString('latin1').trim();
    return isJson(text) && target.set(run, text, ':=') ? 1 : notJson;
  };

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
