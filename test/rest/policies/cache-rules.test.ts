/**
 * What RFC 9111 says of a cache, case by case, in the order of the public suite of HTTP caches (http-tests/cache-tests):
 *
 * - `required`: the RFC demands it of a private cache.
 * - `optional`: it makes the cache better, and this one does it.
 * - `chosen`: the RFC leaves it open, and this is what this cache does.
 * - `left out`: caches may do it, and this one does not; the reason is in docs/rest-policies.md. The request then goes to
 *   the service, whose answer is given as it is.
 *
 * What concerns shared caches alone (s-maxage, proxy-revalidate, CDN-Cache-Control) has to have no effect.
 */
import { describe, expect, it } from 'vitest';
import {
  type CacheOptions,
  type HttpRequest,
  type Outcome,
  ResponseOutcome,
} from '../../../src/rest/index.ts';
import { ErrorOutcome } from '../../../src/rest/outcome.ts';
import { answerOf, newClient, newServer } from '../fixture.ts';
import { simulate } from './simulated.ts';

type Level = 'required' | 'optional' | 'chosen' | 'left out';
type Field = readonly [name: string, value: string];
/** Where an answer comes from: the cache, the service, or the cache after the service was asked. */
type Source = 'cache' | 'service' | 'asked cache';

interface Answer {
  readonly status?: number;
  readonly fields?: readonly Field[];
  readonly body?: string;
  /** The service closes the connection instead. */
  readonly fails?: boolean;
}

interface Step {
  readonly method?: string;
  readonly path?: string;
  readonly asking?: readonly Field[];
  /** What the service says, if asked. */
  readonly answer?: Answer;
  /** Seconds before this step. */
  readonly after?: number;
  readonly from: Source;
  readonly status?: number;
  /** What the answer has to carry. */
  readonly has?: readonly Field[];
  readonly lacks?: readonly string[];
  /** What the service has to be asked with. */
  readonly sends?: readonly Field[];
}

interface Case {
  readonly level: Level;
  readonly what: string;
  readonly steps: readonly Step[];
  readonly cache?: CacheOptions;
}

/** The time at which each case begins. */
const START = Date.UTC(2026, 0, 1);
/** A date so many seconds from the start. */
const at = (seconds: number): string => new Date(START + seconds * 1_000).toUTCString();
const control = (value: string): Field => ['Cache-Control', value];
const dated = (seconds = 0): Field => ['Date', at(seconds)];
const expires = (value: number | string): Field => ['Expires', typeof value === 'string' ? value : at(value)];
const modified = (seconds: number): Field => ['Last-Modified', at(seconds)];
const age = (value: string): Field => ['Age', value];
const etag = (value = '"a"'): Field => ['ETag', value];

const get = (from: Source, more: Omit<Step, 'from'> = {}): Step => ({ from, ...more });
const first = (fields: readonly Field[], more: Answer = {}, asking: readonly Field[] = []): Step =>
  get('service', { answer: { fields, ...more }, asking });

/** Two requests, three seconds apart; the second one is answered from there. */
const second = (
  level: Level,
  from: Source,
  what: string,
  fields: readonly Field[],
  more: Answer = {},
): Case => ({
  level,
  what,
  steps: [first(fields, more), get(from, { after: 3, answer: more })],
});

const valueOf = ({ headers: { fields } }: HttpRequest, name: string): string | undefined => {
  const index = fields.findIndex((field, i) => i % 2 === 0 && field.toLowerCase() === name.toLowerCase());
  return index < 0 ? undefined : fields[index + 1];
};
const isConditional = (request: HttpRequest): boolean =>
  valueOf(request, 'if-none-match') !== undefined || valueOf(request, 'if-modified-since') !== undefined;

function outcomeOf({ status = 200, fields = [], body, fails = false }: Answer, number: number): Outcome {
  if (fails) return new ErrorOutcome('reset', 'the server closed the connection');
  return ResponseOutcome.of({ status, headers: fields, body: body ?? String(number) });
}

async function run({ steps, cache = {} }: Case): Promise<void> {
  let current: Step = get('service');
  const { ask, clock, sent } = simulate({ cache }, (request) => {
    const { answer = {}, from } = current;
    const confirms =
      from === 'asked cache' &&
      answer.fails !== true &&
      answer.status === undefined &&
      isConditional(request);
    return outcomeOf(confirms ? { ...answer, status: 304, body: '' } : answer, sent.length);
  });
  for (current of steps) {
    const { method, path = '/', asking = [], after = 0, from, has = [], lacks = [], sends = [] } = current;
    clock.advance(after * 1_000);
    const before = sent.length;
    const outcome = await ask(method, `http://cached.test${path}`, { headers: asking });
    const last = sent.at(-1);
    const isAsked = sent.length > before;
    const source = !isAsked
      ? 'cache'
      : outcome.kind === 'response' && outcome.fromCache
        ? 'asked cache'
        : 'service';
    expect(source).toBe(from);
    if (last !== undefined) for (const [name, value] of sends) expect(valueOf(last, name)).toBe(value);
    if (current.answer?.fails === true && from === 'service') expect(outcome.kind).toBe('error');
    else if (current.status !== undefined) expect(outcome.retcode).toBe(current.status);
    if (outcome.kind !== 'response') continue;
    for (const [name, value] of has) expect([name, outcome.header(name)]).toEqual([name, value]);
    for (const name of lacks) expect([name, outcome.header(name)]).toEqual([name, undefined]);
  }
}

