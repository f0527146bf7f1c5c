import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeaderLine } from '../../src/rest/index.ts';
import { newClient, newServer } from './fixture.ts';
import { fieldValues, reply } from './raw-server.ts';

const field = (name: string, value: string) => ({ name, value });

describe('the text of a header line', () => {
  it.each([
    ['X-A: one', 'X-A', 'one'],
    ['X-A:one', 'X-A', 'one'],
    ['X-A:  spaced out \t', 'X-A', 'spaced out'],
    ['X-A: a:b:c', 'X-A', 'a:b:c'],
    ['X-A: \xc3\xbc\xff', 'X-A', '\xc3\xbc\xff'],
    ['Authorization: Bearer mF_9.B5f-4.1JqM', 'Authorization', 'Bearer mF_9.B5f-4.1JqM'],
    ['Expect:', 'Expect', ''],
    ['Host: other.example', 'Host', 'other.example'],
    ['Connection: close', 'Connection', 'close'],
    ['Content-Type: a/b', 'Content-Type', 'a/b'],
    ['X-A: a\r\n', 'X-A', 'a'],
    ['X-A: a\n', 'X-A', 'a'],
  ])('%j is accepted', (text, name, value) => {
    expect(parseHeaderLine(text)).toEqual({ ok: true, field: { name, value } });
  });

  it.each([
    ['', 'no colon'],
    ['X-A', 'no colon'],
    [': x', 'not a token'],
    ['X A: x', 'not a token'],
    ['X-A : x', 'not a token'],
    ['X-Ä: x', 'not a token'],
    ['X-A: a\r\nX-B: b', 'line break'],
    ['X-A: a\nX-B: b', 'line break'],
    ['X-A: a\rb', 'line break'],
    ['X-A: a\0b', 'control character'],
    ['X-A: \u4e16', 'above 255'],
    ['X-A: a\r\n\r\n', 'line break'],
    ['Content-Length: 5', 'frames the message'],
    ['transfer-encoding: chunked', 'frames the message'],
    ['Trailer: X-Sum', 'frames the message'],
    ['Keep-Alive: timeout=5', 'belongs to the connection'],
    ['Upgrade: h2c', 'belongs to the connection'],
    ['TE: trailers', 'belongs to the connection'],
    ['Connection: upgrade', 'can only be close'],
    ['Expect: something', 'can only be 100-continue'],
    [`X-A: ${'x'.repeat(70_000)}`, 'longer than'],
  ])('%j is refused', (text, reason) => {
    expect(parseHeaderLine(text)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it('never throws, and nothing accepted can end a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const line = parseHeaderLine(`${name}:${value}`);
        if (line.ok) expect(line.field.name + line.field.value).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/);
      }),
    );
  });
});

describe('header fields on the wire', () => {
  const echo = () => newServer((socket) => socket.write(reply('x')));

  it('of a plain GET are few', async () => {
    const server = await echo();
    await newClient().get(`${server.origin}/x`);
    const [line, ...fields] = (server.requests[0]?.head ?? '').split('\r\n');
    expect(line).toBe('GET /x HTTP/1.1');
    expect(fields.map((f) => f.toLowerCase()).sort()).toEqual([
      'accept: */*',
      `host: 127.0.0.1:${server.port}`,
    ]);
  });

  it('of POST and PUT have the documented Content-Type and a length, also of an empty body', async () => {
    const server = await echo();
    const client = newClient();
    await client.post(server.origin, 'a=1');
    await client.put(server.origin, '');
    await client.post(server.origin, '{}', { contentType: 'application/json' });
    const sent = server.requests.map((r) => [
      ...fieldValues(r, 'content-type'),
      ...fieldValues(r, 'content-length'),
    ]);
    expect(sent).toEqual([
      ['application/x-www-form-urlencoded', '3'],
      ['application/x-www-form-urlencoded', '0'],
      ['application/json', '2'],
    ]);
  });

  it('appended ones are sent in order, repeated, as bytes, on this request only', async () => {
    const server = await echo();
    const client = newClient();
    await client.get(server.origin, {
      headers: [field('X-A', 'one'), field('X-B', '\xc3\xbc'), field('x-a', 'two')],
    });
    await client.get(server.origin);
    expect(fieldValues(server.requests[0], 'x-a')).toEqual(['one', 'two']);
    expect(fieldValues(server.requests[0], 'x-b')).toEqual(['\xc3\xbc']);
    expect(fieldValues(server.requests[1], 'x-a')).toEqual([]);
    expect(server.connections).toBe(1);
  });

  it('an appended Content-Type comes before the call’s, and stands alone without one', async () => {
    const server = await echo();
    const client = newClient();
    const headers = { 'Content-Type': 'application/x-mine' };
    await client.post(server.origin, 'b', { headers, contentType: 'text/plain' });
    await client.post(server.origin, 'b', { headers });
    expect(fieldValues(server.requests[0], 'content-type')).toEqual(['application/x-mine', 'text/plain']);
    expect(fieldValues(server.requests[1], 'content-type')).toEqual(['application/x-mine']);
  });

  it('Host, Accept and Connection: close of the caller replace the client’s', async () => {
    const server = await echo();
    const client = newClient();
    const headers = { Host: 'other.example', Accept: 'text/html', Connection: 'close' };
    expect((await client.get(server.origin, { headers })).rc).toBe(1);
    expect((await client.get(server.origin, { headers: { Accept: '' } })).rc).toBe(1);
    expect(fieldValues(server.requests[0], 'host')).toEqual(['other.example']);
    expect(fieldValues(server.requests[0], 'accept')).toEqual(['text/html']);
    expect(fieldValues(server.requests[0], 'connection')).toEqual(['close']);
    expect(fieldValues(server.requests[1], 'accept')).toEqual([]);
    expect(server.connections).toBe(2);
  });

  it('an empty Host removes the client’s, and an empty content type the default one', async () => {
    const server = await echo();
    const client = newClient();
    await client.post(server.origin, 'b', { headers: { Host: '' }, contentType: '' });
    await client.put(server.origin, 'b', { headers: { 'X-A': 'b', 'Content-Type': 'a/b' }, contentType: '' });
    await client.post(server.origin, 'b', { contentType: '' });
    await client.get(server.origin);
    expect(server.requests.map((request) => fieldValues(request, 'host').length)).toEqual([0, 1, 1, 1]);
    expect(server.requests.map((request) => fieldValues(request, 'content-type'))).toEqual([
      [],
      ['a/b'],
      [],
      [],
    ]);
  });

  it('a content type that could break the request is -10, and nothing is sent', async () => {
    const server = await echo();
    const outcome = await newClient().post(server.origin, 'b', { contentType: 'a/b\r\nX-Evil: 1' });
    expect(outcome).toMatchObject({ rc: -10, retcode: 0 });
    expect(server.connections).toBe(0);
  });
});
