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
 * - Clock and random numbers come from the environment. A client without `hosts` has no wrapper at all, and a request
 *   to a host without a rule goes to the dispatcher itself, after one look at which host it is.
 */
import { ofCall } from '../outcome-of.ts';
import { Pending } from '../pending.ts';
import { chainOf, type Policy, type Send, type Sender } from '../policies.ts';
import type { CallFigures } from '../transfer-end.ts';
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

/** Sends each request through the policies of its host, or at once if there are none. */
export class HostSender implements Sender {
  readonly send: Send;
  readonly #rules: HostRules;
  readonly #environment: PolicyEnvironment;
  readonly #inner: Sender;
  readonly #known = new Map<Authority, Send>();
  /** Most requests go where the one before went. */
  #lastAuthority: Authority | null = null;
  #lastSend: Send;
  /** Calls that policies are at work for, and their attempts. */
  readonly #calls = new Pending();
  #attempts = 0;

  constructor(rules: HostRules, environment: PolicyEnvironment, inner: Sender) {
    this.#rules = rules;
    this.#environment = environment;
    this.#inner = inner;
    this.#lastSend = inner.send;
    this.send = (request) => this.sendOf(request.authority)(request);
  }

  get active(): number {
    return this.#calls.count + this.#inner.active - this.#attempts;
  }

  async whenIdle(): Promise<void> {
    await this.#calls.whenIdle();
    await this.#inner.whenIdle();
  }

  /** Sends the requests to a host. */
  sendOf(authority: Authority): Send {
    if (authority === this.#lastAuthority) return this.#lastSend;
    const send = this.#known.get(authority) ?? this.#learn(authority);
    this.#lastAuthority = authority;
    this.#lastSend = send;
    return send;
  }

  #learn(authority: Authority): Send {
    const rule = ruleOf(this.#rules, authority);
    const context = new HostContext(this.#environment, authority);
    const learned =
      rule === null
        ? this.#inner.send
        : this.#counting(chainOf(policiesOf(rule, context, this.send), this.#attempt));
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(authority, learned);
    return learned;
  }

  readonly #attempt: Send = (request) => {
    const call = request.route?.call;
    if (call !== undefined) call.attempts++;
    this.#attempts++;
    const outcome = this.#inner.send(request);
    outcome.then(this.#attemptOver, this.#attemptOver);
    return outcome;
  };

  readonly #attemptOver = (): void => {
    this.#attempts--;
  };

  /** Counts the attempts of a call, and measures it as a whole. */
  #counting(send: Send): Send {
    const { clock } = this.#environment;
    return async (request) => {
      const { route } = request;
      // a redirect belongs to the call that it was the answer to
      if (route?.call !== undefined) return send(request);
      const call: CallFigures = { started: clock.now(), attempts: 0 };
      this.#calls.begin();
      try {
        const outcome = await send({ ...request, route: route === null ? { call } : { ...route, call } });
        return outcome.isOfPolicy ? ofCall(outcome, call, clock.now()) : outcome;
      } finally {
        this.#calls.end();
      }
    };
  }
}
