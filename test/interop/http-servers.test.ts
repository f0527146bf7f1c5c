import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, startApache, startNghttpd, startNginx } from '../support/http-servers.ts';

/** What the launchers promise, seen with node's own clients: later tests build on it. */

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

async function overHttp2(origin: string, options: http2.SecureClientSessionOptions = {}): Promise<string> {
  const session = http2.connect(origin, options);
  try {
    const stream = session.request({ ':path': '/hello.txt' });
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    await once(stream, 'end');
    return `${session.alpnProtocol} ${text}`;
  } finally {
    session.close();
  }
}

async function overHttps(url: string, ca: string): Promise<string> {
  const request = https.get(url, { ca, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return `${response.httpVersion} ${text}`;
}

describe('nginx', () => {
  it('serves clear text, and HTTP/1.1 and HTTP/2 over TLS', async () => {
    server = await startNginx();
    expect(await (await fetch(`${server.origin}/hello.txt`)).text()).toBe('hello, world\n');
    expect(await overHttps(`${server.secureOrigin}/hello.txt`, server.authority.cert)).toBe(
      '1.1 hello, world\n',
    );
    expect(await overHttp2(server.secureOrigin, { ca: server.authority.cert })).toBe('h2 hello, world\n');
  });
});

describe('Apache', () => {
  it('serves HTTP/2 by prior knowledge and by ALPN, and HTTP/1.1', async () => {
    server = await startApache();
    expect(await overHttp2(server.origin)).toBe('h2c hello, world\n');
    expect(await overHttp2(server.secureOrigin, { ca: server.authority.cert })).toBe('h2 hello, world\n');
    expect(await (await fetch(`${server.origin}/hello.txt`)).text()).toBe('hello, world\n');
  });
});

describe('nghttpd', () => {
  it('serves HTTP/2 in clear text', async () => {
    server = await startNghttpd();
    expect(await overHttp2(server.origin)).toBe('h2c hello, world\n');
  });

  it('serves HTTP/2 over TLS', async () => {
    server = await startNghttpd({ tls: true });
    expect(await overHttp2(server.secureOrigin, { ca: server.authority.cert })).toBe('h2 hello, world\n');
  });
});