const check = (title: string, cases: readonly Case[]): void => {
  describe(title, () => {
    it.each(cases.map((one) => [one.level, one.what, one] as const))('%s: %s', (_level, _what, one) =>
      run(one),
    );
  });
};

const HOUR = control('max-age=3600');

check('how long an answer is fresh', [
  second('chosen', 'service', 'without any word of it, not at all', []),
  second('optional', 'cache', 'as long as max-age says', [HOUR]),
  second('required', 'service', 'not longer than max-age says', [control('max-age=2'), dated()]),
  second('required', 'service', 'not with a max-age of 0', [control('max-age=0')]),
  ...['2147483647', '2147483648', '2147483649', '99999999999'].map((seconds) =>
    second('optional', 'cache', `with max-age=${seconds}`, [control(`max-age=${seconds}`)]),
  ),
  second('required', 'service', 'not if Age is more than max-age', [dated(), HOUR, age('7200')]),
  second('chosen', 'service', 'not if it is older than max-age by its Date', [dated(-7_200), HOUR]),
  second('optional', 'cache', 'by max-age rather than by a past Expires', [HOUR, expires(-7_200), dated()]),
  second('optional', 'cache', 'by max-age rather than by an invalid Expires', [HOUR, expires('0'), dated()]),
  second('required', 'service', 'by a max-age of 0 rather than by Expires', [
    expires(3_600),
    control('max-age=0'),
    dated(),
  ]),
  second('optional', 'cache', 'with unknown directives as well', [control('foobar, max-age=3600')]),
  second('optional', 'cache', 'in upper or lower case', [control('MaX-aGe=3600')]),
  second('required', 'service', 'not with a negative max-age', [control('max-age=-3600')]),
  second('required', 'service', 'not by s-maxage', [control('s-maxage=3600')]),
  second('required', 'service', 'by max-age, whatever s-maxage says', [control('s-maxage=3600, max-age=1')]),
  second('required', 'service', 'by max-age, whatever s-maxage in another field says', [
    control('s-maxage=3600'),
    control('max-age=1'),
  ]),
  second('optional', 'cache', 'by max-age, however short s-maxage is', [control('max-age=3600, s-maxage=1')]),
  second('required', 'service', 'not by CDN-Cache-Control', [['CDN-Cache-Control', 'max-age=3600']]),
  second('optional', 'cache', 'whatever CDN-Cache-Control says', [HOUR, ['CDN-Cache-Control', 'no-store']]),
]);

check('how Cache-Control is read', [
  ...['max-age=1800, max-age=1', 'max-age=1, max-age=1800'].flatMap((both) => [
    second('chosen', 'service', `the shorter of two, in one field: ${both}`, [control(both)]),
    second('chosen', 'service', `the shorter of two, in two fields: ${both}`, both.split(', ').map(control)),
  ]),
  second('chosen', 'cache', 'a quoted number counts', [control('max-age="3600"')]),
  second('required', 'service', 'what a quoted text says does not, before', [
    control('extension="max-age=3600", max-age=1'),
  ]),
  second('required', 'service', 'what a quoted text says does not, after', [
    control('max-age=1, extension="max-age=3600"'),
  ]),
  second('chosen', 'service', 'no blank before =', [control('max-age =3600')]),
  second('chosen', 'service', 'no blank after =', [control('max-age= 3600')]),
  second('required', 'cache', 'leading zeros', [control('max-age=003600')]),
  ...["'3600'", '3600.0', '3600.5', 'a3600', '3600a'].map((value) =>
    second(value.startsWith("'") ? 'required' : 'chosen', 'service', `not a number: ${value}`, [
      control(`max-age=${value}`),
    ]),
  ),
]);

