import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { SipMessage } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { ProxyCore } from '../../src/sip/proxy-core.ts';
import type { Target } from '../../src/sip/proxy-types.ts';
import { buildReply } from '../../src/sip/reply.ts';
import { SocketRegistry } from '../../src/sip/socket-registry.ts';
import { StreamFramer } from '../../src/sip/stream-framer.ts';
import { StreamTransport } from '../../src/sip/stream-transport.ts';
import { TransactionTable } from '../../src/sip/transaction-table.ts';
import type { Source, Transport } from '../../src/sip/transport.ts';
import { UdpTransport } from '../../src/sip/udp-transport.ts';
import { until } from '../support/until.ts';
import { requestText } from './simulated.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A proxy with a UDP and a TCP socket that sends everything to one target. */
async function startProxy(
  target: () => Target,
): Promise<{ udp: UdpTransport; tcp: StreamTransport; core: ProxyCore }> {
  const sockets = new SocketRegistry();
  const core = new ProxyCore({ sockets });
  const table = new TransactionTable();
  const onMessage = (data: Buffer, source: Source, socket: Transport): void => {
    const message = parseMessage(data, source, socket);
    if (message.kind === 'response') core.receiveResponse(message);
    if (message.kind !== 'request') return;
    const known = table.find(message);
    if (known !== null) known.receive(message);
    else if (message.method === 'ACK') core.forwardStateless(message, target());
    else {
      const server = table.create(message);
      if (server === null) return;
      core.createProxy(server).relay([{ targets: [target()], data: null }]);
    }
  };
  const udp = await UdpTransport.bind({ address: '127.0.0.1', port: 0, onMessage });
  const tcp = await StreamTransport.bind({ address: '127.0.0.1', port: 0, onMessage });
  for (const transport of [udp, tcp]) sockets.add(transport);
  cleanups.push(async () => {
    core.close();
    table.close();
    await udp.close();
    await tcp.close();
  });
  return { udp, tcp, core };
}

/** Answers every request 180 and 200, but for an ACK. */
async function udpCallee(): Promise<{ socket: UdpSocket; port: number; seen: SipMessage[] }> {
  const socket = createSocket('udp4');
  const seen: SipMessage[] = [];
  socket.on('message', (data, from) => {
    const message = parseMessage(data, { address: from.address, port: from.port, transport: 'udp' });
    if (message.kind !== 'request') return;
    seen.push(message);
    if (message.method === 'ACK') return;
    for (const status of [180, 200])
      socket.send(buildReply(message, { status, toTag: 'callee' }), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => socket.close());
  return { socket, port: socket.address().port, seen };
}

async function tcpCaller(port: number): Promise<{ socket: Socket; seen: SipMessage[] }> {
  const socket = connect(port, '127.0.0.1');
  const seen: SipMessage[] = [];
  const framer = new StreamFramer(
    { header: 65_535, message: 65_535 },
    {
      message: (data) => {
        const message = parseMessage(data);
        if (message.kind !== 'malformed') seen.push(message);
      },
      ping: () => undefined,
    },
  );
  socket.on('data', (data: Buffer) => framer.push(data));
  await once(socket, 'connect');
  cleanups.push(() => socket.destroy());
  return { socket, seen };
}

const statuses = (seen: readonly SipMessage[]): unknown[] =>
  seen.map((message) => (message.kind === 'response' ? message.status : message.method));

it('a call goes from TCP to UDP, and back on its connection', async () => {
  const callee = await udpCallee();
  const proxy = await startProxy(() => ({ address: '127.0.0.1', port: callee.port, transport: 'udp' }));
  const caller = await tcpCaller(proxy.tcp.local.port);
  const via = 'SIP/2.0/TCP nowhere.invalid;branch=z9hG4bKtcp';
  caller.socket.write(requestText({ method: 'INVITE', via, cseq: '1 INVITE', body: 'x'.repeat(2000) }));
  await until(() => caller.seen.length === 2);
  expect(statuses(caller.seen)).toEqual([180, 200]);
  caller.socket.write(requestText({ method: 'ACK', via: `${via}ack`, cseq: '1 ACK' }));
  await until(() => callee.seen.length === 2);
  expect(statuses(callee.seen)).toEqual(['INVITE', 'ACK']);
  expect(callee.seen[0]?.vias.map(({ transport, host }) => [transport, host])).toEqual([
    ['UDP', '127.0.0.1'],
    ['TCP', 'nowhere.invalid'],
  ]);
  expect(callee.seen[0]?.body).toHaveLength(2000);
});

it('a request goes from UDP to TCP, and the next one uses the same connection', async () => {
  let port = 0;
  const callee = await StreamTransport.bind({
    address: '127.0.0.1',
    port: 0,
    onMessage: (data, source, socket) => {
      const message = parseMessage(data, source, socket);
      if (message.kind === 'request')
        socket.send(buildReply(message, { status: 200, toTag: 'callee' }), source.address, source.port);
    },
  });
  cleanups.push(async () => callee.close());
  port = callee.local.port;
  const proxy = await startProxy(() => ({ address: '127.0.0.1', port, transport: 'tcp' }));
  const caller = createSocket('udp4');
  cleanups.push(() => caller.close());
  const seen: string[] = [];
  caller.on('message', (data) => seen.push(data.toString('latin1')));
  for (const branch of ['one', 'two']) {
    const via = `SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK${branch}`;
    // without a Content-Length, which the stream needs
    const text = requestText({ via }).replace('Content-Length: 0\r\n', '');
    caller.send(text, proxy.udp.local.port, '127.0.0.1');
    await until(() => seen.some((reply) => reply.includes(`z9hG4bK${branch}`)));
  }
  expect(seen.every((reply) => reply.startsWith('SIP/2.0 200 OK'))).toBe(true);
  expect(callee.counts).toMatchObject({ accepted: 1, received: 2 });
});

it('the next target is tried if a TCP target refuses the connection', async () => {
  const callee = await udpCallee();
  const targets: Target[] = [
    { address: '127.0.0.1', port: 1, transport: 'tcp' },
    { address: '127.0.0.1', port: callee.port, transport: 'udp' },
  ];
  const proxy = await startProxy(() => targets[1] as Target);
  const request = parseMessage(Buffer.from(requestText({ method: 'OPTIONS' })), undefined, proxy.udp);
  if (request.kind !== 'request') throw new Error('no request');
  const table = new TransactionTable();
  const server = table.create(request);
  if (server === null) throw new Error('no transaction');
  const seen: number[] = [];
  proxy.core
    .createProxy(server, {
      onReply: (_, { status }) => {
        seen.push(status);
        return 'drop';
      },
    })
    .relay([{ targets, data: null }]);
  await until(() => seen.includes(200));
  table.close();
});
