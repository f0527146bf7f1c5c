/** uac_auth(): answers the challenge of a carrier. Source: modules/uac of the manual; scenarios uac-auth-*. */
import { type Edit, edits, type Request, type Run, StateKey } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { answerTo, challengesOf, isAlgorithm } from '../uac-auth/challenge.ts';
import { credentialOf } from '../uac-auth/credentials.ts';
import { isShifted, shiftNumber } from './number.ts';

/** The answer to an earlier challenge, which a new one replaces. */
const lastAnswer = new StateKey<Request, { edit: Edit | null }>('uac answer', () => ({ edit: null }), {
  isShared: true,
});

export const refusedAlgorithms = (text: string): string | null => {
  const unknown = text.split(',').find((name) => !isAlgorithm(name.trim()));
  return unknown === undefined ? null : `unknown algorithm "${unknown.trim()}"`;
};

export function authenticate(run: Run, allowedText: string | undefined): Status {
  const { request, subject } = run;
  const { message } = request;
  const response = subject.failure?.response ?? null;
  if (message === null || response === null || (response.status !== 401 && response.status !== 407))
    return -1;
  const allowed = allowedText?.split(',').map((name) => name.trim().toUpperCase());
  for (const challenge of challengesOf(response)) {
    if (allowed?.includes(challenge.algorithm.toUpperCase()) === false) continue;
    const credential = credentialOf(run, challenge.realm);
    if (credential === null) continue;
    const { method } = message;
    const lines = answerTo(challenge, credential, {
      method,
      uri: request.requestUri,
      body: run.draft.body.text,
    });
    const list = request.state(edits);
    const last = request.state(lastAnswer);
    const place = last.edit === null ? -1 : list.indexOf(last.edit);
    if (place >= 0) list.splice(place, 1);
    last.edit = { kind: 'append', lines };
    list.push(last.edit);
    // as in OpenSIPS, the answer to another challenge has the number of the one before
    return isShifted(request) || shiftNumber(request, 1) ? 1 : -1;
  }
  return -1;
}