check('how Age is read', [
  ...['abc', '-7200', '7200.0'].map((value) =>
    second('required', 'cache', `not a number: ${value}`, [dated(), HOUR, age(value)]),
  ),
  ...['7200;foo=bar', '7200;foo=111'].map((value) =>
    second('chosen', 'cache', `with a parameter, not a number: ${value}`, [dated(), HOUR, age(value)]),
  ),
  ...['2147483647', '2147483648', '2147483649'].map((value) =>
    second('required', 'service', `very old: ${value}`, [dated(), HOUR, age(value)]),
  ),
  second('required', 'service', 'the first of a list, old', [dated(), HOUR, age('7200, 0')]),
  second('required', 'cache', 'the first of a list, new', [dated(), HOUR, age('0, 7200')]),
  second('required', 'service', 'the first of two fields, old', [dated(), HOUR, age('7200'), age('0')]),
  second('required', 'cache', 'the first of two fields, new', [dated(), HOUR, age('0'), age('7200')]),
  second('required', 'cache', 'the same twice, in a list', [dated(), HOUR, age('0, 0')]),
  second('required', 'cache', 'the same twice, in two fields', [dated(), HOUR, age('0'), age('0')]),
  second('required', 'cache', 'old twice, but not too old', [
    dated(),
    control('max-age=10000'),
    age('3600'),
    age('3600'),
  ]),
]);

check('freshness by Expires', [
  second('optional', 'cache', 'in the future', [expires(2_592_000), dated()]),
  second('required', 'service', 'in the past', [expires(-2_592_000), dated()]),
  second('required', 'service', 'now', [expires(0), dated()]),
  second('required', 'service', 'before Date, both in the future', [expires(300), dated(400)]),
  second('required', 'service', 'that is 0', [expires('0'), dated()]),
  second('optional', 'cache', 'with an invalid Date', [['Date', 'foo'], expires(10)]),
  second('required', 'service', 'with an Age beyond it, by a slow clock', [
    dated(-10),
    expires(10),
    age('25'),
  ]),
  second('required', 'service', 'with an Age beyond it, by a fast clock', [
    dated(10),
    expires(20),
    age('15'),
  ]),
  ...[
    'Tue, 19 Jan 2038 14:14:08 GMT',
    'Sun, 21 Nov 2286 04:46:39 GMT',
    'Thursday, 18-Aug-50 02:01:18 GMT',
    'Thu Aug  8 02:01:18 2050',
    'THU, 18 Aug 2050 02:01:18 GMT',
    'Thu, 18 AUG 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 gMT',
  ].map((value) => second('optional', 'cache', `of ${value}`, [expires(value), dated()])),
  ...[
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 31 Feb 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 24:01:18 GMT',
    'Monday, 18-Aug-80 02:01:18 GMT', // more than 50 years ahead, so that it is 1980
  ].map((value) => second('required', 'service', `of ${value}`, [expires(value), dated()])),
  second('required', 'service', 'twice, and invalid', [
    expires('Thu, 18 Aug 2050 2:01:18 GMT'),
    expires('Thu, 18 Aug 2050 2:01:19 GMT'),
    dated(),
  ]),
]);

check('what Cache-Control of an answer says', [
  second('optional', 'cache', 'private: to keep it, as this cache is', [control('private, max-age=3600')]),
  second('required', 'service', 'no-store', [control('no-store')]),
  second('required', 'service', 'no-store in any case', [control('No-StOrE')]),
  second('required', 'service', 'no-store, however fresh', [
    control('max-age=10000, no-store'),
    expires(10_000),
    dated(),
  ]),
  ...['no-store', 'no-store, max-age=0'].map(
    (value): Case => ({
      level: 'required',
      what: `${value} of an answer that goes past the cache leaves the fresh one there`,
      steps: [
        first([control('max-age=10000'), ['A', '1']]),
        get('service', { path: '/other', after: 3, answer: { fields: [control(value)] } }),
        get('cache', { has: [['a', '1']] }),
      ],
    }),
  ),
  second('required', 'service', 'no-cache', [control('max-age=10000, no-cache'), expires(10_000), dated()]),
  second('required', 'service', 'no-cache in any case', [control('max-age=10000, No-CaChE'), dated()]),
  second('optional', 'asked cache', 'no-cache with a validator: to ask for confirmation', [
    control('no-cache'),
    etag(),
  ]),
  second('optional', 'asked cache', 'no-cache with a validator, however fresh', [
    control('max-age=10000, no-cache'),
    expires(10_000),
    dated(),
    etag(),
  ]),
  second('chosen', 'service', 'no-cache of some fields counts for the whole', [
    control('no-cache="a"'),
    HOUR,
    ['a', '1'],
  ]),
  second('optional', 'cache', 'must-revalidate while it is fresh', [
    control('max-age=10000, must-revalidate'),
    etag(),
  ]),
  {
    level: 'required',
    what: 'must-revalidate once it is stale',
    steps: [
      first([control('max-age=2, must-revalidate'), etag()]),
      get('cache'),
      get('asked cache', { after: 3 }),
    ],
  },
  second('optional', 'cache', 'immutable while it is fresh', [control('max-age=10000, immutable'), etag()]),
  second('required', 'asked cache', 'immutable once it is stale', [control('max-age=2, immutable'), etag()]),
]);

