import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RestClient, type RestClientOptions, RestOptionError } from '../../src/rest/index.ts';
import { CLIENT_OPTIONS, TLS_OPTIONS } from '../../src/rest/options.ts';
import { readOptions } from '../../src/rest/settings.ts';

/** What a program without types may write. */
const untyped = (options: unknown) => () => new RestClient(options as RestClientOptions);

describe('the options of a client', () => {
  it('have these defaults', () => {
    expect(readOptions({})).toMatchObject({
      timeout: 20_000,
      connectTimeout: 20_000,
      maxBodySize: 10_485_760,
      httpVersion: 'auto',
      tls: { verifyPeer: true, verifyHost: true, caPath: '' },
      tlsDomain: null,
      expect100: false,
      keepAlive: 120_000,
      proxy: 'environment',
      noConcurrentConnects: false,
      lockFreeAge: 0,
    });
  });

  it.each([
    { timeout: 250 * 1000, connectTimeout: 1 },
    { maxBodySize: Number.POSITIVE_INFINITY },
    { tls: { verifyPeer: false } },
    { tls: {} },
    { keepAlive: 0 },
    { httpVersion: '2-prior-knowledge' as const },
  ])('accept %j', (options) => {
    expect(readOptions(options)).toMatchObject(options);
  });

  it.each([
    [{ timeout: 0 }, 'invalid timeout: 0; expected 1 to 2000000000 ms', 'out-of-range'],
    [{ timeout: Number.POSITIVE_INFINITY }, 'invalid timeout: Infinity; expected 1 to', 'out-of-range'],
    [{ timeout: Number.NaN }, 'expected a number of milliseconds', 'wrong-type'],
    [{ timeout: '20' }, 'invalid timeout: "20"; expected a number of milliseconds', 'wrong-type'],
    [{ maxBodySize: 0 }, 'invalid maxBodySize: 0; expected at least 1 bytes', 'out-of-range'],
    [{ maxBodySize: null }, 'expected a number of bytes', 'wrong-type'],
    [
      { httpVersion: '3' },
      `invalid httpVersion: "3"; expected 'auto', '1.0', '1.1', '2', '2-tls'`,
      'wrong-type',
    ],
    [{ httpVersion: 2 }, 'invalid httpVersion: 2', 'wrong-type'],
    [{ tls: { verifyPeer: 1 } }, 'invalid tls.verifyPeer: 1; expected true or false', 'wrong-type'],
    [{ tls: { caPath: 7 } }, 'invalid tls.caPath: 7; expected a string', 'wrong-type'],
    [{ tls: true }, 'invalid tls: true; expected an object', 'wrong-type'],
    [{ tlsDomain: {} }, 'invalid tlsDomain: an object; expected a TlsClientDomain', 'wrong-type'],
    [{ log: 'yes' }, 'invalid log: "yes"; expected a function', 'wrong-type'],
    [{ shared: {} }, 'expected a RestShared', 'wrong-type'],
    [null, 'expected an object', 'wrong-type'],
  ])('refuse %j', (options, message, code) => {
    expect(untyped(options)).toThrow(message);
    expect(untyped(options)).toThrow(expect.objectContaining({ name: 'RestOptionError', code }));
  });

  it.each([
    [
      { curl_timeout: 2 },
      'unknown option "curl_timeout" of a RestClient; use timeout, in milliseconds, instead',
    ],
    [{ curlTimeout: 2 }, 'use timeout, in milliseconds, instead'],
    [{ timeOut: 2 }, 'did you mean timeout?'],
    [{ timout: 2 }, 'did you mean timeout?'],
    [{ timeuot: 2 }, 'did you mean timeout?'],
    [{ max_body_size: 2 }, 'did you mean maxBodySize?'],
    [{ rejectUnauthorized: false }, 'use tls: { verifyPeer } instead'],
    [{ tls: { ca: '' } }, 'unknown option "ca" of tls; expected verifyPeer, verifyHost, caPath'],
    [{ frobnicate: 1 }, 'unknown option "frobnicate" of a RestClient'],
  ])('refuse the unknown %j with a hint', (options, message) => {
    expect(untyped(options)).toThrow(message);
    expect(untyped(options)).toThrow(expect.objectContaining({ code: 'unknown-option' }));
  });

  it('are refused only with RestOptionError', () => {
    const names = [...Object.keys(CLIENT_OPTIONS), 'tls', 'tlsDomain', 'log', 'shared'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
        try {
          untyped({ [name]: value })();
        } catch (error) {
          expect(error).toBeInstanceOf(RestOptionError);
        }
      }),
    );
  });

  it('clamp connectTimeout to timeout, with a warning if it was set explicitly', () => {
    const said: string[] = [];
    const log = (level: string, message: string): number => said.push(`${level} ${message}`);
    expect(readOptions({ timeout: 1_000, connectTimeout: 9_000, log }).connectTimeout).toBe(1_000);
    expect(said).toEqual([
      'warning connectTimeout (9000 ms) is above timeout (1000 ms), which is used instead',
    ]);
    expect(readOptions({ timeout: 1_000, log }).connectTimeout).toBe(1_000);
    expect(said).toHaveLength(1);
  });

  it('have one row each in a table with default and range', () => {
    for (const spec of Object.values({ ...CLIENT_OPTIONS, ...TLS_OPTIONS })) {
      expect(spec.doc).toMatch(/\.$/);
      if (spec.type === 'number') expect(spec.default).toBeGreaterThanOrEqual(spec.min);
    }
  });
});

describe('a RestClient', () => {
  it('rejects only for programming errors', async () => {
    const client = new RestClient();
    await expect(client.get(7 as unknown as string)).rejects.toThrow(RestOptionError);
    await expect(client.post('http://127.0.0.1/', 7 as unknown as string)).rejects.toThrow(RestOptionError);
    await expect(client.get('http://127.0.0.1/', { timeout: 0 })).rejects.toThrow('invalid timeout: 0');
    await expect(client.get('http://127.0.0.1/', { headers: { 'X A': 'b' } })).rejects.toThrow('not a token');
    await expect(client.get('http://127.0.0.1/', { headers: { 'X-A': 'b\r\nX-B: c' } })).rejects.toThrow(
      'line break',
    );
    await expect(client.request('GET /x', 'http://127.0.0.1/')).rejects.toThrow(RestOptionError);
    await client.close();
  });
});
