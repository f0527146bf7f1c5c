import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Outcome, RestClientOptions } from '../../src/rest/index.ts';
import { systemClock } from '../../src/timers/index.ts';
import { later } from '../support/steady-clock.ts';
import { newClient, reasonOf, textOf } from './fixture.ts';
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

const PRIOR: RestClientOptions = { httpVersion: '2-prior-knowledge', maxBodySize: 65_536 };
const IN_TIME: RestClientOptions = { ...PRIOR, timeout: 400 };
/** A flood makes the turns of the event loop long: what ends it goes by the system's clock. */
const FLOODED: RestClientOptions = { ...PRIOR, clock: systemClock };
const FLOODED_IN_TIME: RestClientOptions = { ...IN_TIME, clock: systemClock };
/** Bytes that may be held beside a POST's own body. */
const MOST_KEPT = 48 * 1024 * 1024;

type Serve = (socket: Socket, stream: number) => void;

interface Hostile {
  readonly does: string;
  readonly serve: Serve;
  /** Said when the connection is made, instead of SETTINGS. */
  readonly hello?: (socket: Socket) => void;
  readonly rc: readonly Outcome['rc'][];
  readonly body?: string;
  readonly options?: RestClientOptions;
  readonly post?: Buffer;
  /** The next request may share the connection: the stream alone was at fault. */
  readonly keeps?: boolean;
}

const sends =
  (frames: (stream: number) => readonly Uint8Array[]): Serve =>
  (socket, stream) =>
    void socket.write(Buffer.concat(frames(stream)));

function flood(socket: Socket, piece: Uint8Array): void {
  const many = Buffer.concat(Array.from({ length: 500 }, () => piece));
  const more = (): void => {
    for (let i = 0; i < 8 && !socket.destroyed; i++) if (!socket.write(many)) return;
    if (!socket.destroyed) setImmediate(more);
  };
  socket.on('drain', more);
  more();
}

const floods =
  (
    piece: (stream: number) => Uint8Array,
    first: (stream: number) => readonly Uint8Array[] = () => [],
  ): Serve =>
  (socket, stream) => {
    for (const one of first(stream)) socket.write(one);
    flood(socket, piece(stream));
  };

const headers = (stream: number, more = '', flags = END_HEADERS): Buffer =>
  frame(FRAME.headers, flags, stream, STATUS_200 + more);
const PING = frame(FRAME.ping, 0, 0, '12345678');
const FILLER = field('x-filler', 'x'.repeat(100));