const stale = (
  level: Level,
  what: string,
  value: string,
  answer: Answer,
  from: Source,
  cache: CacheOptions = {},
): Case => ({
  level,
  what,
  cache,
  steps: [
    first([control(value)]),
    get(from, { after: 3, answer, ...(from === 'cache' ? { status: 200 } : {}) }),
  ],
});
/** A failure that the service was asked for, and that a stored answer stands in for. */
const instead = (
  level: Level,
  what: string,
  value: string,
  answer: Answer,
  cache: CacheOptions = {},
): Case => ({
  level,
  what,
  cache,
  steps: [first([control(value)]), get('asked cache', { after: 3, answer, status: 200 })],
});
const CLOSED: Answer = { fails: true };
const BUSY: Answer = { status: 503 };
check('when a stale answer is used', [
  stale('chosen', 'not if the service closes the connection', 'max-age=2', CLOSED, 'service'),
  stale('chosen', 'not if the service is busy', 'max-age=2', BUSY, 'service'),
  instead('chosen', 'if the service closes the connection and the operator allows it', 'max-age=2', CLOSED, {
    staleIfError: 60_000,
  }),
  instead('chosen', 'if the service is busy and the operator allows it', 'max-age=2', BUSY, {
    staleIfError: 60_000,
  }),
  instead(
    'optional',
    'stale-if-error: if the service closes the connection',
    'max-age=2, stale-if-error=60',
    CLOSED,
  ),
  instead('optional', 'stale-if-error: if the service is busy', 'max-age=2, stale-if-error=60', BUSY),
  ...['must-revalidate', 'no-cache'].map((directive) =>
    stale('required', `not against ${directive}`, `max-age=2, ${directive}`, CLOSED, 'service', {
      staleIfError: 60_000,
      staleWhileRevalidate: 60_000,
    }),
  ),
  stale('optional', 'stale-while-revalidate', 'max-age=1, stale-while-revalidate=3600', {}, 'asked cache'),
  {
    level: 'required',
    what: 'not beyond stale-while-revalidate',
    steps: [first([control('max-age=1, stale-while-revalidate=4')]), get('service', { after: 6 })],
  },
  {
    level: 'chosen',
    what: 'without the obsolete Warning',
    cache: { staleIfError: 60_000 },
    steps: [
      first([control('max-age=2')]),
      get('asked cache', { after: 3, answer: CLOSED, lacks: ['warning'] }),
    ],
  },
]);

const GUESSING: CacheOptions = { heuristic: 10, maxHeuristic: 86_400_000 };
const guessed = (
  level: Level,
  from: Source,
  what: string,
  status: number,
  ...more: readonly Field[]
): Case => ({
  ...second(level, from, what, [modified(-86_400), dated(), ...more], { status }),
  cache: GUESSING,
});
check('freshness by Last-Modified', [
  ...[200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501].map((status) =>
    guessed('optional', 'cache', `of ${status}`, status),
  ),
  ...[201, 202, 302, 303, 307, 400, 401, 403, 406, 409, 429, 500, 502, 503, 504, 599].map((status) =>
    guessed('required', 'service', `not of ${status}`, status),
  ),
  guessed('optional', 'cache', 'of any status with public', 599, control('public')),
  { ...second('chosen', 'service', 'a tenth of 5 seconds', [modified(-5), dated()]), cache: GUESSING },
  { ...second('chosen', 'service', 'a tenth of 30 seconds', [modified(-30), dated()]), cache: GUESSING },
  { ...second('chosen', 'cache', 'a tenth of 5 minutes', [modified(-300), dated()]), cache: GUESSING },
]);

check('which statuses are kept', [
  ...[200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599].flatMap(
    (status) => [
      second('optional', 'cache', `${status} with max-age`, [control('max-age=100000'), dated()], { status }),
      second(
        'required',
        'service',
        `not ${status} that has expired`,
        [expires(-5_000), modified(-100_000), dated()],
        {
          status,
        },
      ),
    ],
  ),
  second('required', 'service', 'not 206, of which only a part is there', [HOUR], { status: 206 }),
  second(
    'required',
    'service',
    'not an unknown one with must-understand',
    [control('max-age=3600, no-store, must-understand')],
    { status: 599 },
  ),
  second('optional', 'cache', 'a known one with must-understand, although no-store', [
    control('max-age=3600, no-store, must-understand'),
  ]),
]);

