import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  type CacheOptions,
  type HttpRequest,
  type Outcome,
  ResponseOutcome,
  TlsClientDomain,
} from '../../../src/rest/index.ts';
import { parseCacheControl, timeOf } from '../../../src/rest/policies/cache-control.ts';
import { createAuthority } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { answerOf, newClient, newServer, newShared, textOf } from '../fixture.ts';
import { fieldValues, reply } from '../raw-server.ts';
import { ended, type Simulation, simulate } from './simulated.ts';

type Field = readonly [name: string, value: string];
const MINUTE = 60_000;
const date = (at: number): string => new Date(at).toUTCString();

/** A service that answers with the number of the request, and these fields. */
function numbered(cache: CacheOptions, ...headers: readonly Field[]): Simulation {
  let number = 0;
  return simulate({ cache }, () => ResponseOutcome.of({ headers, body: String(++number) }));
}

const fieldOf = ({ headers: { fields } }: HttpRequest, name: string): string | undefined => {
  const at = fields.findIndex((field, i) => i % 2 === 0 && field.toLowerCase() === name);
  return at < 0 ? undefined : fields[at + 1];
};
const texts = async (...outcomes: readonly Promise<Outcome>[]): Promise<string[]> =>
  (await Promise.all(outcomes)).map(textOf);

