import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { Networks } from '../../src/net/index.ts';
import type { SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { proxyNetworks } from '../../src/sip/proxy-protocol.ts';
import { buildReply, sendReply } from '../../src/sip/reply.ts';
import type { StreamLimits } from '../../src/sip/stream-limits.ts';
import { type StreamOptions, StreamTransport } from '../../src/sip/stream-transport.ts';
import { encodeFrame, OPCODE } from '../../src/sip/websocket-frames.ts';
import { closeLater } from '../support/close-later.ts';
import { proxyHeader } from '../support/proxy-header.ts';
import { testAuthority, tlsDomain, tlsDomains } from '../support/tls-domain.ts';
import { until } from '../support/until.ts';
import { requestText } from './simulated.ts';

const VIA = 'SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKws';

/** A server that keeps each request, and answers it 200 unless `answers` is false. */
async function startServer(
  limits: Partial<StreamLimits> = {},
  { answers = true, ...options }: Partial<StreamOptions> & { readonly answers?: boolean } = {},
) {
  const requests: SipRequest[] = [];
  const closings: string[] = [];
  const transport = await StreamTransport.bind({
    protocol: 'ws',
    address: '127.0.0.1',
    port: 0,
    limits,
    onMessage: (data, source, socket) => {
      const message = parseMessage(data, source, socket);
      if (message.kind !== 'request') return;
      requests.push(message);
      if (answers) sendReply(message, buildReply(message, { status: 200, toTag: 'x' }));
    },
    onClose: (_, why, detail) => closings.push(detail === '' ? why : `${why}: ${detail}`),
    ...options,
  });
  closeLater(transport);
  return { transport, requests, closings, port: transport.local.port };
}

/** A browser, as far as its WebSocket goes. */
async function browser(port: number, protocols: string | string[] = 'sip') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, protocols, { origin: 'https://phone.example.com' });
  const received: string[] = [];
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('message', (data: Buffer, isBinary) =>
    received.push(`${isBinary ? 'binary ' : ''}${data.toString()}`),
  );
  closeLater({ close: () => socket.terminate() });
  await once(socket, 'open');
  return { socket, received, closed };
}

const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: sip',
  'Origin: http://127.0.0.1',
  '\r\n',
].join('\r\n');

