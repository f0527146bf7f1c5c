import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Destinations, findDestinations, orderServices } from '../../src/sip/destination.ts';
import { DnsNames, type DnsNamesOptions } from '../../src/sip/names.ts';
import type { Protocol } from '../../src/sip/transports.ts';
import { parseUri } from '../../src/sip/uri.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { type NameServer, startNameServer, type Zone } from '../support/name-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const BOTH: ReadonlySet<Protocol> = new Set(['udp', 'tcp']);

async function service(
  zone: Zone,
  options: DnsNamesOptions = {},
): Promise<{ names: DnsNames; asked: NameServer }> {
  const asked = await startNameServer(zone);
  cleanups.push(async () => asked.close());
  return { names: new DnsNames({ servers: [asked.address], timeout: 5000, tries: 1, ...options }), asked };
}

async function find(uri: string, names: DnsNames, protocols = BOTH): Promise<Destinations> {
  const parts = parseUri(uri);
  if (parts === null) throw new Error(`no URI: ${uri}`);
  return findDestinations(parts, { names, protocols, random: () => 0.5 });
}

const written = ({ targets, failure }: Destinations): string[] | string =>
  failure ?? targets.map(({ address, port, transport }) => `${transport} ${address} ${port}`);

describe('a URI with an address', () => {
  it.each([
    ['sip:bob@192.0.2.1', ['udp 192.0.2.1 5060']],
    ['sip:bob@192.0.2.1:5070', ['udp 192.0.2.1 5070']],
    ['sip:192.0.2.1;transport=tcp', ['tcp 192.0.2.1 5060']],
    ['sip:192.0.2.1;transport=TCP', ['tcp 192.0.2.1 5060']],
    ['sip:bob@[2001:db8::1]:5070', ['udp 2001:db8::1 5070']],
    ['sip:bob@example.com;maddr=192.0.2.7', ['udp 192.0.2.7 5060']],
    ['sip:192.0.2.1;transport=sctp', 'transport'],
    ['sip:192.0.2.1;transport=tls', 'transport'],
    ['sip:192.0.2.1;transport=constructor', 'transport'],
    ['sips:192.0.2.1', 'transport'],
    ['tel:+15551234', 'no-host'],
  ])('%s leads to %j without a question', async (uri, expected) => {
    const { names, asked } = await service({});
    expect(written(await find(uri, names))).toEqual(expected);
    expect(asked.questions).toEqual([]);
  });

  it('is resolved at once', () => {
    const parts = parseUri('sip:192.0.2.1');
    if (parts === null) throw new Error('no URI');
    expect(findDestinations(parts, { names: new DnsNames(), protocols: BOTH })).not.toBeInstanceOf(Promise);
  });

  it('takes the WebSocket that is connected, WS or WSS, and looks no browser up', async () => {
    const all: ReadonlySet<Protocol> = new Set(['udp', 'ws', 'wss']);
    const { names, asked } = await service({});
    const connected = (uri: string, to: Protocol | null, protocols = all) => {
      const parts = parseUri(uri);
      if (parts === null) throw new Error(`no URI: ${uri}`);
      return findDestinations(parts, { names, protocols, isConnected: (protocol) => protocol === to });
    };
    const uri = 'sip:bob@192.0.2.1:5070;transport=ws';
    expect(written(await connected(uri, 'wss'))).toEqual(['wss 192.0.2.1 5070']);
    expect(written(await connected(uri, 'ws'))).toEqual(['ws 192.0.2.1 5070']);
    expect(written(await connected(uri, null))).toEqual(['ws 192.0.2.1 5070']);
    expect(written(await connected(uri, null, new Set<Protocol>(['wss'])))).toEqual(['wss 192.0.2.1 5070']);
    expect(written(await connected(uri.replace('ws', 'wss'), 'ws'))).toEqual(['wss 192.0.2.1 5070']);
    expect(written(await connected('sip:bob@df7jal23ls0d.invalid;transport=ws', null))).toBe('unknown-name');
    expect(asked.questions).toEqual([]);
  });

  it('uses TLS for sips if a socket for it exists', async () => {
    const all: ReadonlySet<Protocol> = new Set(['udp', 'tcp', 'tls']);
    const { names } = await service({});
    expect(written(await find('sips:192.0.2.1', names, all))).toEqual(['tls 192.0.2.1 5061']);
    expect(written(await find('sips:192.0.2.1;transport=tcp', names, all))).toEqual(['tls 192.0.2.1 5061']);
    expect(written(await find('sips:192.0.2.1;transport=udp', names, all))).toBe('transport');
  });
});

