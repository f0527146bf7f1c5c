/** How a program asks: methods, bodies, headers, URLs, signals, and what is refused. */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { BodyRequestOptions, HeadersOption, RequestOptions } from '../../src/rest/index.ts';
import { until } from '../support/until.ts';
import { newClient, newServer } from './fixture.ts';
import { fieldValues, reply } from './raw-server.ts';

const echo = () => newServer((socket) => socket.write(reply('x')));

describe('methods', () => {
  it('are GET, HEAD, DELETE, POST, PUT, PATCH, and any other by request()', async () => {
    const server = await newServer((socket, { method }) =>
      socket.write(method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n' : reply('x')),
    );
    const client = newClient();
    const outcomes = [
      await client.get(server.origin),
      await client.head(server.origin),
      await client.delete(server.origin),
      await client.post(server.origin, 'a'),
      await client.put(server.origin, 'b'),
      await client.patch(server.origin, 'c'),
      await client.request('OPTIONS', server.origin),
      await client.post(server.origin),
      await client.delete(server.origin, { body: 'd' }),
    ];
    expect(outcomes.map(({ rc }) => rc)).toEqual(outcomes.map(() => 1));
    expect(server.requests.map(({ method, body }) => `${method} ${body}`.trim())).toEqual([
      'GET',
      'HEAD',
      'DELETE',
      'POST a',
      'PUT b',
      'PATCH c',
      'OPTIONS',
      'POST',
      'DELETE d',
    ]);
    expect(fieldValues(server.requests[7], 'content-length')).toEqual(['0']);
    expect(server.connections).toBe(1);
  });
});

describe('a JSON body', () => {
  it('is sent with its content type, by any method that has a body', async () => {
    const server = await echo();
    const client = newClient();
    const json = { from: 'alice', text: 'grüße 世', list: [1, null] };
    await client.post(server.origin, { json });
    await client.put(server.origin, { json: 'text', headers: { 'X-A': 'b' } });
    await client.patch(server.origin, { json: null });
    await client.request('SEARCH', server.origin, { json: 0 });
    expect(
      server.requests.map(({ body }) => JSON.parse(Buffer.from(body, 'latin1').toString()) as unknown),
    ).toEqual([json, 'text', null, 0]);
    for (const request of server.requests) {
      expect(fieldValues(request, 'content-type')).toEqual(['application/json']);
    }
  });

  it('uses the content type given instead', async () => {
    const server = await echo();
    const client = newClient();
    await client.post(server.origin, { json: 1, contentType: 'application/problem+json' });
    await client.post(server.origin, { json: 1, headers: { 'content-type': 'application/x-mine' } });
    await client.post(server.origin, { json: 1, contentType: '' });
    expect(server.requests.map((request) => fieldValues(request, 'content-type'))).toEqual([
      ['application/problem+json'],
      ['application/x-mine'],
      [],
    ]);
  });

  it.each([
    [{ json: () => 1 }, 'invalid json: it has no JSON'],
    [{ json: 1n }, 'invalid json: '],
    [{ json: 1, body: 'x' }, 'use either body or json'],
    [
      { body: { a: 1 } },
      'invalid body: an object; expected text, bytes, a form, a Blob or a stream; use json for other values',
    ],
  ])('is refused: %o', async (options, message) => {
    const sent = newClient().post('http://127.0.0.1/', options as BodyRequestOptions);
    await expect(sent).rejects.toThrow(message);
    await expect(sent).rejects.toThrow(expect.objectContaining({ name: 'RestOptionError' }));
  });
});

describe('headers', () => {
  const pairs = [
    ['X-A', 'one'],
    ['X-B', 'two'],
  ] as const;

  it.each<[string, HeadersOption]>([
    ['an object', Object.fromEntries(pairs)],
    ['a list of fields', pairs.map(([name, value]) => ({ name, value }))],
    ['a list of pairs', pairs],
    ['Headers', new Headers(pairs.map(([name, value]) => [name, value]))],
    ['a Map', new Map(pairs)],
    ['what gives pairs', new Map(pairs).entries()],
  ])('may be %s', async (_, headers) => {
    const server = await echo();
    await newClient().get(server.origin, { headers });
    expect(fieldValues(server.requests[0], 'x-a')).toEqual(['one']);
    expect(fieldValues(server.requests[0], 'x-b')).toEqual(['two']);
  });

  it.each([
    ['X-A: b', 'invalid headers: "X-A: b"; expected an object, a list, Headers or a Map'],
    [7, 'invalid headers: 7'],
    [null, 'invalid headers: null'],
    [['X-A: b'], 'expected a list of { name, value } or of [name, value]'],
    [{ 'X-A': 7 }, 'invalid header X-A: 7; expected a string'],
    [{ 'X-A': undefined }, 'invalid header X-A: undefined'],
    [new Map([['X-A', 7]]), 'invalid header X-A: 7'],
    [{ 'X-A': '世' }, 'invalid header "X-A": its value has a character above 255'],
    [{ 'X-A': 'a\nb' }, 'invalid header "X-A": its value has a line break'],
    [{ 'Content-Length': '5' }, 'Content-Length is set by the client alone'],
  ])('are refused as %j, with what is wrong', async (headers, message) => {
    const sent = newClient().get('http://127.0.0.1/', { headers: headers as unknown as HeadersOption });
    await expect(sent).rejects.toThrow(message);
    await expect(sent).rejects.toThrow(expect.objectContaining({ code: 'invalid-header' }));
  });
});

describe('a URL', () => {
  it('may be a URL object, or text with any characters, which are sent as UTF-8', async () => {
    const server = await echo();
    const client = newClient();
    const path = '/grüße/世\u{1f600}?q=é世&plain=%20#gone';
    for (const url of [server.origin + path, new URL(server.origin + path), server.origin + path]) {
      expect((await client.get(url)).rc).toBe(1);
    }
    const target = '/gr%C3%BC%C3%9Fe/%E4%B8%96%F0%9F%98%80?q=%C3%A9%E4%B8%96&plain=%20';
    expect(server.requests.map((request) => request.target)).toEqual([target, target, target]);
    expect(server.connections).toBe(1);
  });

  it('may have an international host, which is looked up in Punycode', async () => {
    const client = newClient({ proxy: 'none' });
    for (const host of ['müller.invalid', '例え.invalid', 'm%C3%BCller.invalid']) {
      expect(await client.get(`http://${host}/`)).toMatchObject({ kind: 'error', code: 'dns' });
    }
    expect((await client.get('http://müller.invalid/')).kind === 'error').toBe(true);
  });

  it('has user and password in any characters', async () => {
    const server = await echo();
    await newClient().get(`http://jürgen:世@127.0.0.1:${server.port}/`);
    expect(fieldValues(server.requests[0], 'authorization')).toEqual([
      `Basic ${Buffer.from('jürgen:世').toString('base64')}`,
    ]);
  });

  it.each([
    ['http://a.example/x y', 'the URL has a space at offset 18; percent-encode it'],
    ['http://a.example/x\ny', 'the URL has the control character U+000A at offset 18'],
    ['ftp://a.example/', 'the scheme ftp is not supported'],
    [new URL('mailto:a@b.example'), 'the scheme mailto is not supported'],
    ['http://\ud800.example/', 'host name'],
  ])('that cannot be used is an error that says why: %s', async (url, reason) => {
    const outcome = await newClient().get(url);
    expect(outcome).toMatchObject({ kind: 'error', code: 'url', reason: expect.stringContaining(reason) });
  });

  it('that is a byte string may have no character above 255', async () => {
    const outcome = await newClient().get('http://a.example/世', { encoding: 'latin1' });
    expect(outcome).toMatchObject({ code: 'url', reason: expect.stringContaining('U+4E16 at offset 17') });
  });

  it.each([7, null, undefined, {}])('is refused as %j', async (url) => {
    const sent = newClient().get(url as string);
    await expect(sent).rejects.toThrow('expected a string or a URL');
  });
});

describe('the options of a request', () => {
  it.each([
    [{ timeOut: 5 }, 'unknown option "timeOut" of a request; did you mean timeout?'],
    [{ tls: {} }, 'unknown option "tls" of a request'],
    [{ data: 'x' }, 'use body instead'],
    [{ toString: 1 }, 'unknown option "toString" of a request'],
    [{ timeout: 0 }, 'invalid timeout: 0; expected 1 to 2000000000 ms'],
    [{ signal: {} }, 'expected an AbortSignal'],
    [{ contentType: 7 }, 'invalid contentType: 7; expected a string'],
    [{ tlsDomain: 'billing' }, 'expected a TlsClientDomain'],
    [{ holdConnectLock: 'forever' }, "expected 'while-connecting' or 'whole'"],
    [{ encoding: 'utf16' }, "expected 'utf8' or 'latin1'"],
    ['x', 'invalid options: "x"; expected an object'],
    [null, 'invalid options: null'],
  ])('refuse %j with a hint', async (options, message) => {
    const client = newClient();
    await expect(client.get('http://127.0.0.1/', options as RequestOptions)).rejects.toThrow(message);
    await expect(client.post('http://127.0.0.1/', 'x', options as RequestOptions)).rejects.toThrow(message);
  });
});

describe('one AbortSignal', () => {
  it('ends a thousand requests, with one listener and no warning, and retains none of them', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/') socket.write(reply('x'));
    });
    const warnings: string[] = [];
    const warn = (warning: Error): number => warnings.push(warning.name);
    process.on('warning', warn);
    const client = newClient({ timeout: 60_000 });
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    for (let i = 0; i < 1000; i++) expect((await client.get(server.origin, { signal })).rc).toBe(1);
    expect(listeners()).toBe(0);
    const waiting = Array.from({ length: 1000 }, () => client.get(`${server.origin}/silent`, { signal }));
    await until(() => server.requests.length >= 1500);
    expect(listeners()).toBe(1);
    controller.abort(new Error('the caller has hung up'));
    const outcomes = await Promise.all(waiting);
    expect(
      new Set(outcomes.map((one) => (one.kind === 'error' ? `${one.code} ${one.reason}` : one.kind))),
    ).toEqual(new Set(['aborted aborted: the caller has hung up']));
    expect(listeners()).toBe(0);
    expect(client.active).toBe(0);
    expect(await client.get(server.origin, { signal })).toMatchObject({ code: 'aborted' });
    await new Promise(setImmediate);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });
});
