/**
 * A private cache (RFC 9111) in front of everything that is sent to a host: fresh answers are given without asking,
 * stale ones are validated, given while they are validated, or given because the service fails, as far as the service
 * or the operator allows it.
 */
import { createHash } from 'node:crypto';
import { type Outcome, ResponseOutcome } from '../outcome.ts';
import type { Policy, Send } from '../policies.ts';
import { fieldOf, type HttpRequest, withHeader } from '../request.ts';
import type { PolicyAct } from '../transfer-counts.ts';
import type { AnswerCache } from './answer-cache.ts';
import { type CacheDirectives, parseCacheControl, timeOf } from './cache-control.ts';
import type { HostContext } from './context.ts';
import { resolveReference } from './references.ts';
import {
  type AnswerTimes,
  type CacheSettings,
  forbidsStoring,
  mayStore,
  StoredAnswer,
} from './stored-answer.ts';
import { timeLeft, withTimeLeft } from './waiting.ts';

/** RFC 9110, section 9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Fields of a request that ask for something that is not kept. */
const BYPASSING = [
  'range',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
];
/** What an answer may hang on that no Vary need name. */
const CREDENTIALS = ['authorization', 'cookie', 'host', 'proxy-authorization'];
/** Answers that count as an error for stale-if-error (RFC 5861, section 4). */
const ERRORS: ReadonlySet<number> = new Set([500, 502, 503, 504]);

const isError = (outcome: Outcome): boolean =>
  outcome.kind === 'response'
    ? ERRORS.has(outcome.status)
    : !(outcome.kind === 'error' && (outcome.code === 'aborted' || outcome.code === 'closed'));

