/** Sends cookies back to the origin that has set them. A request with a Cookie of its own keeps that. */

import { valuesOf } from '../header-fields.ts';
import type { Policy } from '../policies.ts';
import { fieldOf, withHeader } from '../request.ts';
import type { HostContext } from './context.ts';
import type { CookieJar } from './cookie-jar.ts';

export function cookiePolicy(jar: CookieJar, { clock }: HostContext): Policy {
  return (next) => async (request) => {
    const cookies =
      fieldOf(request.headers, 'cookie') === undefined ? jar.header(request.path, clock.date()) : '';
    const outcome = await next(cookies === '' ? request : withHeader(request, 'Cookie', cookies));
    if (outcome.kind === 'response' && !outcome.fromCache) {
      for (const value of valuesOf(outcome.headers, 'set-cookie')) jar.set(value, request.path, clock.date());
    }
    return outcome;
  };
}