/** A client that writes what the test says. */
async function rawClient(
  port: number,
): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  closeLater({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return { socket, text: () => text, closed };
}

describe('SIP over WebSocket', () => {
  it('answers a browser on its connection, and sends it requests', async () => {
    const { transport, requests, port } = await startServer();
    const { socket, received } = await browser(port);
    expect(socket.protocol).toBe('sip');
    socket.send(requestText({ via: VIA }));
    await until(() => received.length === 1);
    expect(received[0]).toMatch(
      /^SIP\/2\.0 200 OK\r\nVia: SIP\/2\.0\/WS df7jal23ls0d\.invalid;.*received=127\.0\.0\.1/,
    );
    expect(requests[0]?.source.transport).toBe('ws');
    const { source } = requests[0] as SipRequest;
    transport.send(Buffer.from(requestText({ method: 'INFO' })), source.address, source.port);
    await until(() => received.length === 2);
    expect(received[1]).toMatch(/^INFO /);
    expect(transport.counts).toMatchObject({ accepted: 1, opened: 0 });
  });

  it('needs no Content-Length, and takes fragments, binary and text', async () => {
    const { requests, port } = await startServer();
    const { socket } = await browser(port);
    const text = requestText({ via: VIA })
      .replace(/Content-Length: 0\r\n/, '')
      .concat('the body');
    socket.send(text.slice(0, 50), { fin: false });
    socket.send(text.slice(50), { fin: true });
    socket.send(Buffer.from(text), { binary: true });
    await until(() => requests.length === 2);
    expect(requests.map(({ body }) => body)).toEqual(['the body', 'the body']);
  });

  it('sends what is not UTF-8 as binary', async () => {
    const { transport, requests, port } = await startServer();
    const { socket, received } = await browser(port);
    socket.send(requestText({ via: VIA }));
    await until(() => received.length === 1);
    const { source } = requests[0] as SipRequest;
    transport.send(Buffer.from('INFO sip:caf\xe9 SIP/2.0', 'latin1'), source.address, source.port);
    await until(() => received.length === 2);
    expect(received[1]).toMatch(/^binary INFO/);
  });

  it('answers pings and keep-alives, and a Close with its code', async () => {
    const { closings, port } = await startServer();
    const { socket, received, closed } = await browser(port);
    socket.ping('are you there');
    const [answer] = (await once(socket, 'pong')) as [Buffer];
    expect(answer.toString()).toBe('are you there');
    socket.send('\r\n\r\n');
    await until(() => received.length === 1);
    expect(received).toEqual(['\r\n']);
    socket.close(3456);
    expect(await closed).toBe(3456);
    await until(() => closings.length === 1);
    expect(closings).toEqual(['peer']);
  });

  it('pings a silent client, and closes one that does not answer', async () => {
    const { transport, closings, port } = await startServer({ idleTimeout: 200 });
    const { socket } = await browser(port);
    let pings = 0;
    socket.on('ping', () => pings++);
    await until(() => pings === 4);
    expect(transport.size).toBe(1);
    const dead = await rawClient(port);
    dead.socket.write(HANDSHAKE);
    await dead.closed;
    expect(closings).toEqual(['idle']);
    expect(dead.text()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n\x89\0$/);
  });

  it('is read alike wherever its bytes are cut', async () => {
    const { requests, port } = await startServer();
    const bytes = Buffer.concat([
      Buffer.from(HANDSHAKE),
      encodeFrame(OPCODE.text, Buffer.from(requestText({ via: VIA })), true),
    ]);
    const { socket, text } = await rawClient(port);
    socket.setNoDelay(true);
    for (const byte of bytes) {
      socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    await until(() => requests.length === 1);
    await until(() => text().includes('SIP/2.0 200 OK'));
  });

  it.each([
    ['another subprotocol', 'xmpp', 400],
    ['no subprotocol', [], 400],
  ])('refuses %s', async (_, protocols, status) => {
    const { closings, port } = await startServer();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, protocols, { origin: 'http://x' });
    const [{ message }] = (await once(socket, 'error')) as [Error];
    expect(message).toContain(String(status));
    await until(() => closings.length === 1);
    expect(closings).toEqual(['handshake: offer the subprotocol sip (RFC 7118)']);
  });

  it.each<[string, (socket: WebSocket) => void, number, string]>([
    ['a giant', (socket) => socket.send('x'.repeat(70_000)), 1009, 'defect: the message is too long'],
    [
      'text that is not UTF-8',
      (socket) => socket.send(Buffer.of(0xff), { binary: false }),
      1007,
      'defect: a text message is not UTF-8',
    ],
  ])('closes the connection of %s', async (_, misbehave, code, closing) => {
    const { closings, port } = await startServer();
    const { socket, closed } = await browser(port);
    misbehave(socket);
    expect(await closed).toBe(code);
    await until(() => closings.length === 1);
    expect(closings).toEqual([closing]);
  });

  it('does not wait for handshakes and messages that are not completed', async () => {
    const { closings, port } = await startServer({ handshakeTimeout: 50, messageTimeout: 50 });
    const silent = await rawClient(port);
    await silent.closed;
    const slow = await rawClient(port);
    slow.socket.write(HANDSHAKE.slice(0, -3));
    await slow.closed;
    const half = await rawClient(port);
    half.socket.write(HANDSHAKE);
    half.socket.write(encodeFrame(OPCODE.text, Buffer.from('half'), true).subarray(0, 8));
    await half.closed;
    await until(() => closings.length === 3);
    expect(closings[2]).toBe('slow');
    expect(closings.slice(0, 2)).toEqual(Array(2).fill(expect.stringMatching(/^handshake: /)));
  });

  it('closes a client that pings and does not read', async () => {
    const { closings, port } = await startServer({ queueBytes: 65_536 });
    const { socket } = await rawClient(port);
    socket.pause();
    socket.write(HANDSHAKE);
    const ping = encodeFrame(OPCODE.ping, Buffer.alloc(125), true);
    const many = Buffer.concat(Array.from({ length: 500 }, () => ping));
    while (closings.length === 0) {
      socket.write(many);
      await sleep(1);
    }
    expect(closings).toEqual(['queue: the peer does not read']);
  });

  it('tells its clients when it closes', async () => {
    const { transport, port } = await startServer();
    const { closed } = await browser(port);
    await transport.close();
    expect(await closed).toBe(1001);
  });

  it('never connects to a client that has gone', async () => {
    const { transport, requests, port } = await startServer({}, { answers: false });
    const { socket, closed } = await browser(port);
    const via = createServer(() => expect.unreachable('a reply was sent to the Via'));
    via.listen(0, '127.0.0.1');
    await once(via, 'listening');
    closeLater(via);
    const { port: viaPort } = via.address() as { port: number };
    socket.send(requestText({ via: `SIP/2.0/WS 127.0.0.1:${viaPort};branch=z9hG4bKgone` }));
    await until(() => requests.length === 1);
    socket.close();
    await closed;
    const request = requests[0] as SipRequest;
    const error = await new Promise((done) => {
      sendReply(request, buildReply(request, { status: 200, toTag: 'x' }), done);
    });
    expect(error).toMatchObject({ message: 'the client has closed the connection' });
    await sleep(20);
    expect(transport.counts.opened).toBe(0);
  });
});

describe('siprest as a client of WebSocket', () => {
  it('connects, masks its frames, and receives', async () => {
    const { transport, requests } = await startServer();
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'sip' });
    closeLater({ close: () => server.close() });
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const sent = new Promise((done) => {
      transport.send(Buffer.from(requestText({ via: VIA })), '127.0.0.1', port, done);
    });
    const [peer] = await accepted;
    closeLater({ close: () => peer.terminate() });
    const [data] = (await once(peer, 'message')) as [Buffer];
    expect(String(data)).toMatch(/^OPTIONS /);
    expect(await sent).toBeNull();
    peer.send(requestText({ via: VIA }));
    await until(() => requests.length === 1);
    expect(transport.counts).toMatchObject({ accepted: 0, opened: 1 });
  });

  it('reports a server that refuses', async () => {
    const { transport } = await startServer();
    const other = await startServer(
      {},
      { webSocket: { requireOrigin: true, origins: new Set(['https://a.example']), resource: '/' } },
    );
    const error = await new Promise((done) => {
      transport.send(Buffer.from(requestText()), '127.0.0.1', other.port, done);
    });
    expect(error).toMatchObject({ message: 'the server refuses the WebSocket with 403' });
  });

  it('talks to itself', async () => {
    const [one, other] = [await startServer(), await startServer()];
    one.transport.send(Buffer.from(requestText({ via: VIA })), '127.0.0.1', other.port);
    await until(() => other.requests.length === 1);
    const { source } = other.requests[0] as SipRequest;
    other.transport.send(Buffer.from(requestText({ via: VIA })), source.address, source.port);
    await until(() => one.requests.length === 1);
    expect([one.transport.counts.opened, other.transport.counts.accepted]).toEqual([1, 1]);
  });
});

