import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { buildReply, sendReply } from '../../src/sip/reply.ts';
import type { Closing } from '../../src/sip/stream-connection.ts';
import type { StreamLimits } from '../../src/sip/stream-limits.ts';
import { StreamTransport } from '../../src/sip/stream-transport.ts';
import type { Source } from '../../src/sip/transport.ts';
import { startDeadHost } from '../support/dead-host.ts';
import { freePort } from '../support/ports.ts';
import { TcpPeer } from '../support/tcp-peer.ts';
import { until } from '../support/until.ts';
import { requestText } from './simulated.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Peer {
  readonly transport: StreamTransport;
  readonly requests: SipRequest[];
  readonly closings: { why: Closing; detail: string; source: Source }[];
}

/** A server that answers each request 200, and keeps it. */
async function server(limits: Partial<StreamLimits> = {}, answer = true): Promise<Peer> {
  const requests: SipRequest[] = [];
  const closings: Peer['closings'] = [];
  const transport = await StreamTransport.bind({
    address: '127.0.0.1',
    port: 0,
    limits,
    onMessage: (data, source, socket) => {
      const message = parseMessage(data, source, socket);
      if (message.kind === 'malformed' && message.answerable !== null)
        sendReply(message.answerable, buildReply(message.answerable, { status: 400 }));
      if (message.kind !== 'request') return;
      requests.push(message);
      if (answer) sendReply(message, buildReply(message, { status: 200, toTag: 'x' }));
    },
    onClose: (source, why, detail) => closings.push({ why, detail, source }),
  });
  cleanups.push(async () => transport.close());
  return { transport, requests, closings };
}

interface Client {
  readonly socket: Socket;
  readonly received: () => string;
  readonly closed: Promise<unknown>;
}

async function client(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return { socket, received: () => text, closed };
}

const VIA = 'SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bKtcp';

