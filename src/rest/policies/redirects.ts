/**
 * Follows redirects, each hop through the policies of its own host. What identifies the caller goes to no other origin than
 * the one that it was meant for, and TLS is never left.
 */
import type { Outcome } from '../outcome.ts';
import type { Policy, Send } from '../policies.ts';
import { type HttpRequest, maySendAgain, withHeader } from '../request.ts';
import type { HostContext } from './context.ts';
import type { SectionValues } from './host-options.ts';
import { resolveReference } from './references.ts';
import { timeLeft, withTimeLeft } from './waiting.ts';

type RedirectSettings = SectionValues<'redirects'>;

/** Statuses that are followed, and whether they keep method and body (RFC 9110, section 15.4). */
const FOLLOWED: ReadonlyMap<number, 'as-it-is' | 'post-to-get' | 'get'> = new Map([
  [301, 'post-to-get'],
  [302, 'post-to-get'],
  [303, 'get'],
  [307, 'as-it-is'],
  [308, 'as-it-is'],
]);
/** Fields that are for one origin alone. */
const FOR_ONE_ORIGIN = ['Authorization', 'Cookie', 'Host', 'Proxy-Authorization'];
const OF_THE_BODY = ['Content-Type', 'Content-Encoding', 'Content-Language', 'Content-Location', 'Expect'];

const without = (request: HttpRequest, names: readonly string[]): HttpRequest =>
  names.reduce((changed, name) => withHeader(changed, name, ''), request);

/** The request that the answer refers to; null for one that is not followed. */
function nextHop(request: HttpRequest, outcome: Outcome, settings: RedirectSettings): HttpRequest | null {
  const how = outcome.kind === 'response' ? FOLLOWED.get(outcome.status) : undefined;
  const location = outcome.kind === 'response' ? outcome.header('location') : undefined;
  if (how === undefined || location === undefined || location === '') return null;
  const { authority, method } = request;
  const target = resolveReference(location, request);
  if (target === null) return null;
  const { isHere } = target;
  if (!isHere && settings.to === 'same-origin') return null;
  if (authority.scheme === 'https' && target.authority.scheme !== 'https') return null;
  const becomesGet =
    how === 'get' ? method !== 'GET' && method !== 'HEAD' : how === 'post-to-get' && method === 'POST';
  const followed = (request.route?.followed ?? 0) + 1;
  // the same origin is the same object, so that its connections are found as quickly
  const there = isHere ? authority : { ...target.authority, authorization: '' };
  const route = { followed, call: request.route?.call };
  let hop: HttpRequest = { ...request, authority: there, path: target.path, route };
  if (becomesGet) {
    const streams = hop.streams === null ? null : { ...hop.streams, body: null };
    hop = without({ ...hop, method: 'GET', body: null, streams }, OF_THE_BODY);
  }
  // a client certificate identifies the caller as well
  if (!isHere) hop = { ...without(hop, FOR_ONE_ORIGIN), tlsDomain: null };
  if (!isHere) hop = { ...hop, headers: { ...hop.headers, ownHost: false } };
  return hop;
}

/** @param follow sends a request through the policies of its host */
export function redirectPolicy(settings: RedirectSettings, follow: Send, { clock }: HostContext): Policy {
  return (next) => async (request) => {
    // the first hop counts all others
    if (request.route?.followed !== undefined) return next(request);
    const started = clock.now();
    let current = request;
    let outcome = await next(request);
    for (let hops = 0; hops < settings.max; hops++) {
      const hop = nextHop(current, outcome, settings);
      const left = timeLeft(request, started, clock);
      if (hop === null || left <= 0 || !maySendAgain(hop)) return outcome;
      current = hop;
      outcome = await follow(withTimeLeft(hop, left));
    }
    return outcome;
  };
}
