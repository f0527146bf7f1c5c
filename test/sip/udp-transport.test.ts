import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { Source } from '../../src/sip/transport.ts';
import { transportName } from '../../src/sip/transport.ts';
import { type UdpOptions, UdpTransport } from '../../src/sip/udp-transport.ts';

const open: UdpTransport[] = [];

async function bind(
  onMessage: UdpOptions['onMessage'] = () => {},
  more: Partial<UdpOptions> = {},
): Promise<UdpTransport> {
  const transport = await UdpTransport.bind({ address: '127.0.0.1', port: 0, onMessage, ...more });
  open.push(transport);
  return transport;
}

afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

const sent = (from: UdpTransport, data: Uint8Array, address: string, port: number) =>
  new Promise<Error | null>((resolve) => from.send(data, address, port, resolve));

describe('UdpTransport', () => {
  it.each(['127.0.0.1', '::1'])('sends and receives bytes unchanged over %s', async (address) => {
    let arrive: (value: [Buffer, Source]) => void = () => {};
    const arrived = new Promise<[Buffer, Source]>((resolve) => {
      arrive = resolve;
    });
    const there = await bind((data, source) => arrive([data, source]), { address });
    const here = await bind(undefined, { address });
    const data = Buffer.from([0, 255, 13, 10, 128]);
    expect(await sent(here, data, address, there.local.port)).toBeNull();
    const [received, source] = await arrived;
    expect(received).toEqual(data);
    expect(source).toEqual({ address, port: here.local.port, transport: 'udp' });
    expect([here.counts.sent, there.counts.received]).toEqual([1, 1]);
    expect(transportName(there)).toBe(
      `udp:${address.includes(':') ? `[${address}]` : address}:${there.local.port}`,
    );
  });

  it('answers STUN, which keeps the binding of a NAT', async () => {
    const here = await bind(() => expect.unreachable('STUN is not SIP'));
    const client = createSocket('udp4');
    const request = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex');
    client.send(request, here.local.port, '127.0.0.1');
    const [answer] = (await once(client, 'message')) as [Buffer];
    expect(answer.subarray(4, 20)).toEqual(request.subarray(4));
    expect(answer.readUInt16BE(26) ^ 0x2112).toBe(client.address().port);
    client.close();
  });

  it('reports what cannot be sent, and continues', async () => {
    const told: string[] = [];
    const here = await bind(undefined, { onError: ({ message }) => told.push(message) });
    for (const [data, address, port] of [
      ['x', 'name.example', 5060],
      ['x', '::1', 5060],
      ['x', '127.0.0.1', 0],
      ['x', '127.0.0.1', 70_000],
      ['x'.repeat(70_000), '127.0.0.1', 5060],
    ] as const)
      expect(await sent(here, Buffer.from(data), address, port)).toBeInstanceOf(Error);
    expect(here.counts).toMatchObject({ sent: 0, sendErrors: 5 });
    // of many one is told of
    expect(told).toEqual(['no IP address: name.example, so a message is lost']);
    expect(await sent(here, Buffer.from('x'), '127.0.0.1', here.local.port)).toBeNull();
  });

  it('survives a throwing handler', async () => {
    const errors: string[] = [];
    let count = 0;
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const there = await bind(
      () => {
        if (++count === 2) finish();
        throw new Error(`number ${count}`);
      },
      { onError: (error) => errors.push(error.message) },
    );
    const here = await bind();
    for (const _ of [1, 2]) await sent(here, Buffer.alloc(0), '127.0.0.1', there.local.port);
    await finished;
    expect(errors).toEqual(['number 1', 'number 2']);
    expect(there.counts).toMatchObject({ received: 2, dropped: 2 });
  });

  it('says which port is in use', async () => {
    const first = await bind();
    await expect(bind(undefined, { port: first.local.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(bind(undefined, { address: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('accepts nothing after it is closed', async () => {
    const here = await bind();
    await here.close();
    await here.close();
    expect(await sent(here, Buffer.from('x'), '127.0.0.1', 5060)).toBeInstanceOf(Error);
  });
});
