import { afterEach, expect, it } from 'vitest';
import { findDestinations } from '../../src/sip/destination.ts';
import { DnsNames } from '../../src/sip/names.ts';
import { ProxyCore } from '../../src/sip/proxy-core.ts';
import { SocketRegistry } from '../../src/sip/socket-registry.ts';
import { StreamTransport } from '../../src/sip/stream-transport.ts';
import { parseUri } from '../../src/sip/uri.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { startNameServer } from '../support/name-server.ts';
import { freePort } from '../support/ports.ts';
import { request } from './simulated.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

it('a name is looked up again before its TTL expires if nobody answers at its addresses', async () => {
  let address = '127.0.0.2';
  const server = await startNameServer(({ type }) => ({
    addresses: type === 'A' ? [address] : [],
    ttl: 3600,
  }));
  cleanups.push(async () => server.close());
  const clock = new SimulatedClock();
  const names = new DnsNames({ servers: [server.address], clock });
  const sockets = new SocketRegistry();
  const tcp = await StreamTransport.bind({ address: '127.0.0.1', port: 0, onMessage: () => undefined });
  sockets.add(tcp);
  const core = new ProxyCore({ sockets, names });
  cleanups.push(async () => {
    core.close();
    await tcp.close();
  });
  const uri = parseUri(`sip:gateway.test:${await freePort()};transport=tcp`);
  if (uri === null) throw new Error('no URI');
  const found = async () => {
    const { targets } = await findDestinations(uri, { names, protocols: sockets.protocols });
    return targets;
  };

  const targets = await found();
  expect(targets.map((target) => target.address)).toEqual(['127.0.0.2']);
  address = '127.0.0.3';
  clock.advance(5000);
  expect((await found()).map((target) => target.address)).toEqual(['127.0.0.2']);
  await new Promise<void>((ended) => {
    core.replicate(request({ method: 'OPTIONS' }), [{ targets, data: null }], {}, ended);
  });
  expect((await found()).map((target) => target.address)).toEqual(['127.0.0.3']);
});