describe('SIP over TCP', () => {
  it('answers on the connection of the request, whatever its Via says', async () => {
    const { transport, requests } = await server();
    const { socket, received } = await client(transport.local.port);
    const text = requestText({ via: VIA, body: 'x'.repeat(3000) });
    for (let at = 0; at < text.length; at += 97) {
      socket.write(text.slice(at, at + 97), 'latin1');
      await sleep(1);
    }
    socket.write(text + text, 'latin1');
    await until(() => (received().match(/SIP\/2\.0 200 OK/g) ?? []).length === 3);
    expect(requests[0]?.body).toBe('x'.repeat(3000));
    expect(requests[0]?.source).toMatchObject({ address: '127.0.0.1', transport: 'tcp' });
    expect(requests[0]?.socket?.listener).toBe(transport);
    expect(transport.counts).toMatchObject({ received: 3, sent: 3, accepted: 1, opened: 0 });
  });

  it('answers a ping (RFC 5626, 3.5.1)', async () => {
    const { transport } = await server();
    const { socket, received } = await client(transport.local.port);
    socket.write('\r\n\r\n');
    await until(() => received() === '\r\n');
  });

  it('opens one connection to a peer and reuses it in both directions', async () => {
    const [one, other] = [await server(), await server()];
    const data = Buffer.from(requestText({ via: VIA }));
    const sent = [1, 2, 3].map(
      async () =>
        new Promise((done) => one.transport.send(data, '127.0.0.1', other.transport.local.port, done)),
    );
    expect(await Promise.all(sent)).toEqual([null, null, null]);
    await until(() => other.requests.length === 3);
    expect([one.transport.counts.opened, other.transport.counts.accepted]).toEqual([1, 1]);
    // a request towards the address that this connection came from
    const { source } = other.requests[0] as SipRequest;
    other.transport.send(data, source.address, source.port);
    await until(() => one.requests.length === 1);
    expect(other.transport.counts.opened).toBe(0);
  });

  it('uses a connection for an alias of its peer (RFC 5923)', async () => {
    const { transport, requests } = await server();
    const { socket, received } = await client(transport.local.port);
    socket.write(requestText({ via: VIA }));
    await until(() => requests.length === 1);
    requests[0]?.socket?.alias?.(5999);
    transport.send(Buffer.from(requestText({ method: 'INFO', via: VIA })), '127.0.0.1', 5999);
    await until(() => received().includes('INFO sip:'));
    expect(transport.counts.opened).toBe(0);
  });

  it('closes the connection to one peer on request, after sending what is queued', async () => {
    const { transport, requests } = await server();
    const { socket, received, closed } = await client(transport.local.port);
    const other = await client(transport.local.port);
    socket.write(requestText({ via: VIA }));
    await until(() => requests.length === 1);
    expect(transport.closeTo('127.0.0.1', 1)).toBe(false);
    expect(transport.closeTo('127.0.0.1', requests[0]?.source.port ?? 0)).toBe(true);
    await closed;
    expect(received()).toMatch(/^SIP\/2\.0 200 OK/);
    await until(() => transport.size === 1);
    other.socket.destroy();
  });

  it.each([
    ['has gone', (socket: Socket) => socket.resetAndDestroy()],
    ['its client has closed on both sides', (socket: Socket) => socket.destroy()],
  ])('opens a new connection to the sent-by for a reply whose connection %s (18.2.2)', async (_, close) => {
    const { transport, requests } = await server({}, false);
    const replies: string[] = [];
    const back = createServer((socket) => socket.on('data', (data) => replies.push(String(data))));
    cleanups.push(() => back.close());
    back.listen(0, '127.0.0.1');
    await once(back, 'listening');
    const { port } = back.address() as { port: number };
    const { socket } = await client(transport.local.port);
    socket.write(requestText({ via: `SIP/2.0/TCP 127.0.0.1:${port};rport;branch=z9hG4bKx` }));
    await until(() => requests.length === 1);
    const [received] = requests;
    close(socket);
    await until(() => transport.connectionTo('127.0.0.1', received?.source.port ?? 0) === null);
    if (received) sendReply(received, buildReply(received, { status: 200 }));
    await until(() => replies.join('').startsWith('SIP/2.0 200 OK'));
  });

  it('replies to a client that has half-closed, and closes after the last reply', async () => {
    const { transport, requests } = await server({}, false);
    const peer = await TcpPeer.connect(transport.local.port);
    peer.send(requestText({ via: VIA }) + requestText({ method: 'INFO', via: `${VIA}2` }));
    peer.half();
    await until(() => requests.length === 2);
    await until(() => transport.connectionTo('127.0.0.1', peer.port) === null);
    for (const request of requests) {
      sendReply(request, buildReply(request, { status: 180 }));
      sendReply(request, buildReply(request, { status: 200 }));
      await peer.sees(new RegExp(`200 OK[^]*${request.via.branch}`));
    }
    await peer.hasEnded();
    await until(() => transport.size === 0);
    expect(transport.counts).toMatchObject({ sent: 4, opened: 0, closed: { peer: 1, error: 0 } });
  });

  it('closes a half-closed connection at once if no reply is pending, and at last if none is ever sent', async () => {
    const { transport, requests } = await server({ idleTimeout: 300 }, false);
    const silent = await TcpPeer.connect(transport.local.port);
    silent.half();
    await silent.hasEnded();
    const unanswered = await TcpPeer.connect(transport.local.port);
    unanswered.send(requestText({ via: VIA }));
    unanswered.half();
    await unanswered.hasEnded();
    await until(() => transport.size === 0);
    expect(requests).toHaveLength(1);
  });

  it('tells requests that wait for an answer that the peer has closed the connection', async () => {
    const { transport } = await server();
    const peer = await TcpPeer.listen();
    transport.send(Buffer.from(requestText({ via: VIA })), '127.0.0.1', peer.port);
    const lost = new Promise<Error>((connectionLost) =>
      transport.waitersTo('127.0.0.1', peer.port)?.add({ connectionLost }),
    );
    await peer.sees(/\r\n\r\n/);
    peer.half();
    expect((await lost).message).toMatch(/closed/);
    expect(transport.waitersTo('127.0.0.1', peer.port)).toBeNull();
  });

  it('tells the sender if nobody listens, or nothing answers the connect', async () => {
    const { transport, closings } = await server({ connectTimeout: 200 });
    const refused = await freePort();
    const data = Buffer.from(requestText({ via: VIA }));
    const send = async (port: number, address = '127.0.0.1'): Promise<Error | null> =>
      new Promise((done) => transport.send(data, address, port, done));
    expect(await send(refused)).toBeInstanceOf(Error);
    expect(closings.map(({ why }) => why)).toEqual(['connect']);
    expect(await send(0)).toBeInstanceOf(Error);
    expect(await send(5060, 'example.com')).toBeInstanceOf(Error);
    const dead = await startDeadHost();
    cleanups.push(async () => dead.close());
    expect(await send(Number(new URL(dead.origin).port))).toBeInstanceOf(Error);
    expect(closings.at(-1)).toMatchObject({ why: 'connect', detail: 'the connect timed out' });
    expect(transport.size).toBe(0);
  });

  it('reports a throwing handler to onError and continues', async () => {
    const errors: string[] = [];
    const transport = await StreamTransport.bind({
      address: '127.0.0.1',
      port: 0,
      onMessage: () => {
        throw new Error('handler');
      },
      onError: ({ message }) => errors.push(message),
    });
    cleanups.push(async () => transport.close());
    const { socket } = await client(transport.local.port);
    socket.write(requestText({ via: VIA }) + requestText({ via: VIA }));
    await until(() => errors.length === 2);
    expect(transport.counts.dropped).toBe(2);
  });

  it('rejects if the port is in use', async () => {
    const { transport } = await server();
    const { address, port } = transport.local;
    await expect(StreamTransport.bind({ address, port, onMessage: () => undefined })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('listens on IPv6', async () => {
    const transport = await StreamTransport.bind({ address: '::1', port: 0, onMessage: () => undefined });
    expect(transport.local.address).toBe('::1');
    await transport.close();
    await transport.close();
  });
});

describe('a bad peer over TCP', () => {
  it.each([
    [
      'without a Content-Length',
      requestText().replace('Content-Length: 0\r\n', ''),
      'the message has no Content-Length',
    ],
    ['that is not SIP', `GET / HTTP/1.1\r\nHost: x\r\n\r\n`, 'the message has no Content-Length'],
    ['with an endless header', 'a'.repeat(70_000), 'the header is too long'],
    [
      'with a body over the limit',
      requestText().replace('Length: 0', 'Length: 70000'),
      'the message is too long',
    ],
  ])('loses its connection for a message %s', async (_, text, detail) => {
    const { transport, closings } = await server();
    const bad = await client(transport.local.port);
    bad.socket.write(text);
    await bad.closed;
    await until(() => closings.length === 1);
    expect(closings).toMatchObject([{ why: 'defect', detail }]);
    const good = await client(transport.local.port);
    good.socket.write(requestText({ via: VIA }));
    await until(() => good.received().includes('200 OK'));
  });

  it('that sends a byte at a time has limited time for a message', async () => {
    const { transport, closings } = await server({ messageTimeout: 300 });
    const { socket, closed } = await client(transport.local.port);
    const text = requestText({ via: VIA });
    let at = 0;
    const trickle = setInterval(() => socket.write(text[at++] ?? 'x'), 20);
    await closed;
    clearInterval(trickle);
    expect(closings.map(({ why }) => why)).toEqual(['slow']);
    expect(at).toBeLessThan(text.length);
  });

  it('that floods does not delay the others', async () => {
    // the kernel has room for more than can be read in one turn once this much was read fast
    const grown = 20_000;
    const sources: number[] = [];
    const text = requestText({ via: VIA, body: 'x'.repeat(1000) });
    const transport = await StreamTransport.bind({
      address: '127.0.0.1',
      port: 0,
      onMessage: (data, source, socket) => {
        if (sources.push(source.port) < grown) return;
        for (let i = 0; i < 20; i++) parseMessage(data, source, socket); // as much as a script does
        if (sources.length === grown) other.socket.write(text, 'latin1');
      },
    });
    cleanups.push(async () => transport.close());
    const { port } = transport.local;
    const other = await client(port);
    const flood = `require('node:net').connect(${port}, '127.0.0.1').write(${JSON.stringify(text)}.repeat(25000))`;
    const flooding = spawn(process.execPath, ['-e', flood]);
    cleanups.push(() => flooding.kill());
    const own = other.socket.localPort as number;
    await until(() => sources.includes(own) || sources.length === 25_000);
    expect(sources.indexOf(own)).toBeLessThan(grown + 300);
    expect(sources).toContain(own);
  });

  it('that is silent is disconnected', async () => {
    const { transport, closings } = await server({ idleTimeout: 100 });
    const { closed } = await client(transport.local.port);
    await closed;
    expect(closings.map(({ why }) => why)).toEqual(['idle']);
  });

  it('that never reads is disconnected when too much is queued for it, and the senders are told', async () => {
    const { transport, requests, closings } = await server({ queueBytes: 200_000 }, false);
    const { socket } = await client(transport.local.port);
    socket.write(requestText({ via: VIA }));
    await until(() => requests.length === 1);
    socket.pause();
    const connection = requests[0]?.socket;
    const errors: unknown[] = [];
    const data = Buffer.alloc(60_000, 'x');
    for (let i = 0; i < 2000 && closings.length === 0; i++) {
      connection?.send(data, '127.0.0.1', 1, (error) => error && errors.push(error));
      if (i % 10 === 0) await sleep(1);
    }
    expect(closings.map(({ why }) => why)).toEqual(['queue']);
    await until(() => errors.length > 1);
    expect(transport.size).toBe(0);
  });

  it('that opens too many connections is refused, and others are unaffected', async () => {
    const { transport } = await server({ accepted: 3 });
    const first = await client(transport.local.port);
    const more = await Promise.all([1, 2, 3, 4].map(async () => client(transport.local.port)));
    await until(() => transport.counts.refused === 2);
    expect(transport.size).toBe(3);
    first.socket.write(requestText({ via: VIA }));
    await until(() => first.received().includes('200 OK'));
    for (const { socket } of more) socket.destroy();
    await until(() => transport.size === 1);
    const later = await client(transport.local.port);
    later.socket.write(requestText({ via: VIA }));
    await until(() => later.received().includes('200 OK'));
  });

  it('has a limit for each address', async () => {
    const { transport } = await server({ acceptedFromOne: 1 });
    await client(transport.local.port);
    await client(transport.local.port);
    await until(() => transport.counts.refused === 1);
    const other = connect({ port: transport.local.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    cleanups.push(() => other.destroy());
    await once(other, 'connect');
    await until(() => transport.size === 2);
  });

  it('cannot make the server open more connections than the limit', async () => {
    const { transport } = await server({ opened: 1 });
    const [one, two] = [await server(), await server()];
    const data = Buffer.from(requestText({ via: VIA }));
    const send = async (port: number): Promise<Error | null> =>
      new Promise((done) => transport.send(data, '127.0.0.1', port, done));
    expect(await send(one.transport.local.port)).toBeNull();
    expect(await send(two.transport.local.port)).toBeInstanceOf(Error);
  });
});