describe('freshness (RFC 9111, section 4.2)', () => {
  const start = Date.UTC(2026, 0, 1);

  it.each<[what: string, fields: readonly Field[], fresh: number | null]>([
    ['max-age', [['Cache-Control', 'max-age=60']], 60],
    ['quoted', [['Cache-Control', 'max-age="60"']], 60],
    [
      'any case, blanks and unknown directives',
      [['Cache-Control', 'x=", max-age=5", Max-AGE=60 , immutable']],
      60,
    ],
    [
      'two fields',
      [
        ['Cache-Control', 'private'],
        ['cache-control', 'max-age=60'],
      ],
      60,
    ],
    ['the shorter of two', [['Cache-Control', 'max-age=60, max-age=7']], 7],
    ['not s-maxage', [['Cache-Control', 's-maxage=60']], null],
    ['max-age before s-maxage', [['Cache-Control', 's-maxage=5, max-age=60']], 60],
    ['0', [['Cache-Control', 'max-age=0']], null],
    ['a negative number', [['Cache-Control', 'max-age=-1']], null],
    ['a fraction', [['Cache-Control', 'max-age=60.5']], null],
    ['a word', [['Cache-Control', 'max-age=soon']], null],
    ['a number beyond all', [['Cache-Control', `max-age=${'9'.repeat(30)}`]], 2_147_483_648],
    ['Expires', [['Expires', date(start + MINUTE)]], 60],
    [
      'Expires by Date',
      [
        ['Date', date(start - MINUTE)],
        ['Expires', date(start)],
      ],
      null,
    ],
    [
      'max-age before Expires',
      [
        ['Cache-Control', 'max-age=7'],
        ['Expires', date(start + MINUTE)],
      ],
      7,
    ],
    ['Expires of 0', [['Expires', '0']], null],
    ['Expires without a date', [['Expires', 'tomorrow']], null],
    [
      'Age',
      [
        ['Cache-Control', 'max-age=60'],
        ['Age', '50'],
      ],
      10,
    ],
    [
      'Age as a list',
      [
        ['Cache-Control', 'max-age=60'],
        ['Age', '50, 7'],
      ],
      10,
    ],
    [
      'Age of a word',
      [
        ['Cache-Control', 'max-age=60'],
        ['Age', 'old'],
      ],
      60,
    ],
    [
      'Date in the past',
      [
        ['Cache-Control', 'max-age=60'],
        ['Date', date(start - 50_000)],
      ],
      10,
    ],
    [
      'Date in the future',
      [
        ['Cache-Control', 'max-age=60'],
        ['Date', date(start + MINUTE)],
      ],
      60,
    ],
    ['nothing', [], null],
    ['Last-Modified alone', [['Last-Modified', date(start - 100 * MINUTE)]], null],
    ['no-store', [['Cache-Control', 'no-store, max-age=60']], null],
    ['no-cache', [['Cache-Control', 'no-cache, max-age=60']], null],
    ['private', [['Cache-Control', 'private, max-age=60']], 60],
    ['must-revalidate', [['Cache-Control', 'must-revalidate, max-age=60']], 60],
    ['no-store with must-understand', [['Cache-Control', 'no-store, must-understand, max-age=60']], 60],
    [
      'Vary: *',
      [
        ['Cache-Control', 'max-age=60'],
        ['Vary', 'accept, *'],
      ],
      null,
    ],
    [
      'Vary by more than is sensible',
      [
        ['Cache-Control', 'max-age=60'],
        ['Vary', Array.from({ length: 30 }, (_, i) => `x-${i}`).join()],
      ],
      null,
    ],
  ])('by %s', async (_, fields, fresh) => {
    const { ask, clock } = numbered({}, ...fields);
    expect(textOf(await ask())).toBe('1');
    if (fresh !== null) {
      clock.advance(fresh * 1_000 - 1);
      const stored = answerOf(await ask());
      expect([stored.text, stored.kind === 'response' && stored.fromCache]).toEqual(['1', true]);
      expect(Number(stored.header('age'))).toBeGreaterThanOrEqual(Math.min(fresh, 60) - 1);
      clock.advance(1);
    }
    const next = await ask();
    expect(textOf(next)).toBe('2');
    expect(next.kind === 'response' && next.fromCache).toBe(false);
  });

  it('includes the time in transit', async () => {
    const headers: Field[] = [
      ['Cache-Control', 'max-age=60'],
      ['Age', '10'],
    ];
    const simulation = simulate({ cache: {} }, async (_, clock) => {
      await new Promise<void>((resolve) => clock.setTimer(5_000, resolve));
      return ResponseOutcome.of({ headers });
    });
    await ended(simulation.ask(), simulation);
    const age = answerOf(await simulation.ask()).header('age');
    expect(age).toBe('15');
  });

  it('may be a share of the age by Last-Modified, if configured', async () => {
    const { ask, clock } = numbered({ heuristic: 10, maxHeuristic: 5 * MINUTE }, [
      'Last-Modified',
      date(start - 30 * MINUTE),
    ]);
    await ask();
    clock.advance(3 * MINUTE - 1);
    expect(textOf(await ask())).toBe('1');
    clock.advance(1);
    expect(textOf(await ask())).toBe('2');
  });

  it.each([
    [200, true],
    [404, true],
    [301, true],
    [503, true],
    [206, false],
    [304, false],
    [299, true],
    [599, true],
  ])('of an answer with status %i: %s', async (status, kept) => {
    const headers: Field[] = [['Cache-Control', 'max-age=60']];
    const { ask, sent } = simulate({ cache: {} }, () => ResponseOutcome.of({ status, headers }));
    await ask();
    expect((await ask()).retcode).toBe(status);
    expect(sent).toHaveLength(kept ? 1 : 2);
  });

  it.each([
    ['no-cache', 2],
    ['no-store', 1],
    ['max-age=29', 2],
    ['max-age=31', 1],
    ['min-fresh=29', 1],
    ['min-fresh=31', 2],
    ['max-stale', 1],
  ])('is what a request with %s accepts', async (asked, number) => {
    const { ask, clock } = numbered({}, ['Cache-Control', 'max-age=60']);
    await ask();
    clock.advance(30_000);
    const headers = { 'Cache-Control': asked };
    expect(textOf(await ask('GET', undefined, { headers }))).toBe(String(number));
  });

  it('may be exceeded as far as a request allows, or only-if-cached', async () => {
    const only = { headers: { 'Cache-Control': 'only-if-cached' } };
    const stale = (time: string) => ({ headers: { 'Cache-Control': `max-stale${time}` } });
    const { ask, clock, sent } = numbered({}, ['Cache-Control', 'max-age=60']);
    expect((await ask('GET', undefined, only)).retcode).toBe(504);
    await ask();
    expect(textOf(await ask('GET', undefined, only))).toBe('1');
    clock.advance(90_000);
    expect(textOf(await ask('GET', undefined, stale('=30')))).toBe('1');
    expect(textOf(await ask('GET', undefined, stale('')))).toBe('1');
    expect(textOf(await ask('GET', undefined, stale('=29')))).toBe('2');
    expect(sent).toHaveLength(2);
    expect(textOf(await ask('GET', undefined, { headers: { Pragma: 'no-cache' } }))).toBe('3');
  });
});