const asked = (
  level: Level,
  from: Source,
  what: string,
  fields: readonly Field[],
  asking: Field,
  after = 3,
): Case => ({
  level,
  what,
  steps: [first(fields), get(from, { after, asking: [asking] })],
});
check('what Cache-Control of a request says', [
  asked('optional', 'service', 'max-age=0', [HOUR, dated()], control('max-age=0')),
  asked('optional', 'service', 'max-age=1', [HOUR, dated()], control('max-age=1')),
  asked('optional', 'service', 'max-age below Age', [HOUR, age('1800')], control('max-age=600')),
  asked('optional', 'cache', 'max-stale', [control('max-age=2'), dated()], control('max-stale=1000')),
  asked(
    'optional',
    'cache',
    'max-stale, by Age',
    [control('max-age=1500'), age('2000')],
    control('max-stale=1000'),
  ),
  asked(
    'required',
    'service',
    'max-stale, but must-revalidate',
    [control('max-age=2, must-revalidate')],
    control('max-stale'),
  ),
  asked('optional', 'service', 'min-fresh', [control('max-age=1500')], control('min-fresh=2000'), 0),
  asked(
    'optional',
    'service',
    'min-fresh, by Age',
    [control('max-age=1500'), age('1000')],
    control('min-fresh=1000'),
    0,
  ),
  asked('optional', 'service', 'no-cache', [HOUR], control('no-cache')),
  asked(
    'optional',
    'asked cache',
    'no-cache with Last-Modified',
    [HOUR, modified(-10_000)],
    control('no-cache'),
  ),
  asked('optional', 'asked cache', 'no-cache with an ETag', [HOUR, etag()], control('no-cache')),
  asked(
    'chosen',
    'cache',
    'no-store: nothing new is kept, but a fresh answer given',
    [HOUR],
    control('no-store'),
  ),
  {
    level: 'required',
    what: 'no-store: its answer is not kept',
    steps: [{ ...first([HOUR]), asking: [control('no-store')] }, get('service')],
  },
  {
    level: 'optional',
    what: 'only-if-cached without a stored answer',
    steps: [get('cache', { asking: [control('only-if-cached')], status: 504 })],
  },
  asked('chosen', 'service', 'Pragma: no-cache of a request counts', [HOUR], ['Pragma', 'no-cache']),
  asked('chosen', 'cache', 'other Pragma of a request does not', [HOUR], ['Pragma', 'other']),
  second('chosen', 'cache', 'Pragma of an answer does not', [HOUR, ['Pragma', 'no-cache']]),
  {
    ...second('chosen', 'cache', 'Pragma of an answer that is fresh by Last-Modified does not', [
      dated(),
      modified(-10_000),
      ['Pragma', 'no-cache'],
    ]),
    cache: GUESSING,
  },
]);

const varying = (
  level: Level,
  from: Source,
  what: string,
  vary: readonly string[],
  one: readonly Field[],
  other: readonly Field[],
): Case => ({
  level,
  what,
  steps: [
    first([control('max-age=5000'), dated(), ...vary.map((value): Field => ['Vary', value])], {}, one),
    get(from, { asking: other }),
  ],
});
const FOO: Field = ['Foo', '1'];
const BAR: Field = ['Bar', 'abc'];
const BAZ: Field = ['Baz', '789'];
check('Vary', [
  varying('optional', 'cache', 'the same value', ['Foo'], [FOO], [FOO]),
  varying('required', 'service', 'another value', ['Foo'], [FOO], [['Foo', '2']]),
  varying('required', 'service', 'a value where there was none', ['Foo'], [], [FOO]),
  varying('required', 'service', 'none where there was a value', ['Foo'], [FOO], []),
  varying('optional', 'cache', 'other fields do not matter', ['Foo'], [FOO, ['X', '2']], [FOO, ['X', '3']]),
  varying('optional', 'cache', 'two fields, both the same', ['Foo, Bar'], [FOO, BAR], [FOO, BAR]),
  varying(
    'required',
    'service',
    'two fields, one of them other',
    ['Foo, Bar'],
    [FOO, BAR],
    [['Foo', '2'], BAR],
  ),
  varying('required', 'service', 'two fields, none given', ['Foo, Bar'], [FOO, BAR], []),
  varying('optional', 'cache', 'three fields', ['Foo, Bar, Baz'], [FOO, BAR, BAZ], [FOO, BAR, BAZ]),
  varying('optional', 'cache', 'fields in another order', ['Foo, Bar'], [FOO, BAR], [BAR, FOO]),
  varying(
    'required',
    'service',
    'three fields, one other',
    ['Foo, Bar, Baz'],
    [FOO, BAR, BAZ],
    [FOO, BAZ, ['Bar', 'x']],
  ),
  varying('optional', 'cache', 'a field that neither has', ['Foo, Bar, Baz'], [FOO, BAZ], [FOO, BAZ]),
  {
    level: 'optional',
    what: 'two variants are kept side by side',
    steps: [
      first([HOUR, ['Vary', 'Foo'], ['A', '1']], {}, [FOO]),
      { ...first([HOUR, ['Vary', 'Foo'], ['A', '2']], {}, [['Foo', '2']]) },
      get('cache', { asking: [FOO], has: [['A', '1']] }),
    ],
  },
  varying(
    'optional',
    'cache',
    'a list in two fields is the same list',
    ['Foo'],
    [['Foo', '1, 2']],
    [FOO, ['Foo', '2']],
  ),
  varying('left out', 'service', 'blanks within a list', ['Foo'], [['Foo', '1,2']], [['Foo', '1, 2']]),
  ...['de, en', 'eN, De', 'en ,   de', 'fr;q=0.5, de;q=1.0'].map((value) =>
    varying(
      'left out',
      'service',
      `languages that mean the same: ${value}`,
      ['Accept-Language'],
      [['Accept-Language', 'en, de']],
      [['Accept-Language', value]],
    ),
  ),
  ...[['*'], ['*, *'], ['*', '*'], [', *'], ['', '*'], ['*, Foo'], ['Foo, *']].map((vary) =>
    varying('required', 'service', `by everything: ${JSON.stringify(vary)}`, vary, [FOO, BAZ], [FOO, BAZ]),
  ),
]);