const table: readonly Hostile[] = [
  // Frames out of order.
  {
    does: 'sends DATA before HEADERS',
    serve: sends((s) => [frame(FRAME.data, END_STREAM, s, 'x')]),
    rc: [-10],
  },
  {
    does: 'sends CONTINUATION without HEADERS',
    serve: sends((s) => [frame(FRAME.continuation, END_HEADERS, s, STATUS_200)]),
    rc: [-10],
  },
  {
    does: 'sends DATA amid a header block',
    serve: sends((s) => [headers(s, '', 0), frame(FRAME.data, END_STREAM, s, 'x')]),
    rc: [-10],
  },
  {
    does: 'answers on a stream that was not opened',
    serve: sends((s) => [headers(s + 100), frame(FRAME.data, END_STREAM, s + 100, 'x')]),
    rc: [-10],
  },
  {
    does: 'answers on stream 0',
    serve: sends(() => [headers(0), frame(FRAME.data, END_STREAM, 0, 'x')]),
    rc: [-10],
  },
  {
    does: 'opens a stream of its own',
    serve: sends((s) => [headers(2), ...answerFrames(s, 'answer')]),
    rc: [-10],
  },
  {
    does: 'promises a push',
    serve: sends((s) => [
      frame(
        FRAME.pushPromise,
        END_HEADERS,
        s,
        Buffer.concat([number32(2), Buffer.from(STATUS_200, 'latin1')]),
      ),
      ...answerFrames(s, 'answer'),
    ]),
    rc: [1],
    body: 'answer',
    keeps: true,
  },
  {
    does: 'sends SETTINGS with an odd length',
    serve: sends(() => [frame(FRAME.settings, 0, 0, 'abcde')]),
    rc: [-10],
  },
  {
    does: 'sends SETTINGS with a value out of range',
    serve: sends(() => [frame(FRAME.settings, 0, 0, '\0\x04\xff\xff\xff\xff')]),
    rc: [-10],
  },
  {
    does: 'opens the window beyond 2^31 - 1',
    serve: sends(() => [frame(FRAME.windowUpdate, 0, 0, number32(0x7fffffff))]),
    rc: [-10],
  },
  {
    does: 'opens the window by 0',
    serve: sends((s) => [frame(FRAME.windowUpdate, 0, s, number32(0))]),
    rc: [-10],
  },
  {
    does: 'sends a header block that is not HPACK',
    serve: sends((s) => [frame(FRAME.headers, END_HEADERS, s, '\xff\xff\xff\xff\xff\xff')]),
    rc: [-10],
  },
  {
    does: 'sends no :status',
    serve: sends((s) => [frame(FRAME.headers, END_HEADERS, s, field('a', 'b'))]),
    rc: [-10],
    keeps: true,
  },
  {
    does: 'sends a field name in capitals',
    serve: sends((s) => [headers(s, field('Abc', 'b'), END_HEADERS | END_STREAM)]),
    rc: [-10],
    keeps: true,
  },
  {
    does: 'sends Transfer-Encoding',
    serve: sends((s) => [
      headers(s, field('transfer-encoding', 'chunked')),
      frame(FRAME.data, END_STREAM, s, 'x'),
    ]),
    rc: [-10],
    keeps: true,
  },
  {
    does: 'sends DATA after the end of the stream',
    serve: sends((s) => [...answerFrames(s, 'answer'), frame(FRAME.data, END_STREAM, s, 'more')]),
    rc: [1],
    body: 'answer',
    keeps: true,
  },
  {
    does: 'answers a stream twice',
    serve: sends((s) => [...answerFrames(s, 'answer'), ...answerFrames(s, 'poison')]),
    rc: [1],
    body: 'answer',
    keeps: true,
  },
  {
    does: 'speaks HTTP/1',
    serve: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    hello: () => {},
    rc: [-10],
  },
  // Lengths.
  {
    does: 'sends a frame of 16 MiB',
    serve: (socket, s) => {
      socket.write(headers(s));
      socket.write(frame(FRAME.data, 0, s, '', 16_777_215));
      flood(socket, Buffer.alloc(1024));
    },
    rc: [-10],
    options: FLOODED,
  },
  {
    does: 'sends a frame that is larger than allowed',
    serve: sends((s) => [headers(s), frame(FRAME.data, END_STREAM, s, 'x'.repeat(16_385))]),
    rc: [-10],
  },
  {
    does: 'sends a body for ever',
    serve: floods(
      (s) => frame(FRAME.data, 0, s, 'x'.repeat(16_384)),
      (s) => [headers(s)],
    ),
    rc: [-10],
    options: FLOODED,
  },
  {
    does: 'announces more bytes than it sends',
    serve: sends((s) => [
      headers(s, field('content-length', '9')),
      frame(FRAME.data, END_STREAM, s, 'hello'),
    ]),
    rc: [-10],
    keeps: true,
  },
  {
    does: 'announces fewer bytes than it sends',
    serve: sends((s) => [
      headers(s, field('content-length', '2')),
      frame(FRAME.data, END_STREAM, s, 'hello'),
    ]),
    rc: [-10],
    keeps: true,
  },
  {
    does: 'sends two Content-Lengths',
    serve: sends((s) => [
      headers(s, field('content-length', '2') + field('content-length', '5')),
      frame(FRAME.data, END_STREAM, s, 'hello'),
    ]),
    rc: [-10],
    keeps: true,
  },
  {
    does: 'pads a frame with more than the frame',
    serve: sends((s) => [headers(s), frame(FRAME.data, 8 | END_STREAM, s, '\xffhello')]),
    rc: [-10],
  },
  // For ever.
  {
    does: 'sends header fields for ever',
    serve: floods(
      (s) => frame(FRAME.continuation, 0, s, FILLER),
      (s) => [headers(s, '', 0)],
    ),
    rc: [-10],
    options: FLOODED,
  },
  { does: 'sends SETTINGS for ever', serve: floods(settings), rc: [-10, -3], options: FLOODED_IN_TIME },
  { does: 'sends PINGs for ever', serve: floods(() => PING), rc: [-10, -3], options: FLOODED_IN_TIME },
  {
    does: 'sends PINGs for ever and reads nothing',
    serve: (socket) => {
      socket.pause();
      flood(socket, PING);
    },
    rc: [-10, -3],
    options: FLOODED_IN_TIME,
  },
  {
    does: 'sends SETTINGS for ever and reads nothing',
    serve: (socket) => {
      socket.pause();
      flood(socket, settings());
    },
    rc: [-10, -3],
    options: FLOODED_IN_TIME,
  },
  {
    does: 'sends empty DATA for ever',
    serve: floods(
      (s) => frame(FRAME.data, 0, s),
      (s) => [headers(s)],
    ),
    rc: [-10, -3],
    options: FLOODED_IN_TIME,
  },
  {
    does: 'sends unknown frames for ever',
    serve: floods((s) => frame(0x42, 0, s, 'whatever')),
    rc: [-10, -3],
    options: FLOODED_IN_TIME,
  },
  {
    does: 'sends PRIORITY for ever',
    serve: floods((s) => frame(FRAME.priority, 0, s, '\0\0\0\0\x10')),
    rc: [-10, -3],
    options: FLOODED_IN_TIME,
  },
  {
    does: 'sends interim answers for ever',
    serve: floods((s) => frame(FRAME.headers, END_HEADERS, s, '\x08\x03103')),
    rc: [-10],
    options: FLOODED,
  },
  {
    does: 'resets streams that are not open for ever',
    serve: floods(() => frame(FRAME.resetStream, 0, 1001, number32(8))),
    rc: [-10, -3],
    options: FLOODED_IN_TIME,
  },
  {
    does: 'leaves a stream open',
    serve: sends((s) => [headers(s), frame(FRAME.data, 0, s, 'half')]),
    rc: [-3],
    body: 'half',
    options: IN_TIME,
    keeps: true,
  },
  {
    does: 'leaves a header block open',
    serve: sends((s) => [headers(s, '', 0)]),
    rc: [-3],
    body: '',
    options: IN_TIME,
  },
  { does: 'is silent after its SETTINGS', serve: () => {}, rc: [-3], body: '', options: IN_TIME },
  {
    does: 'is silent from the start',
    serve: () => {},
    hello: () => {},
    rc: [-3],
    body: '',
    options: IN_TIME,
  },
  {
    does: 'never opens its window for a large POST',
    serve: () => {},
    rc: [-3],
    options: IN_TIME,
    post: Buffer.alloc(32 * 1024 * 1024),
  },
  {
    does: 'has a window of 0',
    serve: () => {},
    hello: (socket) => void socket.write(frame(FRAME.settings, 0, 0, '\0\x04\0\0\0\0')),
    rc: [-3],
    options: IN_TIME,
    post: Buffer.alloc(1024),
  },
];