describe('validation (section 4.3)', () => {
  function validating(...first: readonly Field[]) {
    const seen: (string | undefined)[] = [];
    const simulation = simulate({ cache: {} }, (request) => {
      seen.push(fieldOf(request, 'if-none-match') ?? fieldOf(request, 'if-modified-since'));
      return simulation.sent.length === 1
        ? ResponseOutcome.of({ headers: [...first, ['X-Old', 'yes'], ['Content-Type', 'a/b']], body: 'kept' })
        : ResponseOutcome.of({
            status: 304,
            headers: [
              ['Cache-Control', 'max-age=60'],
              ['X-Old', 'new'],
              ['Content-Type', 'c/d'],
            ],
          });
    });
    return { simulation, seen };
  }

  it('uses ETag or Last-Modified, and updates the fields from a 304', async () => {
    for (const [fields, validator] of [
      [
        [
          ['ETag', '"a"'],
          ['Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT'],
        ],
        '"a"',
      ],
      [
        [
          ['ETag', 'W/"a"'],
          ['Cache-Control', 'no-cache'],
        ],
        'W/"a"',
      ],
      [[['Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT']], 'Thu, 01 Jan 2026 00:00:00 GMT'],
    ] as const) {
      const { simulation, seen } = validating(...fields);
      await simulation.ask();
      const outcome = answerOf(await simulation.ask());
      expect(seen).toEqual([undefined, validator]);
      expect([outcome.status, outcome.text, outcome.header('x-old'), outcome.contentType]).toEqual([
        200,
        'kept',
        'new',
        'a/b',
      ]);
      expect(textOf(await simulation.ask())).toBe('kept');
      expect(simulation.sent).toHaveLength(2);
    }
  });

  it('removes answers that a 304 does not match or a full answer replaces', async () => {
    const { ask, sent } = simulate({ cache: {} }, (request) => {
      if (fieldOf(request, 'if-none-match') === '"a"')
        return ResponseOutcome.of({ status: 304, headers: [['ETag', '"b"']] });
      const first = sent.length === 1;
      return ResponseOutcome.of({
        headers: [
          ['ETag', first ? '"a"' : '"c"'],
          ...(first ? [] : [['Cache-Control', 'max-age=9'] as const]),
        ],
        body: first ? 'one' : 'two',
      });
    });
    await ask();
    expect([textOf(await ask()), textOf(await ask()), sent.length]).toEqual(['two', 'two', 3]);
  });

  it('leaves requests with their own conditions or a range alone', async () => {
    const { ask, sent } = numbered({}, ['Cache-Control', 'max-age=60'], ['ETag', '"a"']);
    await ask();
    for (const headers of [
      { 'If-None-Match': '"x"' },
      { Range: 'bytes=0-1' },
      { 'If-Modified-Since': 'x' },
    ] as const)
      await ask('GET', undefined, { headers });
    expect(sent).toHaveLength(4);
    expect(textOf(await ask())).toBe('1');
  });
});