export function cachePolicy(settings: CacheSettings, cache: AnswerCache, context: HostContext): Policy {
  const { clock } = context;

  /** Who asks, by what; as a hash, so that no credentials are kept. */
  const keyOf = (request: HttpRequest): string => {
    const parts = CREDENTIALS.flatMap((name) => {
      const value = fieldOf(request.headers, name);
      return value === undefined ? [] : [`${name}\0${value}`];
    });
    const who = parts.length === 0 ? '' : createHash('sha256').update(parts.join('\0')).digest('base64');
    return `${context.trustOf(request)} ${who}`;
  };
  const answer = (stored: StoredAnswer): ResponseOutcome =>
    ResponseOutcome.of({
      status: stored.status,
      headers: stored.fieldsNow(clock.now()),
      body: stored.body,
      fromCache: true,
    });
  const given = (stored: StoredAnswer, act: PolicyAct): ResponseOutcome => {
    context.count(act);
    return answer(stored);
  };
  /** Whether the answer is fresh enough for what the request says (section 5.2.1). */
  const isUsable = (stored: StoredAnswer, asked: CacheDirectives): boolean => {
    const now = clock.now();
    if (stored.needsValidation || asked.has('no-cache')) return false;
    const maxAge = timeOf(asked, 'max-age');
    if (maxAge !== null && stored.age(now) > maxAge) return false;
    const fresh = stored.freshFor(now) - (timeOf(asked, 'min-fresh') ?? 0);
    if (fresh > 0) return true;
    if (!asked.has('max-stale') || !stored.mayBeStale) return false;
    return asked.get('max-stale') === '' || -fresh <= (timeOf(asked, 'max-stale') ?? 0);
  };
  /** Whether a stale answer may be used so long after it was fresh, by the service's directive or the operator's. */
  const isWithin = (stored: StoredAnswer, name: string, operator: number): boolean =>
    stored.mayBeStale &&
    -stored.freshFor(clock.now()) < Math.max(timeOf(stored.directives, name) ?? 0, operator);

  return (next) => {
    /** Keeps a stored answer with the newer fields of what is about it. */
    const renewed = (
      stored: StoredAnswer,
      request: HttpRequest,
      { headers }: ResponseOutcome,
      times: AnswerTimes,
    ): StoredAnswer => {
      const updated = stored.updated(request, headers, times, settings);
      cache.delete(stored);
      cache.store(updated, request);
      return updated;
    };
    const timesSince = (asked: number): AnswerTimes => ({
      asked,
      arrived: clock.now(),
      arrivedDate: clock.date(),
    });
    /** Asks the service, for the answer or for whether the stored one is still good, and keeps what it says. */
    const ask = async (request: HttpRequest, key: string, stored: StoredAnswer | null): Promise<Outcome> => {
      const asked = clock.now();
      const outcome = await send(conditional(request, stored), key);
      if (outcome.kind !== 'response') return outcome;
      const times = timesSince(asked);
      if (stored !== null && outcome.status === 304) {
        if (!stored.isMeantBy(outcome.header('etag'))) {
          // it is about another answer than the stored one
          cache.delete(stored);
          const left = timeLeft(request, asked, clock);
          return left > 0 ? ask(withTimeLeft(request, left), key, null) : outcome;
        }
        return answer(renewed(stored, request, outcome, times));
      }
      if (mayStore(request, outcome, settings)) {
        const { status, headers } = outcome;
        // a copy: the body may be a small part of a large buffer
        const body = Buffer.allocUnsafeSlow(outcome.body.length);
        outcome.body.copy(body);
        cache.store(
          new StoredAnswer(request, key, { status, fields: headers, body }, times, settings),
          request,
        );
      } else if (stored !== null && !ERRORS.has(outcome.status)) {
        cache.delete(stored);
      }
      return outcome;
    };
    const send = (request: HttpRequest, key: string): Promise<Outcome> => {
      if (!settings.coalesce) return next(request);
      const identity = `${key} ${request.path}\0${request.headers.fields.join('\0')}`;
      return cache.underWay.send(identity, request, next, clock);
    };
    const get: Send = async (request) => {
      const asked = parseCacheControl(fieldOf(request.headers, 'cache-control') ?? pragmaOf(request));
      const key = keyOf(request);
      const stored = cache.find(request, key);
      if (stored !== null && isUsable(stored, asked)) return given(stored, 'cache_hits');
      if (asked.has('only-if-cached')) return ResponseOutcome.of({ status: 504, fromCache: true });
      const mayWait = !asked.has('no-cache') && !asked.has('max-age') && !asked.has('min-fresh');
      if (
        stored !== null &&
        mayWait &&
        isWithin(stored, 'stale-while-revalidate', settings.staleWhileRevalidate)
      ) {
        if (!stored.isBeingValidated) {
          stored.isBeingValidated = true;
          const over = (): void => {
            stored.isBeingValidated = false;
          };
          // the call is over before that is
          const route = { ...request.route, call: undefined };
          ask({ ...request, signal: null, route }, key, stored).then(over, over);
        }
        return given(stored, 'stale_answers');
      }
      const outcome = await ask(request, key, stored);
      if (stored === null || !isError(outcome)) return outcome;
      const mayServe = isWithin(stored, 'stale-if-error', settings.staleIfError);
      return mayServe ? given(stored, 'stale_answers') : outcome;
    };
    /** What a HEAD says of a stored answer makes it newer, or shows that it is not the answer any more (section 4.3.5). */
    const head: Send = async (request) => {
      const asked = clock.now();
      const outcome = await next(request);
      if (outcome.kind !== 'response' || outcome.status !== 200) return outcome;
      const stored = cache.find(request, keyOf(request));
      if (stored === null) return outcome;
      const { headers } = outcome;
      if (stored.isDescribedBy(headers) && !forbidsStoring(headers))
        renewed(stored, request, outcome, timesSince(asked));
      else cache.delete(stored);
      return outcome;
    };
    return (request) => {
      if (!SAFE.has(request.method)) return invalidating(request, next, cache);
      const { method, body, streams } = request;
      if (body !== null || streams !== null || isBypassing(request)) return next(request);
      if (method === 'HEAD') return head(request);
      return method === 'GET' ? get(request) : next(request);
    };
  };
}

const isBypassing = ({ headers }: HttpRequest): boolean =>
  BYPASSING.some((name) => fieldOf(headers, name) !== undefined);

/** Pragma is HTTP/1.0's, and counts without Cache-Control (section 5.4). */
const pragmaOf = ({ headers }: HttpRequest): string =>
  /\bno-cache\b/i.test(fieldOf(headers, 'pragma') ?? '') ? 'no-cache' : '';

/** The request with what the stored answer is validated by (section 4.3.1). */
function conditional(request: HttpRequest, stored: StoredAnswer | null): HttpRequest {
  if (stored === null) return request;
  const { etag, lastModified } = stored;
  const withTag = etag === undefined ? request : withHeader(request, 'If-None-Match', etag);
  return lastModified === undefined ? withTag : withHeader(withTag, 'If-Modified-Since', lastModified);
}

/** An unsafe method that succeeds makes what is kept of its targets invalid (section 4.4). */
async function invalidating(request: HttpRequest, next: Send, cache: AnswerCache): Promise<Outcome> {
  const outcome = await next(request);
  if (outcome.kind !== 'response' || outcome.status >= 400) return outcome;
  cache.invalidate(request.path);
  for (const name of ['location', 'content-location']) {
    const reference = outcome.header(name);
    const target = reference === undefined ? null : resolveReference(reference, request);
    if (target?.isHere === true) cache.invalidate(target.path);
  }
  return outcome;
}
