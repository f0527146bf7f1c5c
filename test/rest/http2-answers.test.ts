/** How answers of HTTP/2 end, and what their fields say. */
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { later } from '../support/steady-clock.ts';
import { until } from '../support/until.ts';
import { answerOf, closeLater, newClient, newServer, newShared, reasonOf, textOf } from './fixture.ts';
import {
  answerFrames,
  END_HEADERS,
  END_STREAM,
  FRAME,
  field,
  frame,
  goaway,
  newRawHttp2Server,
  number32,
  STATUS_200,
  settings,
} from './raw-http2-server.ts';
import { reply } from './raw-server.ts';

const PRIOR = { httpVersion: '2-prior-knowledge', timeout: 3_000 } as const;
const NO_ERROR = 0;
const HTTP_1_1_REQUIRED = 13;
const head = (stream: number, fields = '', flags = END_HEADERS, status = STATUS_200): Buffer =>
  frame(FRAME.headers, flags, stream, status + fields);
const reset = (stream: number, code: number): Buffer => frame(FRAME.resetStream, 0, stream, number32(code));
/** `:status: 413`, the name of the static table. */
const STATUS_413 = '\x08\x03413';
const BODY = Buffer.alloc(4_000_000, 120);

describe('a stream of HTTP/2', () => {
  it.each([
    ['before any DATA', (s: number) => [head(s)]],
    ['in the middle of a body', (s: number) => [head(s), frame(FRAME.data, 0, s, 'credit: 1')]],
    ['before its answer', () => []],
  ])('that is reset with NO_ERROR %s is -10, and no success', async (_name, frames) => {
    const server = await newRawHttp2Server(
      (socket, { stream }) => void socket.write(Buffer.concat([...frames(stream), reset(stream, NO_ERROR)])),
    );
    const client = newClient(PRIOR);
    const outcomes = await Promise.all([client.get(server.origin), client.post(server.origin, BODY)]);
    for (const outcome of outcomes) expect([outcome.rc, textOf(outcome)]).toEqual([-10, '']);
  });

  it('may have no body, no length, and a trailer', async () => {
    const server = await newRawHttp2Server((socket, { stream }) => {
      const answers = [
        [head(stream, '', END_HEADERS | END_STREAM)],
        [head(stream), frame(FRAME.data, 0, stream, 'hello'), frame(FRAME.data, END_STREAM, stream)],
        [
          head(stream),
          frame(FRAME.data, 0, stream, 'hello'),
          frame(FRAME.headers, END_HEADERS | END_STREAM, stream, field('x-sum', '1')),
        ],
      ];
      socket.write(Buffer.concat(answers[(stream - 1) / 2] ?? []));
    });
    const client = newClient(PRIOR);
    const texts: string[] = [];
    for (const _ of [1, 2, 3]) {
      const outcome = await client.get(server.origin);
      expect([outcome.rc, outcome.retcode, reasonOf(outcome)]).toEqual([1, 200, '']);
      texts.push(textOf(outcome));
    }
    expect(texts).toEqual(['', 'hello', 'hello']);
  });

  /** Answers as soon as it has the head of a request, and takes no more of it than the first window. */
  async function early(last: (stream: number) => Buffer[]): Promise<string> {
    const server = await newRawHttp2Server(
      (socket, { stream }) =>
        void socket.write(Buffer.concat([...answerFrames(stream, 'whole'), ...last(stream)])),
    );
    return server.origin;
  }

  it('that is complete, and reset with NO_ERROR while the body is sent, ends at once', async () => {
    const origin = await early((stream) => [reset(stream, NO_ERROR)]);
    // the server never opens its window: the rest of the body cannot be sent
    const outcome = await newClient({ ...PRIOR, timeout: 60_000 }).post(origin, BODY);
    expect([outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([1, 200, 'whole']);
  });

  it('that is complete with an error while the body is sent, ends at once', async () => {
    const server = await newRawHttp2Server((socket, { stream }) => {
      socket.write(
        Buffer.concat([
          head(stream, '', END_HEADERS, STATUS_413),
          frame(FRAME.data, END_STREAM, stream, 'too large'),
        ]),
      );
    });
    const outcome = await newClient({ ...PRIOR, timeout: 60_000 }).post(server.origin, BODY);
    expect([outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([1, 413, 'too large']);
  });

  it('is so over TLS too', async () => {
    const { key, cert } = createAuthority().issue({ names: ['localhost'] });
    const server = tls.createServer({ key, cert, ALPNProtocols: ['h2'] }, (socket) => {
      socket.on('error', () => {});
      let isFirst = true;
      socket.on('data', () => {
        if (!isFirst) return;
        isFirst = false;
        socket.write(Buffer.concat([settings(), ...answerFrames(1, 'whole'), reset(1, NO_ERROR)]));
      });
    });
    closeLater({ close: async () => void server.close() });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = newClient({ timeout: 60_000, tls: { verifyPeer: false, verifyHost: false } });
    const { port } = server.address() as { port: number };
    const outcome = await client.post(`https://localhost:${port}/`, BODY);
    expect([outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([1, 200, 'whole']);
  });
});

describe('a server of HTTP/2 that wants HTTP/1.1', () => {
  /** HTTP/2 by its preface, else HTTP/1. */
  async function speaksBoth(refuse: (stream: number) => Buffer) {
    const spoken: string[] = [];
    const server = await newServer((socket) => socket.write(reply('by 1.1')), {
      onConnection: (socket: Socket) => {
        socket.once('data', (piece) => {
          const isHttp2 = piece.toString('latin1').startsWith('PRI');
          spoken.push(isHttp2 ? 'h2' : 'h1');
          if (!isHttp2) return;
          socket.removeAllListeners('data').on('data', () => {});
          socket.write(Buffer.concat([settings(), refuse(1)]));
        });
      },
    });
    return { spoken, origin: server.origin };
  }

  it.each([
    ['the stream', (stream: number) => reset(stream, HTTP_1_1_REQUIRED)],
    ['the connection', () => goaway(0, HTTP_1_1_REQUIRED)],
  ])('says so of %s, gets the request again, and is remembered', async (_name, refuse) => {
    const server = await speaksBoth(refuse);
    const shared = newShared();
    const client = newClient({ ...PRIOR, shared });
    const outcome = await client.post(server.origin, 'once');
    expect([outcome.rc, textOf(outcome), outcome.connection?.protocol]).toEqual([1, 'by 1.1', 'http/1.1']);
    expect(textOf(await client.get(server.origin))).toBe('by 1.1');
    expect(textOf(await newClient({ ...PRIOR, shared }).get(server.origin))).toBe('by 1.1');
    expect(server.spoken).toEqual(['h2', 'h1', 'h1']);
  });
});

describe('the fields of an answer of HTTP/2', () => {
  async function answeredWith(...fields: string[]) {
    const server = await newRawHttp2Server((socket, { stream }) => {
      const block = Buffer.from(STATUS_200 + fields.join(''), 'latin1');
      const frames: Buffer[] = [];
      for (let at = 0; at < block.length; at += 16_000) {
        const isLast = at + 16_000 >= block.length;
        const type = at === 0 ? FRAME.headers : FRAME.continuation;
        frames.push(frame(type, isLast ? END_HEADERS : 0, stream, block.subarray(at, at + 16_000)));
      }
      socket.write(Buffer.concat([...frames, frame(FRAME.data, END_STREAM, stream, 'hello')]));
    });
    return newClient(PRIOR).get(server.origin);
  }

  it('are kept in order, and the last Content-Type counts', async () => {
    const outcome = await answeredWith(
      field('content-type', 'a/a'),
      field('x-b', '1'),
      field('set-cookie', 'a=1'),
      field('x-a', '2'),
      field('x-b', '3'),
      field('content-type', 'b/b'),
      field('content-type', ''),
      field('set-cookie', 'b=2'),
    );
    expect([outcome.rc, answerOf(outcome).contentType]).toEqual([1, 'b/b']);
    expect(answerOf(outcome).headers.map((pair) => pair.join(': '))).toEqual([
      'content-type: a/a',
      'x-b: 1',
      'set-cookie: a=1',
      'x-a: 2',
      'x-b: 3',
      'content-type: b/b',
      'content-type: ',
      'set-cookie: b=2',
    ]);
  });

  it('may be as many as 64 KiB hold, and no more', async () => {
    const many = await answeredWith(...Array.from({ length: 9_000 }, () => field('x', 'y')));
    expect([many.rc, answerOf(many).headers.length, textOf(many)]).toEqual([1, 9_000, 'hello']);
    const most = await answeredWith(...Array.from({ length: 590 }, () => field('x', 'y'.repeat(106))));
    expect([most.rc, reasonOf(most)]).toEqual([1, '']);
    const tooMany = await answeredWith(...Array.from({ length: 12_000 }, () => field('x', 'y')));
    expect([tooMany.rc, textOf(tooMany)]).toEqual([-10, '']);
  });

  it.each([
    ['in capitals', field('X-A', 'b')],
    ['of a connection', field('connection', 'close')],
    ['with two lengths', field('content-length', '5') + field('content-length', '5')],
    ['with a length that is not a number', field('content-length', 'five')],
    ['with a pseudo-field behind it', field(':status', '200')],
    ['with te', field('te', 'gzip')],
  ])('end it with -10 where one stands %s', async (_name, bad) => {
    expect((await answeredWith(field('x-good', '1'), bad)).rc).toBe(-10);
  });

  it.each([
    ['with a blank before its value', field('x-a', ' b')],
    ['with a NUL', field('x-a', 'b\0c')],
    ['with a line break', field('x-a', 'b\r\nx-b: c')],
    ['with a space in its name', field('x a', 'b')],
    ['without a name', field('', 'b')],
    ['with a tab behind its value', field('x-a', 'b\t')],
  ])('never hold one %s: node:http2 leaves it out, or the answer is -10', async (_name, bad) => {
    const outcome = await answeredWith(field('x-good', '1'), bad);
    if (outcome.rc === 1) expect(outcome.headers).toEqual([['x-good', '1']]);
    else expect(outcome).toMatchObject({ rc: -10, code: 'protocol' });
  });
});

describe('a server of HTTP/2 that allows no stream', () => {
  it('has one connection, on which requests wait until it does', async () => {
    let wire: Socket | undefined;
    const server = await newRawHttp2Server(
      (socket, { stream }) => void socket.write(Buffer.concat(answerFrames(stream, 'answer'))),
      (socket) => {
        wire = socket;
        socket.write(frame(FRAME.settings, 0, 0, '\0\x03\0\0\0\0'));
      },
    );
    const client = newClient({ ...PRIOR, timeout: 400 });
    // the first goes out before its SETTINGS have come
    await client.get(server.origin);
    const inVain = await Promise.all([1, 2, 3, 4].map(() => client.get(server.origin)));
    expect(inVain.map(({ rc }) => rc)).toEqual([-3, -3, -3, -3]);
    expect((await client.get(server.origin)).rc).toBe(-3);
    const served = Promise.all([1, 2].map(() => client.get(server.origin)));
    await until(() => client.active === 2);
    wire?.write(frame(FRAME.settings, 0, 0, '\0\x03\0\0\0\x05'));
    expect((await served).map((o) => [o.rc, textOf(o)])).toEqual([
      [1, 'answer'],
      [1, 'answer'],
    ]);
    expect(server.connections).toBe(1);
  });
});

describe('a server of HTTP/2 that reads slowly', () => {
  it('has not broken the protocol while the socket is full', async () => {
    const server = await newRawHttp2Server(
      (socket, { stream }) => {
        // what it says starts the search for a breach; what it does not read fills the buffers
        socket.pause();
        const talk = setInterval(() => socket.write(frame(FRAME.windowUpdate, 0, stream, number32(1))), 120);
        later(() => {
          clearInterval(talk);
          socket.resume();
          socket.write(Buffer.concat(answerFrames(stream, 'answer')));
        }, 900);
      },
      (socket) =>
        void socket.write(
          Buffer.concat([
            frame(FRAME.settings, 0, 0, '\0\x04\x7f\xff\xff\xff'),
            frame(FRAME.windowUpdate, 0, 0, number32(0x7ffe0000)),
          ]),
        ),
    );
    for (const size of [3_000_000, 6_000_000]) {
      const outcome = await newClient(PRIOR).post(server.origin, Buffer.alloc(size));
      expect([outcome.rc, textOf(outcome), reasonOf(outcome)]).toEqual([1, 'answer', '']);
    }
  });
});