const own = (level: Level, what: string, stored: readonly Field[], asking: readonly Field[]): Case => ({
  level,
  what,
  steps: [
    first([HOUR, dated(), ...stored]),
    get('service', { after: 3, asking, sends: asking, answer: { status: 304 }, status: 304 }),
    get('cache'),
  ],
});
check('validation', [
  own(
    'left out',
    'an own If-Modified-Since goes to the service',
    [modified(-3_000)],
    [['If-Modified-Since', at(-3_000)]],
  ),
  own('left out', 'an own If-None-Match goes to the service', [etag()], [['If-None-Match', '"a"']]),
  own('left out', 'a list of its own goes to the service', [etag()], [['If-None-Match', '"x", "a"']]),
  own('left out', 'a tag without quotes goes to the service as it is', [etag('a')], [['If-None-Match', 'a']]),
  second('optional', 'asked cache', 'by Last-Modified', [control('max-age=2'), modified(-3_000)]),
  ...['"a"', 'W/"a"'].map(
    (tag): Case => ({
      level: 'optional',
      what: `by an ETag of ${tag}`,
      steps: [
        first([control('max-age=2'), etag(tag)]),
        get('asked cache', { after: 3, sends: [['If-None-Match', tag]], status: 200 }),
      ],
    }),
  ),
  {
    level: 'chosen',
    what: 'by an ETag without quotes, as it is',
    steps: [
      first([control('max-age=2'), etag('a')]),
      get('asked cache', { after: 3, sends: [['If-None-Match', 'a']] }),
    ],
  },
  {
    level: 'required',
    what: 'with the fields that Vary names',
    steps: [
      first([expires(1), etag(), ['Vary', 'Foo']], {}, [FOO]),
      get('asked cache', { after: 3, asking: [FOO], sends: [FOO] }),
    ],
  },
  {
    level: 'left out',
    what: 'by the ETag of another variant',
    steps: [first([HOUR, etag(), ['Vary', 'Foo']], {}, [FOO]), get('service', { asking: [['Foo', '2']] })],
  },
]);

const stores = (level: Level, [name, value]: Field): Case => ({
  level,
  what: name,
  steps: [first([dated(), HOUR, [name, value]]), get('cache', { after: 3, has: [[name, value]] })],
});
const drops = (
  what: string,
  fields: readonly Field[],
  lacks: readonly string[],
  has: readonly Field[] = [],
): Case => ({
  level: 'required',
  what,
  steps: [first([dated(), HOUR, ...fields]), get('cache', { after: 3, lacks, has })],
});
check('which fields are kept', [
  drops(
    'not those that Connection names',
    [
      ['Connection', 'a, B'],
      ['A', '1'],
      ['b', '2'],
      ['c', '3'],
    ],
    ['a', 'b', 'connection'],
    [['c', '3']],
  ),
  ...[
    'Connection',
    'Keep-Alive',
    'Proxy-Authenticate',
    'Proxy-Authentication-Info',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
  ].map((name) => drops(`not ${name}`, [[name, 'x']], [name])),
  ...(
    [
      ['Test-Header', 'x'],
      ['X-Test-Header', 'x'],
      ['Content-Foo', 'x'],
      ['X-Content-Foo', 'x'],
      ['Content-Encoding', 'x'],
      ['Content-Length', '1'],
      ['Content-Location', '/bar'],
      ['Content-MD5', 'N7UdGUp1E+RbVvZSTy1R8g=='],
      ['Content-Range', 'x'],
      ['Content-Security-Policy', "default-src 'self'"],
      ['Content-Type', 'text/plain;charset=utf-8'],
      ['Clear-Site-Data', 'cookies'],
      ['ETag', '"g"'],
      ['Expires', 'Mon, 11 Jan 2038 11:11:11 GMT'],
      ['Public-Key-Pins', 'x'],
      ['Set-Cookie', 'a=c'],
      ['Set-Cookie2', 'a=c'],
      ['X-Frame-Options', 'deny'],
      ['X-XSS-Protection', '1'],
    ] as const
  ).map((field) => stores('required', field)),
]);