describe('a URI with a name', () => {
  const zone: Zone = {
    a: {
      'example.com': ['192.0.2.1', '::1', '192.0.2.2'],
      'one.example.com': ['192.0.2.11'],
      'two.example.com': ['192.0.2.12'],
      'three.example.com': ['192.0.2.13'],
    },
    srv: {
      '_sip._udp.srv.example.com': [
        [20, 0, 5063, 'three.example.com'],
        [10, 0, 5061, 'one.example.com'],
        [10, 9, 5062, 'two.example.com'],
      ],
      '_sip._tcp.srv.example.com': [[10, 0, 5066, 'one.example.com']],
      '_sip._tcp.only-tcp.example.com': [[10, 0, 5066, 'one.example.com']],
      '_sip._udp.not-here.example.com': [[0, 0, 0, '.']],
    },
  };

  it.each([
    ['sip:srv.example.com', ['udp 192.0.2.12 5062', 'udp 192.0.2.11 5061', 'udp 192.0.2.13 5063']],
    ['sip:SRV.example.com.', ['udp 192.0.2.12 5062', 'udp 192.0.2.11 5061', 'udp 192.0.2.13 5063']],
    ['sip:srv.example.com;transport=tcp', ['tcp 192.0.2.11 5066']],
    ['sip:only-tcp.example.com', ['tcp 192.0.2.11 5066']],
    ['sip:example.com', ['udp 192.0.2.1 5060', 'udp 192.0.2.2 5060', 'udp ::1 5060']],
    ['sip:example.com:5080', ['udp 192.0.2.1 5080', 'udp 192.0.2.2 5080', 'udp ::1 5080']],
    ['sip:x@y;maddr=one.example.com', ['udp 192.0.2.11 5060']],
    ['sip:not-here.example.com', 'unknown-name'],
    ['sip:nowhere.example.com', 'unknown-name'],
  ])('%s leads to %j', async (uri, expected) => {
    const { names } = await service(zone);
    expect(written(await find(uri, names))).toEqual(expected);
  });

  it('sends no SRV query if it has a port (4.2)', async () => {
    const { names, asked } = await service(zone);
    await find('sip:srv.example.com:5080', names);
    expect(asked.questions.sort()).toEqual(['A srv.example.com', 'AAAA srv.example.com']);
  });

  it('queries once per TTL, and once for all that wait', async () => {
    const clock = new SimulatedClock();
    const { names, asked } = await service({ ...zone, ttl: 30 }, { clock });
    await Promise.all([find('sip:example.com:1', names), find('sip:example.com:1', names)]);
    clock.advance(29_000);
    expect(written(await find('sip:example.com:1', names))).toHaveLength(3);
    expect(asked.questions).toHaveLength(2);
    clock.advance(2_000);
    await find('sip:example.com:1', names);
    expect(asked.questions).toHaveLength(4);
  });

  it('has no address while the name server is silent, and is queried again', async () => {
    const { names, asked } = await service({ silent: ['example.com'] }, { timeout: 200 });
    expect(written(await find('sip:example.com:5060', names))).toBe('unknown-name');
    const before = asked.questions.length;
    await find('sip:example.com:5060', names);
    expect(asked.questions.length).toBeGreaterThan(before);
  });

  it('queries only the address families of the sockets', async () => {
    const { names, asked } = await service(zone);
    const parts = parseUri('sip:example.com:1');
    if (parts === null) throw new Error('no URI');
    const four = await findDestinations(parts, { names, protocols: BOTH, families: [4] });
    expect(written(four)).toEqual(['udp 192.0.2.1 1', 'udp 192.0.2.2 1']);
    expect(asked.questions).toEqual(['A example.com']);
  });

  it('keeps SRV records for their TTL', async () => {
    const clock = new SimulatedClock();
    const { names, asked } = await service({ ...zone, ttl: 5 }, { clock });
    const services = () => asked.questions.filter((one) => one.startsWith('SRV')).length;
    await find('sip:srv.example.com;transport=tcp', names);
    clock.advance(4_900);
    await find('sip:srv.example.com;transport=tcp', names);
    expect(services()).toBe(1);
    clock.advance(200);
    await find('sip:srv.example.com;transport=tcp', names);
    expect(services()).toBe(2);
  });

  it('is unknown after timeout times tries, with and without a port, whichever query is unanswered', async () => {
    const silent = ['_sip._udp.example.com', '_sip._tcp.example.com', 'example.com'];
    const { names } = await service({ silent }, { timeout: 100, tries: 3 });
    for (const uri of ['sip:example.com', 'sip:example.com:5060']) {
      const started = performance.now();
      expect(written(await find(uri, names))).toBe('unknown-name');
      const took = performance.now() - started;
      expect([took >= 300, took < 450], String(took)).toEqual([true, true]);
    }
  });

  it('is reached by its IPv4 address if the answer for IPv6 is slow', async () => {
    const asked = await startNameServer(({ type }) => (type === 'A' ? { addresses: ['192.0.2.1'] } : null));
    cleanups.push(async () => asked.close());
    const names = new DnsNames({ servers: [asked.address], timeout: 60_000 });
    expect(written(await find('sip:example.com:1', names))).toEqual(['udp 192.0.2.1 1']);
  });

  it('is looked up in the hosts file first, without a query', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'siprest-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const hostsFile = join(folder, 'hosts');
    writeFileSync(hostsFile, '# a comment\n192.0.2.40 Gateway gw # another\n::9 gw\nnonsense x\n');
    const { names, asked } = await service({}, { hostsFile });
    expect(written(await find('sip:gw', names))).toEqual(['udp 192.0.2.40 5060', 'udp ::9 5060']);
    expect(written(await find('sip:gateway:5070', names))).toEqual(['udp 192.0.2.40 5070']);
    expect(written(await find('sip:localhost', names))).toEqual(['udp 127.0.0.1 5060', 'udp ::1 5060']);
    expect(asked.questions).toEqual([]);
  });
});

