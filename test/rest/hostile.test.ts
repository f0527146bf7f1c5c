import { readFileSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Outcome, RestClientOptions } from '../../src/rest/index.ts';
import { later, sleep } from '../support/steady-clock.ts';
import { bodyOf, closeLater, newClient, newServer, reasonOf, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const POISON = reply('poison');
const KIB = 'x'.repeat(1024);
const FIELD = `X-Filler: ${KIB}\r\n`;

/** What is taken of something endless before the limits end it: the largest body allowed here, and buffers. */
const MOST_TAKEN = 16 * 1024 * 1024;

const LIMITS = { timeout: 5_000, maxBodySize: 65_536 };
const IN_TIME = { timeout: 300, maxBodySize: 65_536 };

type Serve = (socket: Socket) => void;

interface Hostile {
  /** As docs/reliability.md has it. */
  readonly does: string;
  readonly serve: Serve;
  readonly rc: Outcome['rc'];
  readonly retcode: number;
  readonly body?: string;
  readonly reason?: RegExp;
  readonly options?: RestClientOptions;
}

const says =
  (text: string): Serve =>
  (socket) =>
    socket.write(text, 'latin1');

const saysAndEnds =
  (text: string): Serve =>
  (socket) =>
    socket.end(text, 'latin1');

/** Sends `piece` again and again, as fast as it is taken. */
const forEver =
  (first: string, piece: string): Serve =>
  (socket) => {
    const many = piece.repeat(Math.ceil(4096 / piece.length));
    const more = (): void => {
      for (let i = 0; i < 16 && !socket.destroyed; i++) if (!socket.write(many, 'latin1')) return;
      if (!socket.destroyed) setImmediate(more);
    };
    socket.on('drain', more);
    socket.write(first, 'latin1');
    more();
  };

/** Sends `piece` every few milliseconds. */
const slowly =
  (first: string, piece: string): Serve =>
  (socket) => {
    socket.write(first, 'latin1');
    const timer = setInterval(() => socket.write(piece, 'latin1'), 5);
    socket.on('close', () => clearInterval(timer));
  };

const table: readonly Hostile[] = [
  // Without an end.
  {
    does: 'sends header fields for ever',
    serve: forEver(OK, FIELD),
    rc: -10,
    retcode: 200,
    reason: /header is too large/,
  },
  {
    does: 'sends one header field of 1 MiB',
    serve: says(`${OK}X-Filler: ${KIB.repeat(1024)}\r\nContent-Length: 0\r\n\r\n`),
    rc: -10,
    retcode: 200,
    reason: /header is too large/,
  },
  {
    does: 'sends the name of a header field for ever',
    serve: forEver(OK, KIB),
    rc: -10,
    retcode: 200,
    reason: /header is too large/,
  },
  {
    does: 'sends a header a field at a time, slowly, for ever',
    serve: slowly(OK, 'X-F: 1\r\n'),
    rc: -3,
    retcode: 200,
    body: '',
    options: IN_TIME,
  },
  {
    does: 'sends a reason phrase for ever',
    serve: forEver('HTTP/1.1 200 ', KIB),
    rc: -10,
    retcode: 0,
    reason: /header is too large/,
  },
  { does: 'sends empty lines for ever', serve: forEver('', '\r\n'), rc: -10, retcode: 0, reason: /not HTTP/ },
  {
    does: 'sends a trailer for ever',
    serve: forEver(`${CHUNKED}5\r\nhello\r\n0\r\n`, FIELD),
    rc: -10,
    retcode: 200,
    reason: /header is too large/,
  },
  {
    does: 'sends interim answers (1xx) for ever',
    serve: forEver('', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'),
    rc: -10,
    retcode: 103,
  },
  {
    does: 'sends 100 Continue for ever',
    serve: forEver('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    rc: -10,
    retcode: 100,
  },
  {
    does: 'sends an interim answer without an end',
    serve: forEver('HTTP/1.1 103 Early Hints\r\n', FIELD),
    rc: -10,
    retcode: 103,
  },
  {
    does: 'sends a body for ever, up to the close',
    serve: forEver(`${OK}\r\n`, KIB),
    rc: -10,
    retcode: 200,
    reason: /bytes allowed$/,
  },
  {
    does: 'sends chunks for ever',
    serve: forEver(CHUNKED, `400\r\n${KIB}\r\n`),
    rc: -10,
    retcode: 200,
    reason: /bytes allowed$/,
  },
  {
    does: 'sends chunks of one byte for ever',
    serve: forEver(CHUNKED, '1\r\nx\r\n'),
    rc: -10,
    retcode: 200,
    reason: /bytes allowed$/,
  },
  {
    does: 'sends a chunk extension for ever',
    serve: forEver(`${CHUNKED}5;x=`, KIB),
    rc: -10,
    retcode: 200,
    reason: /framing/,
  },
  {
    does: 'sends a body a byte at a time, slowly, for ever',
    serve: slowly(CHUNKED, '1\r\nx\r\n'),
    rc: -3,
    retcode: 200,
    options: IN_TIME,
  },
  { does: 'stays silent', serve: () => {}, rc: -3, retcode: 0, options: IN_TIME },
  {
    does: 'stops in the status line',
    serve: says('HTTP/1.1 2'),
    rc: -3,
    retcode: 0,
    options: IN_TIME,
  },
  {
    does: 'stops in the header',
    serve: says(`${OK}Content-Ty`),
    rc: -3,
    retcode: 200,
    options: IN_TIME,
  },
  // Lengths that lie.
  {
    does: 'sends a chunk size of 2^64',
    serve: says(`${CHUNKED}10000000000000000\r\nhello`),
    rc: -10,
    retcode: 200,
    reason: /chunk size/,
  },
  {
    does: 'sends a chunk size of 2^64 - 1, and continues',
    serve: forEver(`${CHUNKED}ffffffffffffffff\r\n`, KIB),
    rc: -10,
    retcode: 200,
    reason: /chunk size/,
  },
  {
    does: 'sends a chunk size that is not a number',
    serve: says(`${CHUNKED}xyz\r\nabc\r\n`),
    rc: -10,
    retcode: 200,
  },
  { does: 'sends a chunk size of -1', serve: says(`${CHUNKED}-1\r\nabc\r\n`), rc: -10, retcode: 200 },
  {
    does: 'announces more bytes than it sends, and stops',
    serve: says(`${OK}Content-Length: 9\r\n\r\nhello`),
    rc: -3,
    retcode: 200,
    body: 'hello',
    options: IN_TIME,
  },
  {
    does: 'announces more bytes than it sends, and closes',
    serve: saysAndEnds(`${OK}Content-Length: 9\r\n\r\nhello`),
    rc: -10,
    retcode: 200,
    reason: /before its answer was complete/,
  },
  {
    does: 'announces fewer bytes than it sends',
    serve: says(`${OK}Content-Length: 2\r\n\r\nhello`),
    rc: 1,
    retcode: 200,
    body: 'he',
  },
  {
    does: 'announces more than max_transfer_size',
    serve: says(`${OK}Content-Length: 9007199254740992\r\n\r\nhello`),
    rc: -10,
    retcode: 200,
    reason: /bytes allowed$/,
  },
  {
    does: 'announces 2^64 bytes',
    serve: says(`${OK}Content-Length: 18446744073709551616\r\n\r\nhello`),
    rc: -10,
    retcode: 200,
  },
  { does: 'announces -1 bytes', serve: says(`${OK}Content-Length: -1\r\n\r\nhello`), rc: -10, retcode: 200 },
  {
    does: 'sends two different Content-Lengths',
    serve: says(`${OK}Content-Length: 5\r\nContent-Length: 2\r\n\r\nhello`),
    rc: -10,
    retcode: 200,
  },
  {
    does: 'sends a Content-Length that is a list of different ones',
    serve: says(`${OK}Content-Length: 5, 2\r\n\r\nhello`),
    rc: -10,
    retcode: 200,
  },
  {
    does: 'sends both Content-Length and chunked',
    serve: says(`${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
    rc: 1,
    retcode: 200,
    body: 'hello',
  },
  {
    does: 'sends a body with 204',
    serve: says(`HTTP/1.1 204 No Content\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`),
    rc: 1,
    retcode: 204,
    body: '',
  },
  {
    does: 'sends a body with 304',
    serve: says(`HTTP/1.1 304 Not Modified\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`),
    rc: 1,
    retcode: 304,
    body: '',
  },
  // Bytes after the end.
  {
    does: 'sends another answer after the answer',
    serve: says(reply('first') + POISON),
    rc: 1,
    retcode: 200,
    body: 'first',
  },
  {
    does: 'sends another answer after a chunked one',
    serve: says(`${CHUNKED}5\r\nfirst\r\n0\r\n\r\n${POISON}`),
    rc: 1,
    retcode: 200,
    body: 'first',
  },
  {
    does: 'sends bytes that are not HTTP after the answer',
    serve: says(`${reply('first')}\0\x01\x02`),
    rc: 1,
    retcode: 200,
    body: 'first',
  },
  {
    does: 'sends half an answer after the answer',
    serve: says(reply('first') + POISON.slice(0, 20)),
    rc: 1,
    retcode: 200,
    body: 'first',
  },
  // No HTTP/1.
  { does: 'speaks SMTP', serve: says('220 mail.example.com ESMTP\r\n'), rc: -10, retcode: 0 },
  { does: 'speaks HTTP/0.9', serve: saysAndEnds('<html>hello</html>'), rc: -10, retcode: 0 },
  {
    does: 'speaks HTTP/9.9',
    serve: says('HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n'),
    rc: -10,
    retcode: 0,
  },
  {
    does: 'answers in HTTP/2',
    serve: says(Buffer.from('00000c04000000000000040000ffff00030000006400', 'hex').toString('latin1')),
    rc: -10,
    retcode: 0,
  },
  { does: 'sends noise for ever', serve: forEver('', '\x9c\x07\xff\0'), rc: -10, retcode: 0 },
  {
    does: 'switches protocols (101)',
    serve: says('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    rc: -10,
    retcode: 101,
  },
  {
    does: 'sends a NUL in a header field',
    serve: says(`${OK}X: a\0b\r\nContent-Length: 0\r\n\r\n`),
    rc: -10,
    retcode: 200,
  },
  {
    does: 'sends a field name with a space',
    serve: says(`${OK}X Y: a\r\nContent-Length: 0\r\n\r\n`),
    rc: -10,
    retcode: 200,
  },
  // Heads that are not what they should be.
  ...(
    [
      ['sends a bare CR in a header field', 'X: a\rContent-Length: 0\r\n'],
      ['sends a control character in a header field', 'X: a\x01b\r\n'],
      ['sends a blank before the colon', 'Content-Length : 5\r\n'],
      ['sends a header line without a colon', 'hello\r\n'],
      ['sends a header field without a name', ': a\r\n'],
      ['continues a field before the first one', ' X: a\r\n'],
      ['sends an empty Content-Length', 'Content-Length:\r\n'],
      ['sends a Content-Length with a sign', 'Content-Length: +5\r\n'],
      ['sends a Content-Length in hexadecimal', 'Content-Length: 0x5\r\n'],
      ['sends a Transfer-Encoding of gzip', 'Transfer-Encoding: gzip\r\n'],
      ['sends a Transfer-Encoding of gzip, chunked', 'Transfer-Encoding: gzip, chunked\r\n'],
      ['sends a Transfer-Encoding of chunked, gzip', 'Transfer-Encoding: chunked, gzip\r\n'],
      [
        'sends a Transfer-Encoding of chunked, and another of identity',
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
      ],
      ['sends a Transfer-Encoding similar to chunked', 'Transfer-Encoding: xchunked\r\n'],
    ] as const
  ).map(
    ([does, field]): Hostile => ({
      does,
      serve: says(`${OK}${field}\r\n5\r\nhello\r\n0\r\n\r\n`),
      rc: -10,
      retcode: 200,
    }),
  ),
  ...(
    [
      ['sends a status of two digits', 'HTTP/1.1 99 Low'],
      ['sends a status of four digits', 'HTTP/1.1 1000 High'],
      ['sends a status below 100', 'HTTP/1.1 099 Low'],
      ['sends a status that is not a number', 'HTTP/1.1 2x0 Odd'],
      ['sends a NUL in the reason phrase', 'HTTP/1.1 200 a\0b', 200],
      ['sends an empty line before its answer', '\r\nHTTP/1.1 200 OK'],
      ['speaks HTTP/1.2', 'HTTP/1.2 200 OK'],
      ['says HTTP/2.0 in the syntax of HTTP/1', 'HTTP/2.0 200 OK'],
      ['speaks ICY', 'ICY 200 OK'],
      ['switches protocols (101), and answers', 'HTTP/1.1 101 Go\r\n\r\nHTTP/1.1 200 OK', 101],
    ] as const
  ).map(
    ([does, line, retcode = 0]): Hostile => ({
      does,
      serve: says(`${line}\r\nContent-Length: 5\r\n\r\nhello`),
      rc: -10,
      retcode,
    }),
  ),
  // Ends before the end.
  {
    does: 'closes after an interim answer',
    serve: saysAndEnds('HTTP/1.1 103 Early\r\n\r\n'),
    rc: -10,
    retcode: 103,
  },
  {
    does: 'closes within its header',
    serve: saysAndEnds(`${OK}Content-Length: 0\r\n`),
    rc: -10,
    retcode: 200,
  },
  {
    does: 'closes before the last chunk',
    serve: saysAndEnds(`${CHUNKED}5\r\nhello\r\n`),
    rc: -10,
    retcode: 200,
  },
  { does: 'closes within its trailer', serve: saysAndEnds(`${CHUNKED}0\r\nX: 1\r\n`), rc: -10, retcode: 200 },
  {
    does: 'announces the close, and closes too early',
    serve: saysAndEnds(`${OK}Connection: close\r\nContent-Length: 9\r\n\r\nhello`),
    rc: -10,
    retcode: 200,
  },
  // Chunks.
  { does: 'sends a chunk without a size', serve: says(`${CHUNKED}\r\nhello\r\n`), rc: -10, retcode: 200 },
  {
    does: 'sends a chunk size with a prefix',
    serve: says(`${CHUNKED}0x5\r\nhello\r\n`),
    rc: -10,
    retcode: 200,
  },
  {
    does: 'sends a chunk that is longer than its size',
    serve: says(`${CHUNKED}5\r\nhello!\r\n0\r\n\r\n`),
    rc: -10,
    retcode: 200,
  },
  {
    does: 'sends a trailer without a colon',
    serve: says(`${CHUNKED}0\r\nhello\r\n\r\n`),
    rc: -10,
    retcode: 200,
  },
  { does: 'closes at once', serve: (socket) => void socket.end(), rc: -10, retcode: 0 },
];

describe('a server that', () => {
  it.each(table)('$does', async ({ serve, rc, retcode, body, reason, options }) => {
    let first: Socket | undefined;
    const server = await newServer((socket, { target }) => {
      if (target === '/bad') serve((first = socket));
      else socket.write(reply(`own ${target}`));
    });
    const client = newClient(options ?? LIMITS);
    const outcome = await client.get(`${server.origin}/bad`);
    expect([outcome.rc, outcome.retcode, reasonOf(outcome)]).toEqual([rc, retcode, expect.anything()]);
    if (body !== undefined) expect(textOf(outcome)).toBe(body);
    if (reason !== undefined) expect(reasonOf(outcome)).toMatch(reason);
    // Two at once: one of them would meet what was left of the connection.
    const [next, other] = await Promise.all([
      client.get(`${server.origin}/next`),
      client.post(`${server.origin}/other`, 'x'),
    ]);
    expect([next.rc, textOf(next), other.rc, textOf(other)]).toEqual([1, 'own /next', 1, 'own /other']);
    expect(next.connection?.id).not.toBe(outcome.connection?.id);
    expect(other.connection?.id).not.toBe(outcome.connection?.id);
    await expect.poll(() => first?.destroyed).toBe(true);
    expect(first?.bytesWritten).toBeLessThan(MOST_TAKEN);
  });

  it.each([
    ['a version', 'HTTP/2'],
    ['a version of HTTP/1', 'HTTP/1.2'],
    ['a status that is not a number', 'HTTP/1.1 2x'],
    ['a status of two digits', 'HTTP/1.1 20 '],
    ['a control character in the reason phrase', 'HTTP/1.1 200 O\0'],
    ['a bare CR in the reason phrase', 'HTTP/1.1 200 OK\rX'],
    ['a field name with a space', `${OK}X-A: b\r\nBad Name`],
    ['a field without a name', `${OK}:`],
    ['a line that goes on before a field', `${OK} x`],
    ['a bare CR in a field', `${OK}X-A: b\rc`],
    ['a control character in a field', `${OK}X-A: b\r\n c\0`],
    ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 6\r\n`],
    ['a length that is not a number', `${OK}Content-Length: five\r\n`],
    ['a coding that was not asked for', `${OK}Transfer-Encoding: gzip\r\n`],
    ['a trailer without a colon', `${CHUNKED}5\r\nhello\r\n0\r\nX-A: b\r\nno trailer\r\n`],
  ])('sends %s and falls silent is answered at once', async (_name, text) => {
    // in pieces of each size: the time limit of the test is below that of the client
    for (const size of [1, 7, text.length]) {
      const server = await newServer(async (socket) => {
        socket.setNoDelay();
        for (let at = 0; at < text.length && !socket.destroyed; at += size) {
          socket.write(text.slice(at, at + size), 'latin1');
          await new Promise(setImmediate);
        }
      });
      expect((await newClient({ timeout: 60_000 }).get(server.origin)).rc).toBe(-10);
    }
  });

  it.each([
    ['beyond the end of its answer', `${reply('first')}x`, ''],
    ['on an idle connection', reply('first'), 'x'],
  ])('sends a byte %s has its connection reset', async (_name, text, extra) => {
    const errors: (string | undefined)[] = [];
    const server = await newServer((socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
      socket.write(text);
      if (extra !== '') later(() => socket.write(extra), 20);
    });
    expect(await newClient().get(server.origin)).toMatchObject({ rc: 1, text: 'first' });
    await expect.poll(() => errors).toEqual(['ECONNRESET']);
  });

  it('sends the next answer while the connection is idle', async () => {
    for (const pause of [0, 1, 20]) {
      const server = await newServer((socket, { connection, target }) => {
        socket.write(reply(`own ${target}`));
        if (connection === 1) later(() => socket.write(POISON), pause);
      });
      const client = newClient();
      expect(textOf(await client.get(`${server.origin}/a`))).toBe('own /a');
      await sleep(60);
      expect(await client.get(`${server.origin}/b`)).toMatchObject({ rc: 1, reused: false });
    }
  });

  it.each([
    ['an answer', POISON],
    ['half an answer', POISON.slice(0, 20)],
    ['a byte that is not HTTP', '\x01'],
    ['an empty line', '\r\n'],
    ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('sends %s just before the next request is written, which goes out elsewhere', async (_name, stray) => {
    for (const method of ['GET', 'POST'] as const) {
      const server = await newServer((socket, { target }) => socket.write(reply(`own ${target}`)));
      const client = newClient();
      await client.get(`${server.origin}/a`);
      for (const socket of server.sockets) socket.write(stray);
      // in the same turn of the event loop: the bytes are there, and nobody has read them
      const next = await client.request(method, `${server.origin}/b`);
      expect([next.rc, textOf(next), reasonOf(next)]).toEqual([1, 'own /b', '']);
    }
  });

  it('sends the next answer just as the next request goes out, and it is never taken for its answer', async () => {
    for (let i = 0; i < 50; i++) {
      const server = await newServer((socket, { connection, target }) => {
        socket.write(reply(`own ${target}`));
        if (connection === 1) setImmediate(() => socket.write(POISON));
      });
      const client = newClient();
      await client.get(`${server.origin}/a`);
      await new Promise((resolve) => setImmediate(resolve));
      const next = await client.get(`${server.origin}/b`);
      // Bytes after a request was written cannot be distinguished from its answer (RFC 9112, section 9.3.2):
      // the only question is whether it came before.
      if (server.requests.filter((r) => r.target === '/b').some((r) => r.connection > 1)) {
        expect([1, -10]).toContain(next.rc);
        if (next.rc === 1) expect(next.text).toBe('own /b');
      }
    }
  });

  const bytes = {
    'with a Content-Length': reply('twelve bytes', 'X-A: b\r\n'),
    chunked: `${CHUNKED}6\r\ntwelve\r\n6;x=y\r\n bytes\r\n0\r\nX-T: 1\r\n\r\n`,
  };

  it.each(Object.entries(bytes))('resets at every byte of an answer %s', async (_name, whole) => {
    const statusLine = whole.indexOf('\r\n') + 2;
    const server = await newServer((socket, { target }) => {
      if (target === '/next') return void socket.write(reply('own'));
      const part = whole.slice(0, Number(target.slice(1)));
      if (part === '') socket.resetAndDestroy();
      else socket.write(part, () => later(() => socket.resetAndDestroy(), 2));
    });
    const client = newClient();
    for (let size = 0; size <= whole.length; size++) {
      const outcome = await client.get(`${server.origin}/${size}`);
      const complete = size === whole.length;
      expect([size, outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([
        size,
        complete ? 1 : -10,
        size >= statusLine ? 200 : 0,
        complete ? 'twelve bytes' : '',
      ]);
      await sleep(complete ? 10 : 0);
      expect(await client.get(`${server.origin}/next`)).toMatchObject({ rc: 1, reused: false });
      // and the next one's connection is not taken for the one after
      await new Promise<void>((resolve) => {
        for (const socket of server.sockets) socket.destroy();
        later(resolve, 1);
      });
    }
  });

  it('resets in a body without a length: nobody can say that it was complete', async () => {
    for (const header of ['\r\n', 'Connection: close\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n5\r\n']) {
      const server = await newServer((socket) =>
        socket.write(`${OK}${header}half`, () => later(() => socket.resetAndDestroy(), 5)),
      );
      expect(await newClient().get(server.origin)).toMatchObject({ rc: -10, retcode: 200 });
    }
  });

  it('accepts and never reads a large POST', async () => {
    const server = await newServer(() => {}, { onConnection: (socket) => socket.pause() });
    const client = newClient({ timeout: 300 });
    const body = Buffer.alloc(64 * 1024 * 1024);
    const before = process.memoryUsage();
    const outcomes = await Promise.all([1, 2, 3].map(() => client.post(server.origin, body)));
    const after = process.memoryUsage();
    for (const outcome of outcomes) expect(outcome).toMatchObject({ rc: -3, retcode: 0 });
    // The body is sent from where it is: no copy for each transfer.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(32 * 1024 * 1024);
    await expect.poll(() => client.active).toBe(0);
  });

  it('stalls in the TLS handshake, at any byte of its first flight', async () => {
    for (const part of ['', '\x16', '\x16\x03\x03\x00\x7a', '\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03']) {
      const server = net.createServer((socket) => {
        socket.on('error', () => {});
        socket.write(part, 'latin1');
        closeLater({ close: async () => void socket.destroy() });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closeLater({ close: async () => void server.close() });
      const { port } = server.address() as net.AddressInfo;
      const client = newClient({ connectTimeout: 100 });
      expect(await client.get(`https://127.0.0.1:${port}/`)).toMatchObject({ rc: -2, retcode: 0 });
    }
  });

  it('answers the TLS handshake with something else', async () => {
    for (const text of [reply('clear'), '\x15\x03\x03\x00\x02\x02\x28', '\0'.repeat(1000)]) {
      const server = await newServer(() => {}, {
        onConnection: (socket) => void socket.write(text, 'latin1'),
      });
      const outcome = await newClient().get(`https://127.0.0.1:${server.port}/`);
      expect(outcome).toMatchObject({ rc: -10, retcode: 0 });
      expect(reasonOf(outcome)).toContain('TLS');
    }
  });

  it('sends a body in single bytes, which costs its bytes', async () => {
    const size = 200_000;
    const server = await newServer((socket) => {
      socket.write(CHUNKED);
      socket.write('1\r\nx\r\n'.repeat(size));
      socket.write('0\r\n\r\n');
    });
    const outcome = await newClient().get(server.origin);
    expect([outcome.rc, bodyOf(outcome).length]).toEqual([1, size]);
    expect(textOf(outcome)).toBe('x'.repeat(size));
  });
});

describe('docs/reliability.md', () => {
  it('has a row for each of them', () => {
    const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
    const shown = table.filter(({ does, rc, retcode }) => page.includes(`| ${does} | ${rc} | ${retcode} |`));
    expect(table.filter((row) => !shown.includes(row)).map((row) => row.does)).toEqual([]);
  });
});
