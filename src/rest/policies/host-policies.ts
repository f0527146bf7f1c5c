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
import type { Policy, Send } from '../policies.ts';
import type { Authority } from '../url.ts';
import { AnswerCache } from './answer-cache.ts';
import { breakerPolicies } from './breaker.ts';
import { cachePolicy } from './cache.ts';
import { HostContext, type PolicyEnvironment } from './context.ts';
import type { HostSettings } from './host-options.ts';
import { type HostRules, ruleOf } from './host-rules.ts';
import { limitPolicy, limitState } from './limits.ts';
import { ReplicaState } from './replica-state.ts';
import { replicaPolicy } from './replicas.ts';
import { retryPolicy } from './retry.ts';

/** Authorities whose policies a client remembers. */
const MAX_KNOWN = 1_000;

/** The policies of a host that are configured, outermost first. */
function policiesOf(settings: HostSettings, context: HostContext): readonly Policy[] {
  const { cache, retry, breaker, limits, replicas } = settings;
  const { names, states } = context.environment;
  const policies: Policy[] = [];
  if (cache !== null) {
    const key = `${context.key(cache)} ${context.environment.trust}`;
    const answers = states.caches.of(key, () => new AnswerCache(cache.maxBytes, states.cached));
    policies.push(cachePolicy(cache, answers, context));
  }
  // retries are attempts that a breaker counts and a limit applies to, so they are outside of both
  if (retry !== null) policies.push(retryPolicy(retry, context));
  const limited = limits === null ? null : limitState(limits, context);
  const breaks = breaker === null ? null : breakerPolicies(breaker, context, limited);
  if (breaks !== null) policies.push(breaks.gate);
  if (limits !== null && limited !== null) policies.push(limitPolicy(limits, limited, context));
  if (breaks !== null) policies.push(breaks.meter);
  if (replicas !== null) {
    const key = context.key(replicas);
    const state = states.replicas.of(key, () => new ReplicaState(replicas, names, context.clock));
    policies.push(replicaPolicy(replicas, state, context));
  }
  return policies;
}

/** Sends each request through the policies of its host. */
export function hostPolicies(rules: HostRules, environment: PolicyEnvironment): Policy {
  return (next) => {
    const known = new Map<Authority, Send>();
    const learn = (authority: Authority): Send => {
      const { scheme, hostname, port } = authority;
      const rule = ruleOf(rules, authority);
      const host = `${hostname}:${port}`;
      const context = new HostContext(environment, `${scheme}://${host}`, host);
      const policies = rule === null ? [] : policiesOf(rule.settings, context);
      const send = policies.reduceRight<Send>((inner, policy) => policy(inner), next);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(authority, send);
      return send;
    };
    return (request) => (known.get(request.authority) ?? learn(request.authority))(request);
  };
}