describe('stale answers', () => {
  it('are used while they are validated in the background, once', async () => {
    const { ask, clock, sent } = numbered({}, ['Cache-Control', 'max-age=60, stale-while-revalidate=30']);
    await ask();
    clock.advance(70_000);
    expect(await texts(ask(), ask(), ask())).toEqual(['1', '1', '1']);
    await new Promise(setImmediate);
    expect([textOf(await ask()), sent.length]).toEqual(['2', 2]);
    clock.advance(91_000);
    expect(textOf(await ask())).toBe('3');
  });

  it.each([
    ['by the answer', {}, 'max-age=60, stale-if-error=300', true],
    ['by the operator', { staleIfError: 300_000 }, 'max-age=60', true],
    ['by the operator, without any word of the service', { staleIfError: 300_000 }, 'x', true],
    ['not by itself', {}, 'max-age=60', false],
    ['not against must-revalidate', { staleIfError: 300_000 }, 'max-age=60, must-revalidate', false],
    ['not against no-cache', { staleIfError: 300_000 }, 'no-cache', false],
  ] as const)('are given where the service fails, %s', async (_, cache, control, given) => {
    for (const failure of [ResponseOutcome.of({ status: 503 }), ResponseOutcome.of({ status: 500 })]) {
      let fails = false;
      const headers: Field[] = [['Cache-Control', control]];
      const { ask, clock } = simulate({ cache }, () =>
        fails ? failure : ResponseOutcome.of({ headers, body: 'old' }),
      );
      await ask();
      fails = true;
      clock.advance(200_000);
      expect((await ask()).retcode).toBe(given ? 200 : failure.status);
      clock.advance(400_000);
      expect((await ask()).retcode).toBe(failure.status);
    }
  });

  it('are used when the service is down, and when its circuit breaker is open', async () => {
    const server = await newServer((socket) => socket.write(reply('old')));
    const host = { cache: { staleIfError: 300_000 }, breaker: { minimum: 1, openTime: 60_000 } };
    const client = newClient({ hosts: { '*': host } });
    expect(textOf(await client.get(server.origin))).toBe('old');
    await server.close();
    for (let i = 0; i < 3; i++)
      expect(await client.get(server.origin)).toMatchObject({ status: 200, fromCache: true, text: 'old' });
    expect((await client.get(`${server.origin}/other`)).kind).toBe('blocked');
    expect((await client.get(server.origin, { signal: AbortSignal.abort() })).kind).not.toBe('blocked');
  });
});

