import type { Run } from '../runtime/index.ts';
import { Call } from './call.ts';
import { Handling } from './handling.ts';
import { policyRouting } from './policy-routing.ts';

/**
 * Lets a function that a script calls see the request as a handler does. The script goes on with the request afterwards, and
 * answers it unless the function has. Null outside of a request; else what the function returns. An exception is the caller's.
 *
 * @param name the function, for the log
 */
export function callFunction<R>(
  run: Run,
  name: string,
  body: (call: Call) => R,
): R | Promise<Awaited<R>> | null {
  const { request, worker, routing } = run;
  const { message } = request;
  if (message === null || run.isAboutReply) return null;
  const handling = new Handling(routing.states.get(policyRouting), worker, request, name, { owns: false });
  return handling.runFor(body, new Call(handling, message));
}