const updates = (level: Level, name: string, old: string, newer: string, expected: string): Case => ({
  level,
  what: name,
  steps: [
    first([control('max-age=2'), etag(), [name, old]]),
    get('asked cache', {
      after: 3,
      answer: { fields: [control('max-age=60'), [name, newer]] },
      has: [[name, expected]],
    }),
    get('cache', { has: [[name, expected]] }),
  ],
});
check('what a 304 changes', [
  {
    level: 'required',
    what: 'not a field that it lacks',
    steps: [
      first([control('max-age=2'), modified(0), ['A', '1']]),
      get('asked cache', { after: 3, has: [['A', '1']] }),
    ],
  },
  ...['Test-Header', 'X-Test-Header', 'Content-Foo', 'X-Content-Foo'].map((name) =>
    updates('required', name, 'old', 'new', 'new'),
  ),
  {
    level: 'required',
    what: 'Cache-Control',
    steps: [
      first([control('max-age=1'), etag()]),
      get('asked cache', { after: 3, answer: { fields: [HOUR] }, has: [HOUR] }),
      get('cache', { after: 3, has: [HOUR] }),
    ],
  },
  updates('required', 'Content-Length', '1', '10', '1'),
  ...['Content-Encoding', 'Content-Range', 'Content-Type'].map((name) =>
    updates('chosen', name, 'old', 'new', 'old'),
  ),
  ...[
    'Content-Location',
    'Content-MD5',
    'Content-Security-Policy',
    'Clear-Site-Data',
    'Set-Cookie',
    'X-Frame-Options',
  ].map((name) => updates('chosen', name, 'old', 'new', 'new')),
  updates('chosen', 'Expires', at(1), at(100), at(100)),
  {
    level: 'required',
    what: 'nothing with an ETag of another answer, which is asked for anew',
    steps: [
      first([control('max-age=2'), etag('"a"')]),
      get('service', { after: 3, answer: { fields: [etag('"b"'), HOUR] }, status: 200 }),
    ],
  },
  {
    level: 'required',
    what: 'all the same with a weak ETag of the same name',
    steps: [
      first([control('max-age=2'), etag('"a"'), ['A', '1']]),
      get('asked cache', { after: 3, answer: { fields: [etag('W/"a"'), ['A', '2']] }, has: [['A', '2']] }),
    ],
  },
]);

const afterHead = (level: Level, what: string, answer: Answer, next: Step): Case => ({
  level,
  what,
  steps: [
    first([control('max-age=2'), etag(), ['A', '1']]),
    get('service', {
      method: 'HEAD',
      after: 3,
      answer: { body: '', ...answer },
      status: answer.status ?? 200,
    }),
    next,
  ],
});
check('what a HEAD changes', [
  afterHead('chosen', 'its age, whatever else it says', {}, get('cache')),
  afterHead(
    'optional',
    'how long the stored answer is fresh',
    { fields: [control('max-age=1000')] },
    get('cache'),
  ),
  afterHead(
    'optional',
    'its fields',
    { fields: [control('max-age=1000'), ['A', '2']] },
    get('cache', { has: [['A', '2']] }),
  ),
  afterHead(
    'optional',
    'not the fields that it lacks',
    { fields: [control('max-age=1000')] },
    get('cache', { has: [['A', '1']] }),
  ),
  ...(
    [
      ['another ETag', etag('"b"')],
      ['no-store', control('no-store')],
    ] as const
  ).map(([what, field]) =>
    afterHead('optional', `${what}: the stored answer is dropped`, { fields: [field] }, get('service')),
  ),
  {
    level: 'optional',
    what: 'another length: the stored answer is dropped',
    steps: [
      first([HOUR, ['Content-Length', '1']]),
      get('service', { method: 'HEAD', answer: { fields: [HOUR, ['Content-Length', '2']] } }),
      get('service'),
    ],
  },
  afterHead('chosen', 'nothing, if its status is another', { status: 410 }, get('asked cache')),
]);