describe('an HTTP/2 server that', () => {
  it.each(table)('$does', async ({ serve, hello, rc, body, options, post, keeps }) => {
    const before = process.memoryUsage().arrayBuffers;
    let first: Socket | undefined;
    const server = await newRawHttp2Server(
      (socket, { connection, stream }) => {
        if (connection === 1 && first === undefined) serve((first = socket), stream);
        else socket.write(Buffer.concat(answerFrames(stream, `own ${connection}.${stream}`)));
      },
      (socket, connection) => {
        if (connection === 1 && hello !== undefined) hello(socket);
        else socket.write(settings());
      },
    );
    const client = newClient(options ?? PRIOR);
    const outcome = await (post === undefined
      ? client.get(`${server.origin}/bad`)
      : client.post(`${server.origin}/bad`, post));
    expect(rc, reasonOf(outcome)).toContain(outcome.rc);
    if (body !== undefined) expect(textOf(outcome)).toBe(body);
    const others = await Promise.all([1, 2].map(() => client.get(`${server.origin}/next`)));
    for (const [i, next] of others.entries()) {
      const { connection, stream } = server.requests.at(i - 2) ?? { connection: 0, stream: 0 };
      expect([next.rc, textOf(next), reasonOf(next)]).toEqual([1, `own ${connection}.${stream}`, '']);
      if (keeps !== true) expect(next.connection?.id).not.toBe(outcome.connection?.id);
    }
    if (keeps !== true) await expect.poll(() => first?.destroyed ?? true).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MOST_KEPT);
  });
});

