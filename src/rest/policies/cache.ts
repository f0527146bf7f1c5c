/**
 * A private cache (RFC 9111) in front of everything that is sent to a host: fresh answers are given without asking,
 * stale ones are validated, given while they are validated, or given because the service fails, as far as the service
 * or the operator allows it.
 */
import { createHash } from 'node:crypto';
import { type Outcome, ResponseOutcome } from '../outcome.ts';
import type { Policy, Send } from '../policies.ts';
import { type HttpRequest, withHeader } from '../request.ts';
import type { RequestHeaders } from '../request-headers.ts';
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
const BYPASSING: ReadonlySet<string> = new Set([
  'range',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
]);
/** What an answer may hang on that no Vary need name. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'host', 'proxy-authorization']);

/** What the fields of a request say to a cache. */
interface Asked {
  /** It asks for something that is not kept. */
  readonly bypasses: boolean;
  readonly directives: CacheDirectives;
  /** Who asks, by what, as a hash, so that no credentials are kept; empty: anybody. */
  readonly who: string;
}

function readAsked({ fields }: RequestHeaders): Asked {
  let bypasses = false;
  let control: string | null = null;
  let pragma = '';
  const credentials: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i]?.toLowerCase() ?? '', fields[i + 1] ?? ''];
    if (BYPASSING.has(name)) bypasses = true;
    else if (CREDENTIALS.has(name)) credentials.push(`${name}\0${value}`);
    else if (name === 'cache-control') control = control === null ? value : `${control}, ${value}`;
    else if (name === 'pragma') pragma = value;
  }
  // Pragma is HTTP/1.0's, and counts without Cache-Control (section 5.4)
  control ??= /\bno-cache\b/i.test(pragma) ? 'no-cache' : '';
  const who =
    credentials.length === 0
      ? ''
      : createHash('sha256').update(credentials.toSorted().join('\0')).digest('base64');
  return { bypasses, directives: parseCacheControl(control), who };
}

/** Answers that count as an error for stale-if-error (RFC 5861, section 4). */
const ERRORS: ReadonlySet<number> = new Set([500, 502, 503, 504]);

const isError = (outcome: Outcome): boolean =>
  outcome.kind === 'response'
    ? ERRORS.has(outcome.status)
    : !(outcome.kind === 'error' && (outcome.code === 'aborted' || outcome.code === 'closed'));

export function cachePolicy(settings: CacheSettings, cache: AnswerCache, context: HostContext): Policy {
  const { clock } = context;

  // most requests have the fields that the one before had, and then the same list of them
  let lastHeaders: RequestHeaders | null = null;
  let lastAsked: Asked | null = null;
  const askedBy = (headers: RequestHeaders): Asked => {
    if (lastAsked === null || headers !== lastHeaders) {
      lastHeaders = headers;
      lastAsked = readAsked(headers);
    }
    return lastAsked;
  };
  // and then the same key, which is compared without reading it
  let lastTrust = '';
  let lastWho = '';
  let lastKey = '';
  const keyOf = (request: HttpRequest): string => {
    const trust = context.trustOf(request);
    const { who } = askedBy(request.headers);
    if (lastKey === '' || trust !== lastTrust || who !== lastWho)
      [lastTrust, lastWho, lastKey] = [trust, who, `${trust} ${who}`];
    return lastKey;
  };
  const given = (
    stored: StoredAnswer,
    { route }: HttpRequest,
    act: PolicyAct,
    now = clock.now(),
  ): ResponseOutcome => {
    context.count(act);
    return ResponseOutcome.kept(stored, stored.fieldsNow(now), route?.call ?? null, now);
  };
  /** Whether the answer is fresh enough for what the request says (section 5.2.1). */
  const isUsable = (stored: StoredAnswer, asked: CacheDirectives, now: number): boolean => {
    if (asked.size === 0) return !stored.needsValidation && stored.freshFor(now) > 0;
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
        const { arrived } = times;
        const fresh = renewed(stored, request, outcome, times);
        return ResponseOutcome.kept(fresh, fresh.fieldsNow(arrived), request.route?.call ?? null, arrived);
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
    const get: Send = (request) => {
      const asked = askedBy(request.headers).directives;
      const key = keyOf(request);
      const stored = cache.find(request, key);
      const now = clock.now();
      return stored !== null && isUsable(stored, asked, now)
        ? Promise.resolve(given(stored, request, 'cache_hits', now))
        : getElse(request, asked, key, stored);
    };
    /** Where no stored answer is fresh. */
    const getElse = async (
      request: HttpRequest,
      asked: CacheDirectives,
      key: string,
      stored: StoredAnswer | null,
    ): Promise<Outcome> => {
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
        return given(stored, request, 'stale_answers');
      }
      const outcome = await ask(request, key, stored);
      if (stored === null || !isError(outcome)) return outcome;
      const mayServe = isWithin(stored, 'stale-if-error', settings.staleIfError);
      return mayServe ? given(stored, request, 'stale_answers') : outcome;
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
      if (body !== null || streams !== null || askedBy(request.headers).bypasses) return next(request);
      if (method === 'HEAD') return head(request);
      return method === 'GET' ? get(request) : next(request);
    };
  };
}

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
