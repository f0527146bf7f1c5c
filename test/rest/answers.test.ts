import { describe, expect, it } from 'vitest';
import { answerOf, newClient, newServer, reasonOf, textOf } from './fixture.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const LENGTH = 'Content-Length: 5\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

interface Answer {
  readonly what: string;
  readonly text: string;
  readonly retcode?: number;
  /** Default: hello. */
  readonly body?: string;
  readonly contentType?: string;
  /** Default: the connection serves the next request. */
  readonly kept?: false;
}

/** Answers that are odd, and that libcurl takes too. */
const table: readonly Answer[] = [
  {
    what: 'lines that end with LF',
    text: `HTTP/1.1 200 OK\nContent-Type: a/b\n${LENGTH}\nhello`,
    contentType: 'a/b',
  },
  { what: 'a status line without a reason', text: `HTTP/1.1 404\r\n${LENGTH}\r\nhello`, retcode: 404 },
  { what: 'a status line with blanks', text: `HTTP/1.1  200 \r\n${LENGTH}\r\nhello` },
  { what: 'a status line in lower case', text: `http/1.1 200 ok\r\n${LENGTH}\r\nhello` },
  { what: 'an unknown status', text: `HTTP/1.1 999 X\r\n${LENGTH}\r\nhello`, retcode: 999 },
  {
    what: 'a redirect, which is not followed',
    text: `HTTP/1.1 302 F\r\nLocation: /x\r\n${LENGTH}\r\nhello`,
    retcode: 302,
  },
  { what: 'a body with 205', text: `HTTP/1.1 205 Reset\r\n${LENGTH}\r\nhello`, retcode: 205 },
  { what: '204 with a length', text: `HTTP/1.1 204 No\r\n${LENGTH}\r\n`, retcode: 204, body: '' },
  {
    what: '304 with a length and a type',
    text: `HTTP/1.1 304 N\r\nContent-Type: a/b\r\n${LENGTH}\r\n`,
    retcode: 304,
    body: '',
    contentType: 'a/b',
  },
  {
    what: 'interim answers with fields of an answer',
    text: `HTTP/1.1 100 C\r\n${LENGTH}\r\nHTTP/1.1 103 E\r\nContent-Type: i/i\r\n\r\n${OK}${LENGTH}\r\nhello`,
  },
  {
    what: 'a field in two lines',
    text: `${OK}Content-Type: a/b;\r\n\tc=d\r\n${LENGTH}\r\nhello`,
    contentType: 'a/b; c=d',
  },
  {
    what: 'blanks around values',
    text: `${OK}Content-Type: \t a/b ; q=1 \t\r\nContent-Length:5  \r\n\r\nhello`,
    contentType: 'a/b ; q=1',
  },
  {
    what: 'two types',
    text: `${OK}Content-Type: a/b\r\nContent-Type: c/d\r\n${LENGTH}\r\nhello`,
    contentType: 'c/d',
  },
  {
    what: 'a type, and an empty one',
    text: `${OK}Content-Type: a/b\r\nContent-Type:\r\n${LENGTH}\r\nhello`,
    contentType: 'a/b',
  },
  {
    what: 'bytes above 127 in a field',
    text: `${OK}Content-Type: \xe4/\xf6\r\n${LENGTH}\r\nhello`,
    contentType: '\xe4/\xf6',
  },
  { what: 'the same length twice', text: `${OK}${LENGTH}${LENGTH}\r\nhello` },
  { what: 'the same length in a list', text: `${OK}Content-Length: 5,5, 005\r\n\r\nhello` },
  { what: 'equal lists of lengths', text: `${OK}Content-Length: 5, 5\r\n${LENGTH}\r\nhello` },
  {
    what: 'a length of 0 beside chunks',
    text: `${OK}Content-Length: 0\r\n${CHUNKED}\r\n${CHUNKS}`,
    kept: false,
  },
  {
    what: 'a length behind chunks',
    text: `${OK}${CHUNKED}Content-Length: 123456\r\n\r\n${CHUNKS}`,
    kept: false,
  },
  { what: 'a length with zeros', text: `${OK}Content-Length: 0005\r\n\r\nhello` },
  { what: 'the coding in capitals', text: `${OK}TRANSFER-ENCODING: CHUNKED\r\n\r\n${CHUNKS}` },
  { what: 'the coding twice', text: `${OK}${CHUNKED}${CHUNKED}\r\n${CHUNKS}` },
  { what: 'the coding between tabs', text: `${OK}Transfer-Encoding:\tchunked \t\r\n\r\n${CHUNKS}` },
  { what: 'identity, which is not a coding', text: `${OK}Transfer-Encoding: identity\r\n${LENGTH}\r\nhello` },
  { what: 'a coding of the content', text: `${OK}Content-Encoding: gzip\r\n${LENGTH}\r\nhello` },
  { what: 'chunk extensions', text: `${OK}${CHUNKED}\r\n2;a=b;c="d"\r\nhe\r\n3 ; e\r\nllo\r\n0;f\r\n\r\n` },
  {
    what: 'chunk sizes with blanks, zeros and capitals',
    text: `${OK}${CHUNKED}\r\n0005  \r\nhello\r\nA\r\n, it is me\r\n000\r\n\r\n`,
    body: 'hello, it is me',
  },
  { what: 'chunks whose lines end with LF', text: `${OK}${CHUNKED}\r\n5\nhello\n0\n\n` },
  {
    what: 'a trailer, which changes nothing',
    text: `${OK}${CHUNKED}\r\n5\r\nhello\r\n0\r\nContent-Length: 3\r\nContent-Type: x/y\r\n\r\n`,
  },
  {
    what: 'HTTP/1.0 that keeps the connection',
    text: `HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n${LENGTH}\r\nhello`,
  },
  { what: 'HTTP/1.0 that does not', text: `HTTP/1.0 200 OK\r\n${LENGTH}\r\nhello`, kept: false },
  {
    what: 'HTTP/1.0 with chunks',
    text: `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${CHUNKED}\r\n${CHUNKS}`,
    kept: false,
  },
  {
    what: 'close among the options of Connection',
    text: `${OK}Connection: x, Close\r\n${LENGTH}\r\nhello`,
    kept: false,
  },
  {
    what: 'two fields of Connection',
    text: `${OK}Connection: keep-alive\r\nConnection: close\r\n${LENGTH}\r\nhello`,
    kept: false,
  },
];

