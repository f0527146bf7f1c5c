/**
 * The policies of a client's hosts, as configured by `hosts`. docs/rest-policies.md explains them; this is the design:
 *
 * - A policy is `(next) => (request) => Promise<Outcome>`, made of the settings of a section and of what belongs to
 *   the host. It sees whole requests and whole outcomes, and connections only as far as `HttpRequest.route` says where
 *   one goes.
 * - Their order is fixed, since another one would be wrong: see {@link policiesOf}, outermost first.
 * - Time is relative: `request.timeout` is the time left from the moment that a policy is given the request, so one that
 *   waits passes on less (`withTimeLeft`). A call never takes longer than it says, whatever is retried.
 * - What is known of a host is in `HostStates`, shared by all clients of a process, kept by a reload, bounded.
 * - Clock and random numbers come from the environment. A client without `hosts` has no wrapper at all, and a host
 *   without a rule costs a lookup in a map.
 */
import type { Clock } from '../../timers/index.ts';
import { type CallFigures, ofCall } from '../outcome.ts';
import { chainOf, type Policy, type Send } from '../policies.ts';
import type { Authority } from '../url.ts';
import { AnswerCache } from './answer-cache.ts';
import { authPolicy } from './auth.ts';
import { AuthState } from './auth-state.ts';
import { breakerPolicies } from './breaker.ts';
import { cachePolicy } from './cache.ts';
import { HostContext, type PolicyEnvironment } from './context.ts';
import { CookieJar } from './cookie-jar.ts';
import { cookiePolicy } from './cookies.ts';
import { decodePolicy } from './decode.ts';
import { type HostRule, type HostRules, ruleOf } from './host-rules.ts';
import { limitPolicy, limitState } from './limits.ts';
import { redirectPolicy } from './redirects.ts';
import { ReplicaState } from './replica-state.ts';
import { replicaPolicy } from './replicas.ts';
import { retryPolicy } from './retry.ts';
import { sharedToken } from './shared-token.ts';

/** Authorities whose policies a client remembers. */
const MAX_KNOWN = 1_000;

/** The policies of a host that are configured, outermost first. */
function policiesOf({ settings, secrets }: HostRule, context: HostContext, send: Send): readonly Policy[] {
  const { redirects, cookies, cache, decode, retry, breaker, auth, limits, replicas } = settings;
  const { names, states } = context.environment;
  const policies: Policy[] = [];
  if (redirects !== null) policies.push(redirectPolicy(redirects, send, context));
  if (cookies !== null) {
    const { hostname, scheme } = context.authority;
    const key = context.privateKey(cookies, auth);
    policies.push(
      cookiePolicy(
        states.cookies.of(key, () => new CookieJar(hostname, scheme === 'https')),
        context,
      ),
    );
  }
  if (cache !== null) {
    const key = context.privateKey(cache, auth);
    const answers = states.caches.of(key, () => new AnswerCache(cache.maxBytes, states.cached));
    policies.push(cachePolicy(cache, answers, context));
  }
  // what the cache keeps is decompressed once
  if (decode !== null) policies.push(decodePolicy(decode, context));
  // retries are attempts that a breaker counts and a limit applies to, so they are outside of both
  if (retry !== null) policies.push(retryPolicy(retry, context));
  const limited = limits === null ? null : limitState(limits, context);
  const breaks = breaker === null ? null : breakerPolicies(breaker, context, limited);
  if (breaks !== null) policies.push(breaks.gate);
  if (auth !== null && secrets !== null) {
    // outside of the limits: while it asks for a token, it takes no place from the request for that
    const state = states.auth.of(
      context.privateKey({}, auth),
      () => new AuthState(context.clock, sharedToken(auth, context)),
    );
    policies.push(authPolicy(secrets, state, send, context));
  }
  if (limits !== null && limited !== null) policies.push(limitPolicy(limits, limited, context));
  if (breaks !== null) policies.push(breaks.meter);
  if (replicas !== null) {
    const key = context.key(replicas);
    const state = states.replicas.of(key, () => new ReplicaState(replicas, names, context.clock));
    policies.push(replicaPolicy(replicas, state, context));
  }
  return policies;
}

/** Counts the attempts of a call, and measures it as a whole. */
const counting =
  (send: Send, clock: Clock): Send =>
  async (request) => {
    // a redirect belongs to the call that it was the answer to
    if (request.route?.call !== undefined) return send(request);
    const call: CallFigures = { started: clock.now(), attempts: 0 };
    const outcome = await send({ ...request, route: { ...request.route, call } });
    return ofCall(outcome, call, clock.now());
  };

/** Sends each request through the policies of its host. */
export function hostPolicies(rules: HostRules, environment: PolicyEnvironment): Policy {
  return (next) => {
    const known = new Map<Authority, Send>();
    const attempt: Send = (request) => {
      const call = request.route?.call;
      if (call !== undefined) call.attempts++;
      return next(request);
    };
    const learn = (authority: Authority): Send => {
      const rule = ruleOf(rules, authority);
      const context = new HostContext(environment, authority);
      const learned =
        rule === null
          ? attempt
          : counting(chainOf(policiesOf(rule, context, send), attempt), environment.clock);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(authority, learned);
      return learned;
    };
    const send: Send = (request) => (known.get(request.authority) ?? learn(request.authority))(request);
    return send;
  };
}
