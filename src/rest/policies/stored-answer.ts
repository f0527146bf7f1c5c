/** An answer as a cache keeps it, and for how long it may be used (RFC 9111, sections 3 and 4). */

import { type Fields, valuesOf, without } from '../header-fields.ts';
import { httpDate } from '../http-date.ts';
import type { ResponseOutcome } from '../outcome.ts';
import { fieldOf, type HttpRequest } from '../request.ts';
import { ageOf, type CacheDirectives, parseCacheControl, timeOf } from './cache-control.ts';
import type { SectionValues } from './host-options.ts';

export type CacheSettings = SectionValues<'cache'>;

/** Statuses that may be kept without being told for how long (RFC 9110, section 15.1); but for 206. */
const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Those that this cache understands, which counts with must-understand. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  ...HEURISTIC,
  ...[302, 303, 307, 400, 401, 403, 406, 408, 409, 411, 412, 413, 415, 421, 422, 429, 500, 502, 503, 504],
]);
/** Without validation these answers mean nothing by themselves. */
const NEVER_KEPT: ReadonlySet<number> = new Set([206, 304]);
/** Fields that belong to a connection or a message, and are not kept (section 3.1). */
const NOT_KEPT: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Fields of a stored answer that a 304 does not change (section 3.2). */
const UNCHANGED: readonly string[] = [
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'vary',
];
const MAX_VARY = 20;
/** What an entry costs beside its texts, in bytes. */
const OVERHEAD = 1_000;

/** When an answer was asked for and arrived, on both clocks. */
export interface AnswerTimes {
  /** Monotonic. */
  readonly asked: number;
  readonly arrived: number;
  /** Since 1970. */
  readonly arrivedDate: number;
}

/** All values of a field, joined; empty without one. */
const allOf = (fields: Fields, name: string): string => valuesOf(fields, name).join(', ');

/** The names in a list, in lower case. */
const namesIn = (list: string): readonly string[] =>
  list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');

/** The fields that hold beyond the connection that they came by. */
const lasting = (fields: Fields): Fields =>
  without(fields, ...NOT_KEPT, ...namesIn(allOf(fields, 'connection')));

export class StoredAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
  /** What the answer hangs on beside the path: credentials, Host, trust. */
  readonly key: string;
  readonly path: string;
  readonly vary: readonly (readonly [name: string, value: string])[];
  readonly directives: CacheDirectives;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly contentType: string;
  /** How long it is fresh, in milliseconds. */
  readonly lifetime: number;
  readonly bytes: number;
  /** It has to be validated before each use. */
  readonly needsValidation: boolean;
  /** A request that validates it in the background is under way. */
  isBeingValidated = false;
  /** When it arrived, monotonic, and how old it was then. */
  readonly #arrived: number;
  readonly #ageThen: number;
  /** Its fields with an age of so many seconds. */
  #aged: readonly string[] = [];
  #agedBy = -1;

  constructor(
    request: HttpRequest,
    key: string,
    { status, fields, body }: { readonly status: number; readonly fields: Fields; readonly body: Buffer },
    times: AnswerTimes,
    settings: CacheSettings,
  ) {
    this.status = status;
    const kept = lasting(fields);
    this.fields = without(kept, 'age');
    this.body = body;
    this.key = key;
    this.path = request.path;
    this.vary = varyOf(allOf(fields, 'vary'), request) ?? [];
    this.directives = parseCacheControl(allOf(fields, 'cache-control'));
    this.needsValidation = this.directives.has('no-cache');
    this.etag = firstOf(fields, 'etag');
    this.lastModified = firstOf(fields, 'last-modified');
    this.contentType = valuesOf(fields, 'content-type').at(-1) ?? '';
    // section 4.2.3
    const date = httpDate(firstOf(fields, 'date') ?? '', times.arrivedDate) ?? times.arrivedDate;
    const apparent = Math.max(times.arrivedDate - date, 0);
    const told = ageOf(firstOf(kept, 'age')) + (times.arrived - times.asked);
    this.#arrived = times.arrived;
    this.#ageThen = Math.max(apparent, told);
    this.lifetime = lifetimeOf(this, date, times.arrivedDate, settings);
    this.bytes =
      OVERHEAD +
      body.length +
      2 * (key.length + this.path.length) +
      2 * this.fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  }

  age(now: number): number {
    return this.#ageThen + now - this.#arrived;
  }

  /** How much longer it is fresh; negative: for how long it has been stale. */
  freshFor(now: number): number {
    return this.lifetime - this.age(now);
  }

  /** It may be used while stale, where something allows that. */
  get mayBeStale(): boolean {
    return !this.needsValidation && !this.directives.has('must-revalidate');
  }

  get hasValidator(): boolean {
    return this.etag !== undefined || this.lastModified !== undefined;
  }

  /** Whether it answers this request, by its Vary (section 4.1). */
  answers(request: HttpRequest, key: string): boolean {
    return key === this.key && this.vary.every(([name, value]) => requestValue(request, name) === value);
  }

  /** Whether a 304 with this ETag, if any, is about this answer (section 4.3.4). */
  isMeantBy(etag: string | undefined): boolean {
    if (etag === undefined || etag === this.etag) return true;
    return etag.startsWith('W/') && etag.slice(2) === this.etag;
  }

  /** Whether an answer to a HEAD is about this one, by what it says of it (section 4.3.5). */
  isDescribedBy(fields: Fields): boolean {
    return ['etag', 'last-modified', 'content-length'].every((name) => {
      const said = firstOf(fields, name);
      return said === undefined || said === (firstOf(this.fields, name) ?? said);
    });
  }

  /** The same answer after a 304: newer fields replace older ones (section 4.3.4). */
  updated(request: HttpRequest, fresh: Fields, times: AnswerTimes, settings: CacheSettings): StoredAnswer {
    // Age counts in a 304, as it does in any answer
    const newer = without(lasting(fresh), ...UNCHANGED);
    const kept = without(this.fields, ...newer.map(([name]) => name.toLowerCase()));
    const { status, body, key } = this;
    return new StoredAnswer(request, key, { status, fields: [...kept, ...newer], body }, times, settings);
  }

  /** Its fields as they are given to a caller, names and values in turn, with its age: the same list for a second. */
  fieldsNow(now: number): readonly string[] {
    const age = Math.max(Math.floor(this.age(now) / 1_000), 0);
    if (age !== this.#agedBy) {
      this.#agedBy = age;
      this.#aged = [...this.fields.flat(), 'Age', String(age)];
    }
    return this.#aged;
  }
}

