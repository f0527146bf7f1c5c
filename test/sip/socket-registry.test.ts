import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { SocketRegistry } from '../../src/sip/socket-registry.ts';
import type { Transport } from '../../src/sip/transport.ts';
import type { Protocol } from '../../src/sip/transports.ts';

function socket(address: string, port: number, protocol: Protocol = 'udp'): Transport {
  return {
    protocol,
    reliable: protocol !== 'udp',
    local: { address, port },
    send: () => undefined,
    close: async () => undefined,
  };
}

const to = (
  address: string,
  transport: Protocol = 'udp',
): { address: string; port: number; transport: Protocol } => ({
  address,
  port: 5060,
  transport,
});

describe('choosing a socket', () => {
  const registry = new SocketRegistry();
  const local = socket('127.0.0.1', 5060);
  const outer = socket('192.0.2.1', 5062);
  const second = socket('192.0.2.1', 5064);
  const tcp = socket('192.0.2.1', 5062, 'tcp');
  const six = socket('2001:db8::1', 5060);
  for (const one of [local, outer, second, tcp, six]) registry.add(one);

  it('lists the address families of the sockets, IPv4 first', () => {
    expect(registry.families).toEqual([4, 6]);
    const sixes = new SocketRegistry();
    sixes.add(six);
    expect(sixes.families).toEqual([6]);
    sixes.add(local);
    expect(sixes.families).toEqual([4, 6]);
    sixes.remove(six);
    expect(sixes.families).toEqual([4]);
  });

  it('takes the one that is connected, unless another is forced', () => {
    const streams = new SocketRegistry();
    const [first, other] = [socket('192.0.2.1', 5060, 'ws'), socket('192.0.2.1', 5062, 'ws')];
    const connected = { ...socket('192.0.2.1', 5064, 'ws'), isConnected: () => true };
    for (const one of [first, other, connected]) streams.add(one);
    const target = to('198.51.100.7', 'ws');
    expect(streams.choose(target)?.transport).toBe(connected);
    expect(streams.choose(target, other)?.transport).toBe(connected);
    expect(streams.choose(target, other, { forced: true })?.transport).toBe(other);
    expect(streams.isConnected('ws', '198.51.100.7', 5060)).toBe(true);
    expect(streams.isConnected('wss', '198.51.100.7', 5060)).toBe(false);
  });

  it('uses the address that the system would send from, if configured, unless a socket is forced', () => {
    const [first, other] = [socket('127.0.0.9', 5060), socket('127.0.0.8', 5060)];
    const homes = new SocketRegistry();
    for (const one of [first, other, local]) homes.add(one);
    expect(homes.choose(to('127.0.0.77'), other)?.transport).toBe(other);
    homes.byRoute = true;
    expect(homes.choose(to('127.0.0.77'), other)?.transport).toBe(local);
    expect(homes.choose(to('127.0.0.77'), other, { forced: true })?.transport).toBe(other);
    // no socket is on that address, or there is no route
    homes.remove(local);
    expect(homes.choose(to('127.0.0.77'), other)?.transport).toBe(other);
  });

  it("picks one of the target's transport and family that can reach it", () => {
    expect(registry.choose(to('198.51.100.1'))?.transport).toBe(outer);
    expect(registry.choose(to('127.0.0.1'))?.transport).toBe(local);
    expect(registry.choose(to('198.51.100.1', 'tcp'))?.transport).toBe(tcp);
    expect(registry.choose(to('2001:db8::9'))?.transport).toBe(six);
    expect(registry.choose(to('2001:db8::9', 'tcp'))).toBeNull();
    expect(registry.choose(to('198.51.100.1', 'tls'))).toBeNull();
  });

  it('prefers the requested one if it fits', () => {
    expect(registry.choose(to('198.51.100.1'), second)?.transport).toBe(second);
    expect(registry.choose(to('198.51.100.1', 'tcp'), second)?.transport).toBe(tcp);
    expect(registry.choose(to('198.51.100.1'), local)?.transport).toBe(outer);
    expect(registry.choose(to('127.0.0.1'), outer)?.transport).toBe(outer);
  });

  it('maps a connection to its listener', () => {
    const connection: Transport = { ...socket('192.0.2.1', 5062, 'tcp'), listener: tcp };
    expect(registry.of(connection)?.transport).toBe(tcp);
    expect(registry.choose(to('198.51.100.1', 'tcp'), connection)?.transport).toBe(tcp);
  });

  it('forgets a removed one', () => {
    const small = new SocketRegistry();
    small.add(outer);
    small.remove(outer);
    expect(small.choose(to('198.51.100.1'))).toBeNull();
    expect([...small.protocols]).toEqual([]);
  });

  it('writes IPv6 in brackets', () => {
    expect(registry.choose(to('2001:db8::9'))).toMatchObject({ host: '[2001:db8::1]', port: 5060 });
  });
});

describe('names of sockets', () => {
  it('are the advertised addresses', () => {
    const registry = new SocketRegistry();
    registry.add(socket('10.0.0.1', 5060), { host: 'sip.example.com', port: 5080 });
    registry.add(socket('10.0.0.1', 5060, 'tcp'), { host: 'sip.example.com' });
    expect(registry.choose(to('192.0.2.9'))).toMatchObject({ host: 'sip.example.com', port: 5080 });
    expect(registry.choose(to('192.0.2.9', 'tcp'))).toMatchObject({ host: 'sip.example.com', port: 5060 });
    expect(registry.isOwn('SIP.example.com', 5080)).toBe(true);
    expect(registry.isOwn('sip.example.com', 5080, 'tcp')).toBe(false);
    expect(registry.isOwn('10.0.0.1', null)).toBe(true);
    expect(registry.isOwn('10.0.0.1', 5061)).toBe(false);
    expect(registry.isOwn('10.0.0.2', 5060)).toBe(false);
  });

  it('compares IPv6 addresses by value, not by spelling', () => {
    const registry = new SocketRegistry();
    registry.add(socket('2001:db8::1', 5060));
    expect(registry.isOwn('[2001:DB8:0:0::1]', 5060)).toBe(true);
    expect(registry.isOwn('[2001:db8::2]', 5060)).toBe(false);
    expect(registry.isOwn('nonsense', 5060)).toBe(false);
  });

  it('of a socket on all addresses use an address that the target can reach', () => {
    const registry = new SocketRegistry();
    registry.add(socket('0.0.0.0', 5060));
    expect(registry.choose(to('127.0.0.1'))?.host).toBe('127.0.0.1');
    const own = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family }) => family === 'IPv4')
      .map(({ address }) => address);
    expect(own).toContain(registry.choose(to('198.51.100.1'))?.host);
    expect(registry.isOwn('127.0.0.1', 5060)).toBe(true);
    expect(registry.isOwn('198.51.100.1', 5060)).toBe(false);
  });
});