describe('an answer with', () => {
  it.each(table)('$what is taken as libcurl takes it', async ({ text, retcode, body, contentType, kept }) => {
    // whole, and a byte at a time
    for (const size of [text.length, 1]) {
      const server = await newServer(async (socket) => {
        socket.setNoDelay();
        for (let at = 0; at < text.length; at += size) {
          socket.write(text.slice(at, at + size), 'latin1');
          await new Promise(setImmediate);
        }
      });
      const client = newClient();
      const outcome = await client.get(server.origin);
      expect([
        outcome.rc,
        outcome.retcode,
        textOf(outcome),
        answerOf(outcome).contentType,
        reasonOf(outcome),
      ]).toEqual([1, retcode ?? 200, body ?? 'hello', contentType ?? '', '']);
      expect((await client.get(server.origin)).reused).toBe(kept ?? true);
    }
  });

  it('fields shows them as they came', async () => {
    const server = await newServer((socket) =>
      socket.write(`${OK}X-A:1\r\nx-a: \t2 \r\nX-Empty:\r\nX-Long: a\r\n b\r\n${LENGTH}\r\nhello`),
    );
    const outcome = await newClient().get(server.origin);
    expect(answerOf(outcome).headers).toEqual([
      ['X-A', '1'],
      ['x-a', '2'],
      ['X-Empty', ''],
      ['X-Long', 'a b'],
      ['Content-Length', '5'],
    ]);
    expect([answerOf(outcome).header('X-a'), answerOf(outcome).header('x-none')]).toEqual(['1', undefined]);
  });

  it('no body keeps the connection after HEAD', async () => {
    const server = await newServer((socket) => socket.write(`${OK}${LENGTH}\r\n`));
    const client = newClient();
    for (const reused of [false, true]) {
      expect(await client.request('HEAD', server.origin)).toMatchObject({ rc: 1, retcode: 200, reused });
    }
  });
});