describe('the key of a stored answer', () => {
  it('includes the fields that Vary names', async () => {
    const { ask, sent } = numbered({}, ['Cache-Control', 'max-age=60'], ['Vary', 'Accept-Language, x-other']);
    const by = (language: string) => ask('GET', undefined, { headers: { 'accept-language': language } });
    expect([
      textOf(await by('de')),
      textOf(await by('fr')),
      textOf(await by('de')),
      textOf(await ask()),
    ]).toEqual(['1', '2', '1', '3']);
    for (let i = 0; i < 200; i++) await by(`x-${i}`);
    expect(sent).toHaveLength(203);
    expect(textOf(await by('x-199'))).toBe('203');
    expect(textOf(await by('x-1'))).toBe('204'); // 32 variants of one path at most
  });

  it('includes the credentials, whatever Vary says', async () => {
    const { ask } = numbered({}, ['Cache-Control', 'max-age=60, public']);
    const by = (headers: Record<string, string>, url?: string) => ask('GET', url, { headers });
    const asks = [
      () => by({}),
      () => by({ Authorization: 'Bearer a' }),
      () => by({ Authorization: 'Bearer b' }),
      () => by({ Cookie: 'a=1' }),
      () => by({ Host: 'poison.test' }),
      () => by({}, 'http://user:secret@credit.test/'),
      () => by({}, 'http://credit.test:81/'),
      () => by({}, 'https://credit.test/'),
      () => by({}, 'http://credit.test/?'),
    ];
    const first: string[] = [];
    for (const one of asks) first.push(textOf(await one()));
    expect(new Set(first).size).toBe(asks.length);
    for (const [i, one] of asks.entries()) expect(textOf(await one())).toBe(first[i]);
  });

  it('includes how the server is verified', async () => {
    const simulation = numbered({}, ['Cache-Control', 'max-age=60']);
    const { ask, shared } = simulation;
    const one = new TlsClientDomain({ name: 'one' });
    expect(await texts(ask(), ask('GET', undefined, { tlsDomain: one }))).toEqual(['1', '2']);
    expect(textOf(await ask('GET', undefined, { tlsDomain: one }))).toBe('2');
    const secure = () => ask('GET', 'https://credit.test/');
    expect(textOf(await secure())).toBe('3');
    shared.rereadCertificates();
    expect(await texts(ask(), secure())).toEqual(['1', '3']);
    const file = join(temporaryFolder('ca'), 'more.pem');
    writeFileSync(file, createAuthority().cert);
    vi.stubEnv('NODE_EXTRA_CA_CERTS', file);
    expect(textOf(await secure())).toBe('3');
    shared.rereadCertificates();
    expect(await texts(ask(), secure())).toEqual(['1', '4']);
    vi.unstubAllEnvs();
  });

  it('is valid until an unsafe method succeeds', async () => {
    let status = 200;
    const headers: Field[] = [
      ['Cache-Control', 'max-age=60'],
      ['Content-Location', '/b?x'],
      ['Location', 'http://other.test/c'],
    ];
    const { ask, sent } = simulate({ cache: {} }, () =>
      ResponseOutcome.of({ status, headers, body: String(sent.length) }),
    );
    const paths = ['/a', '/b?x', '/c'].map((path) => `http://credit.test${path}`);
    for (const path of paths) await ask('GET', path);
    status = 404;
    await ask('POST', paths[0]);
    status = 200;
    expect(textOf(await ask('GET', paths[0]))).toBe('1');
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'X']) {
      await ask(method, paths[0]);
      const before = sent.length;
      await texts(...paths.map((path) => ask('GET', path)));
      expect([method, sent.length - before]).toEqual([method, 2]);
    }
    await ask('OPTIONS', paths[0]);
    await ask('HEAD', paths[0]);
    const before = sent.length;
    await ask('GET', paths[0]);
    expect(sent).toHaveLength(before);
  });
});