describe('a domain with NAPTR records', () => {
  const all: ReadonlySet<Protocol> = new Set(['udp', 'tcp', 'tls']);
  const zone: Zone = {
    naptr: {
      'example.com': [
        [20, 10, 's', 'SIP+D2U', '', '_sip._udp.example.com'],
        [10, 20, 'S', 'sip+d2t', '', '_sip._tcp.second.example.com'],
        [10, 10, 's', 'SIP+D2T', '', '_sip._tcp.first.example.com'],
        [5, 10, 's', 'SIPS+D2T', '', '_sips._tcp.example.com'],
        [1, 10, 'u', 'SIP+D2U', '!^.*$!sip:x@elsewhere.example!', ''],
        [1, 10, 's', 'SIP+D2S', '', '_sip._sctp.example.com'],
        [1, 10, 's', 'E2U+sip', '', '_sip._udp.example.com'],
      ],
      'empty.example.com': [[1, 1, 's', 'SIP+D2T', '', '_sip._tcp.nowhere.example.com']],
    },
    srv: {
      '_sip._udp.example.com': [[0, 0, 5060, 'one.example.com']],
      '_sip._tcp.first.example.com': [[0, 0, 5071, 'one.example.com']],
      '_sip._tcp.second.example.com': [[0, 0, 5072, 'two.example.com']],
      '_sips._tcp.example.com': [[0, 0, 5061, 'one.example.com']],
      '_sip._udp.empty.example.com': [[0, 0, 5060, 'one.example.com']],
    },
    a: { 'one.example.com': ['192.0.2.11'], 'two.example.com': ['192.0.2.12'] },
  };

  it.each<[uri: string, sockets: ReadonlySet<Protocol>, expected: readonly string[] | string]>([
    ['sip:example.com', all, ['tls 192.0.2.11 5061']],
    ['sips:example.com', all, ['tls 192.0.2.11 5061']],
    ['sip:example.com', BOTH, ['tcp 192.0.2.11 5071', 'tcp 192.0.2.12 5072']],
    ['sips:example.com', BOTH, 'transport'],
    ['sip:example.com', new Set(['udp']), ['udp 192.0.2.11 5060']],
    ['sip:example.com;transport=udp', all, ['udp 192.0.2.11 5060']],
    ['sip:empty.example.com', all, ['udp 192.0.2.11 5060']],
  ])('%s is reached by what they prefer and a socket has', async (uri, sockets, expected) => {
    const { names } = await service(zone);
    expect(written(await find(uri, names, sockets))).toEqual(expected);
  });

  it('has a certificate for itself, not for what its records name', async () => {
    const { names } = await service(zone);
    const { targets } = await find('sip:example.com', names, all);
    expect(targets.map(({ domain, name }) => [domain, name])).toEqual([['example.com', 'one.example.com']]);
  });

  it('is not asked for them if the transport is known, or they are switched off', async () => {
    const { names, asked } = await service(zone);
    const parts = parseUri('sip:example.com');
    if (parts === null) throw new Error('no URI');
    await findDestinations(parts, { names, protocols: all, preferred: 'udp' });
    await find('sip:example.com;transport=tcp', names, all);
    names.ask({ timeout: 5000, tries: 1, search: true, pointers: false });
    expect(written(await find('sip:example.com', names, all))).toEqual(['udp 192.0.2.11 5060']);
    expect(asked.questions.filter((one) => one.startsWith('NAPTR'))).toEqual([]);
  });
});

describe('SRV records of one priority', () => {
  it('are ordered at random by their weights (RFC 2782)', () => {
    const records = [1, 3, 6].map((weight) => ({ name: `w${weight}`, port: 1, priority: 0, weight }));
    const firsts = { w1: 0, w3: 0, w6: 0 };
    for (let i = 0; i < 1100; i++) {
      const ordered = orderServices(records, () => i / 1100);
      expect(new Set(ordered).size).toBe(3);
      firsts[ordered[0]?.name as 'w1']++;
    }
    expect(firsts).toEqual({ w1: 200, w3: 300, w6: 600 });
  });
});
