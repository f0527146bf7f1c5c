/** The HTTP peer of the conformance vectors, test/conformance/http-peer.mjs, as a simulated service. */
import type { ServiceAnswer, ServiceRequest } from '../../src/testing/index.ts';

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const chunked = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const account =
  '{"account":"alice","credit":42,"limits":[10,20,30],"vip":true,"note":null,"nested":{"a":{"b":"deep"}}}';

const behaviours: Readonly<Record<string, (request: ServiceRequest) => ServiceAnswer>> = {
  '/json': () => ({ body: account, headers: { 'Content-Type': 'application/json' } }),
  '/text': () => ({ body: 'plain body' }),
  '/status': ({ query }) => ({
    status: Number(query.get('code')),
    headers: { 'Content-Type': 'text/plain' },
    body: query.get('body') ?? `status ${query.get('code')}`,
  }),
  '/empty': () => ({ body: '', headers: { 'Content-Type': 'text/plain' } }),
  '/nocontent': () => ({ status: 204 }),
  '/notype': () => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nuntyped' }),
  '/lowertype': () => ({ body: 'lower', headers: { 'content-type': 'text/lower' } }),
  '/typeparams': () => ({ body: 'x', headers: { 'Content-Type': 'text/html; charset="utf-8"' } }),
  '/twotypes': () => ({
    body: 'two',
    headers: [
      ['Content-Type', 'text/first'],
      ['Content-Type', 'text/second'],
    ],
  }),
  '/padded': () => ({ body: ' \r\n\t padded body \r\n ' }),
  '/inner': () => ({ body: 'line one\r\nline two\n\nline four' }),
  '/utf8': () => ({ body: 'grüße, 世界' }),
  '/chunked': () => ({
    raw: `${chunked}\r\n${chunk('first ')}${chunk('second ')}${chunk('third')}0\r\n\r\n`,
  }),
  '/trailers': () => ({
    raw: `${chunked}Trailer: X-Sum\r\n\r\n${chunk('with trailer')}0\r\nX-Sum: 1\r\n\r\n`,
  }),
  '/untilclose': () => ({ raw: `${ok}\r\nread until close`, then: 'close' }),
  '/http10': () => ({ raw: 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold server', then: 'close' }),
  '/early': () => ({
    raw: `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok}Content-Length: 11\r\n\r\nafter hints`,
  }),
  '/noreason': () => ({
    raw: 'HTTP/1.1 200\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nno reason',
  }),
  '/redirect': () => ({ status: 302, body: 'moved', headers: { Location: '/text' } }),
  '/close': () => ({ body: 'bye', headers: { Connection: 'close' }, then: 'close' }),
  '/big': ({ query }) => ({
    body: 'x'.repeat(Number(query.get('kb')) * 1024 + Number(query.get('plus') ?? 0)),
  }),
  '/bigchunked': ({ query }) => ({
    raw: `${chunked}\r\n${chunk('y'.repeat(Number(query.get('kb')) * 1024))}0\r\n\r\n`,
  }),
  '/slow': ({ query }) => ({ body: 'late', after: Number(query.get('ms')) }),
  '/stall': ({ query }) => ({
    raw: `HTTP/1.1 ${query.get('code') ?? 200} OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\npartial`,
  }),
  '/silent': () => 'hangs',
  '/short': () => ({ raw: `${ok}Content-Length: 100\r\n\r\nshort`, then: 'close' }),
  '/reset': () => 'resets',
  '/hangup': () => 'closes',
  '/garbage': () => ({ raw: 'this is not http\r\n\r\n', then: 'close' }),
  '/drip': ({ query }) => ({ body: query.get('text') ?? 'dripped', dripping: 20 }),
  '/echo': ({ method, target, body }) => ({ body: `${method} ${target} ${body}` }),
  '/header': ({ query, headerList }) => ({
    body:
      headerList
        .flatMap(([name, value]) => (name.toLowerCase() === query.get('name') ? value : []))
        .join('|') || '(absent)',
  }),
};

/** What the peer answers. */
export const peerAnswer = (request: ServiceRequest): ServiceAnswer =>
  behaviours[request.path]?.(request) ?? { status: 404, body: 'no such behaviour' };
