/** Servers that get TLS wrong: what docs/reliability.md says of each. */
import { readFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { RestClientOptions } from '../../src/rest/index.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { later } from '../support/steady-clock.ts';
import { closeLater, newClient, newServer, reasonOf, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

const authority = createAuthority();
const localhost = authority.issue({ names: ['localhost'] });

/** So many further certificates of authorities, which have nothing to do with the server's own. */
const stuffed = (count: number): Certificate => {
  const others = Array.from({ length: 100 }, (_, i) => createAuthority(`Padding ${i}`).cert);
  const chain = Array.from({ length: count }, (_, i) => others[i % others.length]).join('');
  return { key: localhost.key, cert: localhost.cert + chain };
};

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

/** A TLS server on a port of its own. */
async function secure(onRequest: (socket: Socket) => void, options: tls.TlsOptions = {}): Promise<number> {
  const server = tls.createServer({ ...localhost, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => onRequest(socket));
  });
  server.on('tlsClientError', () => {});
  return listen(server);
}

/**
 * What stands before a TLS server and hands on what it says, until the server has said `text`; then the connection is
 * ended without the close_notify of TLS, or reset.
 */
async function cutting(text: string, options: tls.TlsOptions, how: 'ends' | 'resets'): Promise<number> {
  let cut = (): void => {};
  const port = await secure((socket) => socket.write(text, () => later(() => cut(), 50)), options);
  return listen(
    net.createServer((front) => {
      const back = net.connect(port, '127.0.0.1').on('error', () => {});
      front.pipe(back);
      back.on('data', (data) => front.write(data));
      back.on('close', () => front.destroy());
      cut = () => void (how === 'ends' ? front.end() : front.resetAndDestroy());
    }),
  );
}

/** Hands on the first bytes of a TLS server and says nothing more. */
async function stopping(bytes: number): Promise<number> {
  const port = await secure(() => {});
  return listen(
    net.createServer((front) => {
      let left = bytes;
      const back = net.connect(port, '127.0.0.1').on('error', () => {});
      front.pipe(back);
      back.on('data', (data) => {
        if (left > 0) front.write(data.subarray(0, left));
        left -= data.length;
      });
    }),
  );
}

/** Says these bytes as soon as it has read something. */
const blurting = (bytes: Buffer | string, then: 'ends' | 'stays' = 'stays') =>
  listen(
    net.createServer((socket) => {
      socket.once('data', () => (then === 'ends' ? socket.end(bytes) : socket.write(bytes)));
    }),
  );

/** Record type 21 (RFC 8446, 5.1 and 6): a fatal alert, or close_notify as a warning. */
const alert = (level: number, description: number) => Buffer.of(21, 3, 3, 0, 2, level, description);

const OK = 'HTTP/1.1 200 OK\r\n';

interface Hostile {
  readonly does: string;
  readonly port: (options: tls.TlsOptions) => Promise<number>;
  readonly rc: number;
  readonly retcode: number;
  readonly reason?: RegExp;
  readonly options?: RestClientOptions;
  /** Whether it is a matter of the version of TLS. */
  readonly versions?: boolean;
}

const cuts = (does: string, text: string, retcode: number, how: 'ends' | 'resets' = 'ends'): Hostile => ({
  does,
  port: (options) => cutting(text, options, how),
  rc: -10,
  retcode,
  versions: true,
});

const table: readonly Hostile[] = [
  cuts('cuts TLS in the status line', 'HTTP/1.1 2', 0),
  cuts('cuts TLS in the header', `${OK}Content-Le`, 200),
  cuts('cuts TLS in a body with a length', `${OK}Content-Length: 10\r\n\r\nhello`, 200),
  cuts('cuts TLS in a chunked body', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, 200),
  cuts('cuts TLS in a body without a length', `${OK}\r\nhello`, 200),
  cuts('cuts TLS before a body without a length', `${OK}\r\n`, 200),
  cuts('resets in a body without a length, over TLS', `${OK}\r\nhello`, 200, 'resets'),
  {
    does: 'closes TLS properly after a body without a length',
    port: (options) => secure((socket) => socket.end(`${OK}\r\nhello`), options),
    rc: 1,
    retcode: 200,
    versions: true,
  },
  {
    does: 'cuts TLS after a complete answer',
    port: (options) => cutting(reply('hello'), options, 'ends'),
    rc: 1,
    retcode: 200,
    versions: true,
  },
  {
    does: 'sends a certificate chain of 80 KB',
    port: () => secure((socket) => socket.end(reply('hello')), stuffed(200)),
    rc: 1,
    retcode: 200,
  },
  {
    does: 'sends a certificate chain of 400 KB',
    port: () => secure((socket) => socket.end(reply('hello')), stuffed(1000)),
    rc: -10,
    retcode: 0,
    reason: /the TLS handshake failed/,
  },
  ...[0, 5, 60, 500].map(
    (bytes): Hostile => ({
      does: `stops after ${bytes} bytes of the handshake`,
      port: () => stopping(bytes),
      rc: -2,
      retcode: 0,
      options: { connectTimeout: 500 },
    }),
  ),
  {
    does: 'speaks HTTP on a TLS port',
    port: () => blurting('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'ends'),
    rc: -10,
    retcode: 0,
    reason: /the TLS handshake failed/,
  },
  {
    does: 'speaks HTTP on a TLS port, and keeps the connection open',
    port: () => blurting('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
    rc: -10,
    retcode: 0,
    reason: /the TLS handshake failed/,
  },
  {
    does: 'answers the handshake with a fatal alert',
    port: () => blurting(alert(2, 40)),
    rc: -10,
    retcode: 0,
    reason: /the TLS handshake failed: .*handshake failure/,
  },
  {
    does: 'answers the handshake with close_notify',
    port: () => blurting(alert(1, 0), 'ends'),
    rc: -10,
    retcode: 0,
  },
  {
    does: 'sends warnings for ever instead of a handshake',
    port: () =>
      listen(
        net.createServer((socket) => {
          const many = Buffer.concat(Array.from({ length: 1000 }, () => alert(1, 90)));
          const more = (): void => {
            while (!socket.destroyed && socket.write(many));
          };
          socket.on('drain', more).once('data', more);
        }),
      ),
    rc: -10,
    retcode: 0,
  },
  {
    does: 'sends a record that is larger than TLS allows',
    port: () => blurting(Buffer.concat([Buffer.of(22, 3, 3, 0xff, 0xff), Buffer.alloc(0xffff)])),
    rc: -10,
    retcode: 0,
    reason: /the TLS handshake failed/,
  },
  {
    does: 'announces a handshake message of 16 MiB',
    port: () =>
      blurting(Buffer.concat([Buffer.of(22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff), Buffer.alloc(0x4000 - 4)])),
    rc: -10,
    retcode: 0,
    reason: /the TLS handshake failed/,
  },
  {
    does: 'supports only obsolete versions of TLS',
    port: () =>
      secure((socket) => socket.end(reply('hello')), {
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    rc: -10,
    retcode: 0,
    reason: /the TLS handshake failed/,
  },
];

const rows = table.flatMap(({ versions, ...row }) =>
  (versions === true ? (['TLSv1.2', 'TLSv1.3'] as const) : [undefined]).map((version) => ({
    ...row,
    name: version === undefined ? row.does : `${row.does} (${version})`,
    tls: version === undefined ? {} : { minVersion: version, maxVersion: version },
  })),
);

describe('a server that', () => {
  it.each(rows)('$name', async ({ port, rc, retcode, reason, options, tls: versions }) => {
    const origin = `https://localhost:${await port(versions)}`;
    const client = newClient({ tls: { verifyPeer: false, verifyHost: false }, ...options });
    const outcome = await client.get(origin);
    expect([outcome.rc, outcome.retcode, reasonOf(outcome)]).toEqual([rc, retcode, expect.anything()]);
    expect(textOf(outcome)).toBe(rc === 1 ? 'hello' : '');
    if (reason !== undefined) expect(reasonOf(outcome)).toMatch(reason);
    // and others are served meanwhile and after
    const good = await newServer((socket) => socket.write(reply('fine')), { tls: localhost });
    expect(await client.get(good.origin)).toMatchObject({ rc: 1, retcode: 200 });
  });
});

describe('docs/reliability.md', () => {
  it('has a row for each of them', () => {
    const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
    const shown = table.filter(({ does, rc, retcode }) => page.includes(`| ${does} | ${rc} | ${retcode} |`));
    expect(table.filter((row) => !shown.includes(row)).map((row) => row.does)).toEqual([]);
  });
});