describe('an HTTP/2 server', () => {
  it('that violates the protocol during an answer, or after others, is -10 long before the time limit', async () => {
    const server = await newRawHttp2Server((socket, { stream }) => {
      if (stream === 3) {
        socket.write(Buffer.concat([headers(stream), frame(FRAME.data, 0, stream, 'half')]));
        later(() => socket.write(frame(FRAME.settings, 0, 0, 'abcde')), 300);
      } else socket.write(Buffer.concat(answerFrames(stream, 'answer')));
    });
    const client = newClient({ ...PRIOR, timeout: 20_000 });
    expect((await client.get(server.origin)).rc).toBe(1);
    expect(await client.get(server.origin)).toMatchObject({ rc: -10, retcode: 200 });
    const next = await client.get(server.origin);
    expect([next.rc, textOf(next)]).toEqual([1, 'answer']);
    expect(server.connections).toBe(2);
  });

  it('that is silent for long during its answers, or reads nothing, is not an error', async () => {
    const server = await newRawHttp2Server((socket, { stream }) => {
      const frames = answerFrames(stream, 'answer');
      for (const [i, one] of frames.entries()) later(() => socket.write(one), 300 * (i + 1));
    });
    const client = newClient(PRIOR);
    const outcomes = await Promise.all([
      client.get(server.origin),
      client.post(server.origin, 'x'.repeat(1000)),
    ]);
    expect(outcomes.map((o) => [o.rc, textOf(o)])).toEqual([
      [1, 'answer'],
      [1, 'answer'],
    ]);
    // it takes all that may be sent, and then stops reading
    const deaf = await newRawHttp2Server(
      (socket) => void socket.pause(),
      (socket) =>
        void socket.write(
          Buffer.concat([
            frame(FRAME.settings, 0, 0, '\0\x04\x7f\xff\xff\xff'),
            frame(FRAME.windowUpdate, 0, 0, number32(0x7ffe0000)),
          ]),
        ),
    );
    const outcome = await newClient({ ...PRIOR, timeout: 1_000 }).post(
      deaf.origin,
      Buffer.alloc(32 * 1024 * 1024),
    );
    expect(outcome).toMatchObject({ rc: -3, retcode: 0 });
  });

  const own = (stream: number): readonly Buffer[] => answerFrames(stream, 'answer');

  it('that sends GOAWAY at any point of an answer has processed the request, or it is sent again', async () => {
    for (let point = 0; point <= 3; point++) {
      for (const looked of [true, false]) {
        const server = await newRawHttp2Server((socket, { connection, stream }) => {
          const frames = [...own(stream)];
          if (connection === 1) frames.splice(point, 0, goaway(looked ? stream : 0));
          socket.write(Buffer.concat(frames));
        });
        const client = newClient(PRIOR);
        const outcome = await client.get(server.origin);
        // A server that denies what it has begun to answer is not asked again.
        const lies = !looked && point > 0 && point < 3;
        expect([point, looked, outcome.rc, textOf(outcome)]).toEqual([
          point,
          looked,
          ...(lies ? [-10, ''] : [1, 'answer']),
        ]);
        const next = await client.get(server.origin);
        expect([next.rc, textOf(next)]).toEqual([1, 'answer']);
        expect(server.requests.at(-1)?.connection).toBeGreaterThan(1);
      }
    }
  });

  it('that sends GOAWAY before any request, or instead of every answer, is -10 in the end', async () => {
    const early = await newRawHttp2Server(
      () => {},
      (socket) => void socket.write(Buffer.concat([settings(), goaway(0)])),
    );
    const always = await newRawHttp2Server((socket) => void socket.write(goaway(0)));
    for (const server of [early, always]) {
      const outcome = await newClient(PRIOR).get(server.origin);
      expect(outcome).toMatchObject({ rc: -10, retcode: 0 });
      expect(server.connections).toBeLessThanOrEqual(5);
    }
  });

  it('that breaks the connection at any byte of an answer is -10, and 1 if it was complete', async () => {
    const size = Buffer.concat(own(1)).length;
    const server = await newRawHttp2Server((socket, { connection, stream }) => {
      const part = Buffer.concat(own(stream)).subarray(0, (connection - 1) % (size + 1));
      if (part.length === 0) socket.resetAndDestroy();
      else socket.write(part, () => later(() => socket.resetAndDestroy(), 2));
    });
    const client = newClient(PRIOR);
    for (let cut = 0; cut <= size; cut++) {
      const outcome = await client.get(server.origin);
      expect([cut, outcome.rc, textOf(outcome)]).toEqual(cut === size ? [cut, 1, 'answer'] : [cut, -10, '']);
      await expect.poll(() => server.sockets.size).toBe(0);
    }
  });

  it('that resets one stream does no harm to the others of the connection', async () => {
    const server = await newRawHttp2Server((socket, { stream }) => {
      if (stream === 3) socket.write(frame(FRAME.resetStream, 0, stream, number32(2)));
      else later(() => socket.write(Buffer.concat(answerFrames(stream, `own ${stream}`))), 20);
    });
    const client = newClient(PRIOR);
    const outcomes = await Promise.all([1, 2, 3].map(() => client.get(server.origin)));
    expect(outcomes.map((o) => [o.rc, textOf(o)])).toEqual([
      [1, 'own 1'],
      [-10, ''],
      [1, 'own 5'],
    ]);
    expect(outcomes[1]).toMatchObject({ code: 'reset', reason: expect.stringContaining('INTERNAL_ERROR') });
  });
});

describe('docs/reliability.md', () => {
  it('has a row for each of them', () => {
    const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
    const shown = table.filter(({ does, rc }) => page.includes(`| ${does} | ${rc.join(' or ')} |`));
    expect(table.filter((row) => !shown.includes(row)).map((row) => row.does)).toEqual([]);
  });
});