const CHANGING = ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH'];
check('what makes stored answers invalid', [
  ...CHANGING.flatMap((method): Case[] => [
    {
      level: 'required',
      what: `${method} that succeeds`,
      steps: [first([HOUR]), get('service', { method }), get('service')],
    },
    {
      level: 'optional',
      what: `not ${method} that fails`,
      steps: [first([HOUR]), get('service', { method, answer: { status: 500 } }), get('cache')],
    },
    ...['Location', 'Content-Location'].map(
      (name): Case => ({
        level: 'optional',
        what: `${method} for what ${name} names`,
        steps: [
          { ...first([HOUR]), path: '/target' },
          get('service', { method, answer: { fields: [[name, 'target']] } }),
          get('service', { path: '/target' }),
        ],
      }),
    ),
    {
      level: 'required',
      what: `not ${method} for another host that Location names`,
      steps: [
        { ...first([HOUR]), path: '/target' },
        get('service', { method, answer: { fields: [['Location', 'http://other.test/target']] } }),
        get('cache', { path: '/target' }),
      ],
    },
  ]),
  {
    level: 'left out',
    what: 'answers to POST are not kept',
    steps: [{ ...first([HOUR]), method: 'POST' }, get('service', { method: 'POST' }), get('service')],
  },
]);

const RANGE: Field = ['Range', 'bytes=0-1'];
check('parts of answers', [
  {
    level: 'left out',
    what: 'a part is not kept',
    steps: [
      { ...first([HOUR, ['Content-Range', 'bytes 0-1/10']], { status: 206, body: '01' }), asking: [RANGE] },
      get('service', { asking: [RANGE], sends: [RANGE], answer: { status: 206 } }),
      get('service'),
    ],
  },
  {
    level: 'left out',
    what: 'a part is not cut out of a stored answer, which stays',
    steps: [
      first([HOUR], { body: '0123456789' }),
      get('service', { asking: [RANGE], sends: [RANGE], answer: { status: 206 }, status: 206 }),
      get('cache'),
    ],
  },
]);

const AUTHORIZATION: Field = ['Authorization', 'Bearer x'];
check('who asks, and what else a stored answer says', [
  ...['max-age=3600', 'max-age=3600, public', 'max-age=3600, must-revalidate'].map(
    (value): Case => ({
      level: 'required',
      what: `credentials keep to themselves with ${value}`,
      steps: [
        first([control(value)], {}, [AUTHORIZATION]),
        get('service'),
        get('cache', { asking: [AUTHORIZATION] }),
      ],
    }),
  ),
  {
    level: 'chosen',
    what: 'so do cookies',
    steps: [first([HOUR]), get('service', { asking: [['Cookie', 'a=b']] }), get('cache')],
  },
  second('optional', 'cache', 'Set-Cookie does not matter', [HOUR, ['Set-Cookie', 'a=b']]),
  {
    level: 'required',
    what: 'Age is there, and grows',
    steps: [first([HOUR, dated()]), get('cache', { after: 3, has: [age('3')] })],
  },
  ...[expires(2_592_000), HOUR].map(
    (fresh): Case => ({
      level: 'required',
      what: `Age goes on from the one of the service, with ${fresh[0]}`,
      steps: [first([fresh, dated(), age('30')]), get('cache', { after: 3, has: [age('33')] })],
    }),
  ),
  {
    level: 'required',
    what: 'Date and Expires stay as they were',
    steps: [first([expires(3_600), dated()]), get('cache', { after: 3, has: [dated(), expires(3_600)] })],
  },
  {
    level: 'required',
    what: 'another query is another resource',
    steps: [{ ...first([HOUR]), path: '/?a=1' }, get('service', { path: '/?a=2' })],
  },
  {
    level: 'optional',
    what: 'the same query is the same',
    steps: [{ ...first([HOUR]), path: '/?a=1' }, get('cache', { path: '/?a=1' })],
  },
  second('chosen', 'cache', 'Content-Disposition does not matter', [
    HOUR,
    ['Content-Disposition', 'attachment'],
  ]),
]);

describe('interim answers', () => {
  it('required: are neither kept nor leave fields in what is kept', async () => {
    const server = await newServer((socket) =>
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nX-Hint: a\r\nCache-Control: no-store\r\n\r\n' +
          'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nhi',
      ),
    );
    const client = newClient({ hosts: { '*': { cache: {} } } });
    expect(answerOf(await client.get(server.origin)).header('x-hop')).toBe('1');
    const stored = answerOf(await client.get(server.origin));
    expect([stored.text, stored.header('x-hint'), stored.header('x-hop')]).toEqual([
      'hi',
      undefined,
      undefined,
    ]);
    expect(server.requests).toHaveLength(1);
  });
});