const firstOf = (fields: Fields, name: string): string | undefined => valuesOf(fields, name)[0];

const requestValue = (request: HttpRequest, name: string): string => {
  const { fields } = request.headers;
  const values: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2)
    if (fields[i]?.toLowerCase() === name) values.push(fields[i + 1]?.trim() ?? '');
  return values.join(', ');
};

/** The fields that an answer varies by, with their values in the request; null: by everything, or by too much. */
function varyOf(vary: string, request: HttpRequest): readonly (readonly [string, string])[] | null {
  const names = namesIn(vary);
  if (names.includes('*') || names.length > MAX_VARY) return null;
  return [...new Set(names)].map((name) => [name, requestValue(request, name)] as const);
}

function lifetimeOf(
  { status, directives, fields, lastModified }: StoredAnswer,
  date: number,
  now: number,
  settings: CacheSettings,
): number {
  const maxAge = timeOf(directives, 'max-age');
  if (maxAge !== null) return maxAge;
  const expires = firstOf(fields, 'expires');
  // an invalid date, 0 above all, is in the past (section 5.3)
  if (expires !== undefined) return Math.max((httpDate(expires, now) ?? 0) - date, 0);
  const modified = httpDate(lastModified ?? '', now);
  if (modified === null || settings.heuristic === 0 || !mayGuess(status, directives)) return 0;
  return Math.min((Math.max(date - modified, 0) * settings.heuristic) / 100, settings.maxHeuristic);
}

/** Whether an answer with these fields says that nobody may keep it. */
export const forbidsStoring = (fields: Fields): boolean =>
  parseCacheControl(allOf(fields, 'cache-control')).has('no-store');

/** Whether it may be kept, and used for a while, that does not say for how long (section 4.2.2). */
const mayGuess = (status: number, directives: CacheDirectives): boolean =>
  HEURISTIC.has(status) || directives.has('public');

/** Whether an answer may be kept at all (section 3), and is worth it. */
export function mayStore(request: HttpRequest, outcome: ResponseOutcome, settings: CacheSettings): boolean {
  const { status, headers } = outcome;
  if (request.method !== 'GET' || NEVER_KEPT.has(status)) return false;
  if (parseCacheControl(fieldOf(request.headers, 'cache-control') ?? '').has('no-store')) return false;
  const directives = parseCacheControl(allOf(headers, 'cache-control'));
  // must-understand takes the place of no-store in a cache that understands the status (section 5.2.2.3)
  if (directives.has('must-understand') ? !UNDERSTOOD.has(status) : directives.has('no-store')) return false;
  if (varyOf(allOf(headers, 'vary'), request) === null) return false;
  if (outcome.body.length > settings.maxEntryBytes) return false;
  const explicit = directives.has('max-age') || outcome.header('expires') !== undefined;
  if (explicit) return true;
  if (!mayGuess(status, directives)) return false;
  const hasValidator = outcome.header('etag') !== undefined || outcome.header('last-modified') !== undefined;
  return hasValidator || settings.staleIfError > 0 || settings.staleWhileRevalidate > 0;
}