describe('SIP over secure WebSocket', () => {
  const certificate = testAuthority.issue({ names: ['sip.test', '127.0.0.1'] });
  const secure = { protocol: 'wss', tls: tlsDomains(tlsDomain(certificate, null)) } as const;

  it('answers a browser', async () => {
    const { requests, port } = await startServer({}, secure);
    const socket = new WebSocket(`wss://127.0.0.1:${port}/`, 'sip', {
      origin: 'https://phone.example.com',
      rejectUnauthorized: false,
    });
    closeLater({ close: () => socket.terminate() });
    await once(socket, 'open');
    socket.send(requestText({ via: VIA.replace('WS', 'WSS') }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(String(data)).toMatch(/^SIP\/2\.0 200 OK\r\nVia: SIP\/2\.0\/WSS /);
    expect(requests[0]?.source.transport).toBe('wss');
  });

  it('connects to a server whose certificate is for the domain', async () => {
    const other = await startServer({}, secure);
    const client = tlsDomains(null, tlsDomain({}, testAuthority));
    const { transport } = await startServer({}, { protocol: 'wss', tls: client });
    const send = (domain: string) =>
      new Promise<Error | null>((done) => {
        transport.send(Buffer.from(requestText()), '127.0.0.1', other.port, done, { domain });
      });
    expect((await send('elsewhere.test'))?.message).toMatch(/certificate is not for elsewhere\.test/);
    expect(await send('sip.test')).toBeNull();
    await until(() => other.requests.length === 1);
  });

  it('begins after the PROXY header of a load balancer', async () => {
    const proxies = proxyNetworks(['127.0.0.1']) as Networks;
    const { requests, port } = await startServer({}, { ...secure, proxies });
    const raw = connect(port, '127.0.0.1');
    closeLater({ close: () => raw.destroy() });
    await once(raw, 'connect');
    raw.write(proxyHeader({ address: '192.0.2.7', port: 5555 }));
    const socket = tls.connect({ socket: raw, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(HANDSHAKE);
    socket.write(encodeFrame(OPCODE.text, Buffer.from(requestText({ via: VIA })), true));
    await until(() => requests.length === 1);
    expect(requests[0]?.source).toEqual({ address: '192.0.2.7', port: 5555, transport: 'wss' });
  });

  it('does not wait for a client that stalls after the TLS handshake', async () => {
    const { closings, port } = await startServer({ handshakeTimeout: 100 }, secure);
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    await once(socket, 'close');
    await until(() => closings.length === 1);
    expect(closings).toEqual(['handshake: the peer did not complete the handshake in time']);
  });
});
