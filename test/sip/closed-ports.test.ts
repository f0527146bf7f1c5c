import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ClosedPorts } from '../../src/sip/closed-ports.ts';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';

const local = '127.0.0.1';
const open = (): ClosedPorts => {
  const ports = new ClosedPorts(local);
  closeLater({ close: async () => ports.close() });
  return ports;
};

describe('a UDP port without a listener', () => {
  test('is reported to all its pending requests, by one probe', async () => {
    const [ports, port] = [open(), await freePort()];
    const asked = (): Promise<Error> =>
      new Promise((connectionLost) => ports.ask(local, port, { connectionLost }));
    const [one, other] = await Promise.all([asked(), asked()]);
    expect(one.message).toBe(`nobody listens at udp:${local}:${port} (ECONNREFUSED)`);
    expect(other).toBe(one);
    expect(await asked()).toBe(one);
    expect(ports.sent).toBe(1);
  });

  test('if it is open it gets an empty keep-alive, and its requests keep waiting', async () => {
    const ports = open();
    const peer = createSocket('udp4').bind(0, local);
    await once(peer, 'listening');
    const { port } = peer.address();
    const lost: Error[] = [];
    for (let i = 0; i < 3; i++) ports.ask(local, port, { connectionLost: (error) => lost.push(error) });
    expect(String((await once(peer, 'message'))[0])).toBe('\r\n\r\n');
    expect([ports.sent, ports.size, lost]).toEqual([1, 1, []]);
    peer.close();
  });

  test('at most 64 probes run', () => {
    const ports = open();
    for (let i = 1; i <= 100; i++) ports.ask(`127.0.1.${i}`, 9, { connectionLost: () => undefined });
    expect([ports.sent, ports.size]).toEqual([64, 64]);
    ports.close();
    expect(ports.size).toBe(0);
  });

  test('a target behind a NAT is not probed from another port', () => {
    const ports = open();
    ports.isTranslated(local, 9);
    ports.ask(local, 9, { connectionLost: () => undefined });
    expect(ports.sent).toBe(0);
  });
});