describe('the cache of a host', () => {
  it('is bounded in bytes, and evicts the least recently used answers', async () => {
    const body = 'x'.repeat(8_000);
    const headers: Field[] = [['Cache-Control', 'max-age=600']];
    const { ask, sent, shared } = simulate({ cache: { maxBytes: 30_000, maxEntryBytes: 9_000 } }, (request) =>
      ResponseOutcome.of({ headers, body: request.path === '/huge' ? 'x'.repeat(9_001) : body }),
    );
    const get = async (path: string): Promise<boolean> => {
      const before = sent.length;
      await ask('GET', `http://credit.test${path}`);
      return sent.length === before;
    };
    expect([await get('/1'), await get('/2'), await get('/3')]).toEqual([false, false, false]);
    expect([await get('/1'), await get('/4'), await get('/1'), await get('/2')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([await get('/huge'), await get('/huge')]).toEqual([false, false]);
    expect(shared.states.cached.used).toBeLessThanOrEqual(30_000);
    for (let i = 0; i < 2_000; i++) await ask('GET', `http://credit.test:${i + 1}/`);
    // a host that is forgotten frees what it took
    expect(shared.states.cached.used).toBeLessThanOrEqual(1_000 * 30_000);
    expect(shared.states.caches.size).toBe(1_000);
  });

  it('gives each caller its own copy of the body', async () => {
    const { ask } = numbered({}, ['Cache-Control', 'max-age=60']);
    await ask();
    answerOf(await ask()).body.fill(0);
    expect(textOf(await ask())).toBe('1');
  });

  it('survives a reload that does not change it, and is shared by clients', async () => {
    const server = await newServer((socket) => socket.write(reply('x', 'Cache-Control: max-age=60\r\n')));
    const shared = newShared();
    const cache = { heuristic: 1 };
    for (let i = 0; i < 3; i++) await newClient({ shared, hosts: { '*': { cache } } }).get(server.origin);
    expect(server.requests).toHaveLength(1);
    await newClient({ shared, hosts: { '*': { cache: {} } } }).get(server.origin);
    await newClient({ shared, hosts: { '*': { cache } }, tls: { verifyPeer: false } }).get(server.origin);
    expect(server.requests).toHaveLength(3);
  });
});

describe('identical concurrent requests', () => {
  it('are sent once, each with its own time limit and signal', async () => {
    const held: (() => void)[] = [];
    const server = await newServer((socket, { target }) => held.push(() => socket.write(reply(target))));
    const client = newClient({ hosts: { '*': { cache: {} } }, timeout: 60_000 });
    const end = new AbortController();
    const aborted = client.get(server.origin, { signal: end.signal });
    const short = client.get(server.origin, { timeout: 30 });
    const others = [1, 2, 3].map(() => client.get(server.origin));
    const different = client.get(server.origin, { headers: { 'X-Other': '1' } });
    await until(() => held.length === 2);
    end.abort();
    expect(await aborted).toMatchObject({ kind: 'error', code: 'aborted' });
    expect((await short).kind).toBe('timeout');
    for (const answer of held.splice(0)) answer();
    expect((await Promise.all([...others, different])).map(({ rc }) => rc)).toEqual([1, 1, 1, 1]);
    expect(server.requests.map((request) => fieldValues(request, 'x-other'))).toEqual([[], ['1']]);
  });

  it('are resent for the others if the first runs out of time', async () => {
    let silent = true;
    const server = await newServer((socket) => silent || socket.write(reply('x')));
    const client = newClient({ hosts: { '*': { cache: {} } }, timeout: 60_000 });
    const first = client.get(server.origin, { timeout: 50 });
    const others = [client.get(server.origin), client.get(server.origin)];
    await until(() => server.requests.length === 1);
    silent = false;
    expect((await first).kind).toBe('timeout');
    expect((await Promise.all(others)).map(({ rc }) => rc)).toEqual([1, 1]);
    expect(server.requests).toHaveLength(2);
  });

  it('share a timeout that is not their own, such as that of one attempt', async () => {
    const server = await newServer(() => {});
    const host = { cache: {}, retry: { count: 0, attemptTimeout: 100 } };
    const client = newClient({ hosts: { '*': host }, timeout: 60_000 });
    const outcomes = await Promise.all([1, 2, 3].map(() => client.get(server.origin)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['timeout', 'timeout', 'timeout']);
    expect(server.requests).toHaveLength(1);
  });

  it('are aborted when nobody waits for them any more', async () => {
    const server = await newServer(() => {});
    const client = newClient({ hosts: { '*': { cache: {} } }, timeout: 60_000 });
    const ends = [new AbortController(), new AbortController()];
    const outcomes = ends.map(({ signal }) => client.get(server.origin, { signal }));
    await until(() => server.requests.length === 1);
    for (const end of ends) end.abort();
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(['error', 'error']);
    await until(() => server.sockets.size === 0);
    expect(client.active).toBe(0);
  });
});

describe('Cache-Control', () => {
  it.each([
    ['max-age=5,private', 5_000],
    [',,  max-age=5 ;x, y', null],
    ['private="a, max-age=7"; broken, max-age=5', 5_000],
    ['max-age="5', null],
    ['max-age = 5', null],
    ['"max-age=5"', null],
    ['max-age', 0],
  ])('%s has a max-age of %s ms', (text, milliseconds) => {
    expect(timeOf(parseCacheControl(text), 'max-age')).toBe(milliseconds);
  });
});
