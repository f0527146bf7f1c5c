import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NameResolver, type NameResolverOptions } from '../../src/rest/index.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { closeLater, newClient, newServer, newShared } from '../rest/fixture.ts';
import { reply } from '../rest/raw-server.ts';
import {
  type Answer,
  type NameServer,
  type Question,
  type Service,
  startNameServer,
} from '../support/name-server.ts';
import { sleep, steadyClock } from '../support/steady-clock.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder('dns');
const hostsFile = join(folder, 'hosts');
const resolvConf = join(folder, 'resolv.conf');
writeFileSync(hostsFile, '127.0.0.1 listed other-name # comment\n::1 listed\nnonsense\n');
writeFileSync(resolvConf, 'search first.test second.test.\noptions timeout:1 ndots:2\n');

async function setUp(
  answer: (question: Question) => Answer | Promise<Answer>,
  options: NameResolverOptions = {},
): Promise<{ server: NameServer; resolver: NameResolver; ask: (name: string) => Promise<string> }> {
  const server = closeLater(await startNameServer(answer));
  const resolver = new NameResolver({
    servers: [server.address],
    timeout: 200,
    tries: 1,
    hostsFile,
    resolvConf,
    clock: steadyClock,
    ...options,
  });
  const ask = (name: string): Promise<string> =>
    new Promise((resolve) => {
      resolver.resolve(name, (error, found) => {
        resolve(error === null ? found.map((a) => a.address).join(' ') : (error.code ?? error.message));
      });
    });
  return { server, resolver, ask };
}

const both = { addresses: ['127.0.0.2', '::1'], ttl: 60 };

describe('names', () => {
  it('are queried once for both families, and cached for their TTL', async () => {
    const { server, ask } = await setUp(() => both);
    expect(await Promise.all([ask('a.b.test'), ask('a.b.test'), ask('a.b.test')])).toEqual(
      Array(3).fill('::1 127.0.0.2'),
    );
    await ask('a.b.test');
    expect(server.questions.sort()).toEqual(['A a.b.test', 'AAAA a.b.test']);
  });

  it('are queried again after the TTL, each time if it is 0', async () => {
    let ttl = 1;
    const { server, ask } = await setUp(() => ({ addresses: ['127.0.0.2'], ttl }));
    await ask('a.b.test');
    await sleep(1010);
    ttl = 0;
    await ask('a.b.test');
    await ask('a.b.test');
    expect(server.questions.filter((q) => q === 'A a.b.test')).toHaveLength(3);
  });

  it('of /etc/hosts and localhost need no name server', async () => {
    const { server, ask } = await setUp(() => null);
    expect(await ask('listed')).toBe('127.0.0.1 ::1');
    expect(await ask('other-name')).toBe('127.0.0.1');
    expect(await ask('localhost')).toBe('127.0.0.1 ::1');
    expect(await ask('x.localhost')).toBe('127.0.0.1 ::1');
    expect(server.questions).toEqual([]);
  });

  it('of a changed /etc/hosts are noticed', async () => {
    const own = join(folder, 'hosts-own');
    writeFileSync(own, '');
    const { ask } = await setUp(() => 'no such name', { hostsFile: own });
    expect(await ask('later.test.')).toBe('ENOTFOUND');
    appendFileSync(own, '127.0.0.9 later.test\n');
    await sleep(2050);
    expect(await ask('later.test.')).toBe('127.0.0.9');
  });

  it('are looked up in the search domains according to ndots', async () => {
    const { server, ask } = await setUp(({ name }) =>
      ['host.second.test', 'a.b.c'].includes(name) ? { addresses: ['127.0.0.3'], ttl: 60 } : 'no such name',
    );
    expect(await ask('host')).toBe('127.0.0.3');
    expect(await ask('a.b.c')).toBe('127.0.0.3');
    expect(await ask('absolute.')).toBe('ENOTFOUND');
    expect(server.questions.filter((q) => q.startsWith('A '))).toEqual([
      'A host.first.test',
      'A host.second.test',
      'A a.b.c',
      'A absolute',
    ]);
  });

  it('fail with the most informative reason', async () => {
    const { ask } = await setUp(({ name }) => (name === 'host.first.test' ? 'fail' : 'no such name'));
    expect(await ask('host')).toBe('ESERVFAIL');
    expect(await ask('gone.test.x')).toBe('ENOTFOUND');
  });

  it('with one family that never answers soon use the other', async () => {
    const { ask } = await setUp(({ type }) => (type === 'A' ? { addresses: ['127.0.0.4'], ttl: 60 } : null), {
      timeout: 5000,
    });
    const started = steadyClock.now();
    expect(await ask('a.b.test')).toBe('127.0.0.4');
    expect(steadyClock.now() - started).toBeLessThan(2000);
  });
});

describe('the families of a name', () => {
  const late = (type: Question['type'], ms: number) => async (question: Question) => {
    if (question.type === type) await sleep(ms);
    return both;
  };

  it('arrive separately if one is late, and both are cached', async () => {
    const { server, ask } = await setUp(late('AAAA', 150), { timeout: 2000 });
    expect(await ask('a.b.test')).toBe('127.0.0.2');
    await sleep(200);
    expect(await ask('a.b.test')).toBe('::1 127.0.0.2');
    expect(server.questions).toHaveLength(2);
  });

  it('join the race for a connection, however late: what the first one refuses does not matter', async () => {
    const { resolver } = await setUp(
      async ({ type }) => {
        if (type === 'A') await sleep(300);
        return { addresses: ['127.0.0.1', 'fd99::1'], ttl: 60 };
      },
      { timeout: 2000 },
    );
    const server = await newServer((socket) => socket.write(reply('x')));
    const client = newClient({ shared: newShared({ resolver }) });
    const outcome = await client.get(`http://a.b.test:${server.port}/`);
    expect([outcome.rc, outcome.connection?.remoteAddress]).toEqual([1, '127.0.0.1']);
  });
});

describe('addresses that refuse', () => {
  it('are queried again before the TTL is over, and kept if no server answers', async () => {
    let said: Answer = { addresses: ['127.0.0.7'], ttl: 3600 };
    const { server: names, resolver, ask } = await setUp(() => said);
    const server = await newServer((socket) => socket.write(reply('x')));
    const client = newClient({ shared: newShared({ resolver }) });
    const url = `http://a.b.test:${server.port}/`;
    await ask('a.b.test');
    await sleep(1_050);
    expect((await client.get(url)).rc).toBe(-1);
    said = 'fail';
    expect((await client.get(url)).rc).toBe(-1); // asked again, and the known address is all that there is
    expect(names.questions.filter((one) => one === 'A a.b.test')).toHaveLength(2);
    said = { addresses: ['127.0.0.1'], ttl: 3600 };
    expect((await client.get(url)).rc).toBe(1);
  });
});

describe('name servers', () => {
  it('are those of the current file', async () => {
    const [one, other] = [
      closeLater(await startNameServer(() => ({ addresses: ['127.0.0.5'], ttl: 0 }))),
      closeLater(await startNameServer(() => ({ addresses: ['127.0.0.6'], ttl: 0 }))),
    ];
    const file = join(folder, 'resolv-changing');
    writeFileSync(file, `nameserver ${one.address}\n`);
    const clock = new SimulatedClock();
    const { ask } = await setUp(() => null, { servers: undefined, resolvConf: file, clock });
    expect(await ask('a.b.test')).toBe('127.0.0.5');
    writeFileSync(file, `# another one\nnameserver ${other.address}\n`);
    clock.advance(3_000);
    expect(await ask('a.b.test')).toBe('127.0.0.6');
  });

  it('that are silent get timeout times attempts in total, whatever their number', async () => {
    const [one, other] = [
      closeLater(await startNameServer(() => null)),
      closeLater(await startNameServer(() => null)),
    ];
    const { ask } = await setUp(() => null, {
      servers: [one.address, other.address],
      timeout: 150,
      tries: 2,
    });
    const started = steadyClock.now();
    expect(await ask('host')).toBe('ETIMEOUT'); // with search domains
    const took = steadyClock.now() - started;
    expect(took).toBeGreaterThanOrEqual(300);
    expect(took).toBeLessThan(450);
    expect([one.questions.length, other.questions.length]).toEqual([4, 4]);
  });

  it('that fail or do not exist are skipped for the next one', async () => {
    const failing = closeLater(await startNameServer(() => 'fail'));
    const good = closeLater(await startNameServer(() => ({ addresses: ['127.0.0.5'], ttl: 0 })));
    const { ask } = await setUp(() => null, {
      servers: ['127.0.0.1:1', failing.address, good.address],
      timeout: 60_000,
    });
    expect(await ask('a.b.test')).toBe('127.0.0.5');
    const { ask: askNobody } = await setUp(() => null, { servers: ['127.0.0.1:1'], timeout: 60_000 });
    expect(await askNobody('a.b.test')).toBe('ECONNREFUSED');
  });

  it('are queried by TCP if an answer is too long for a datagram', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `127.0.1.${i}`);
    const { ask } = await setUp(({ type }) => ({ addresses: type === 'A' ? many : [] }), { timeout: 2000 });
    expect(await ask('a.b.test')).toBe(many.join(' '));
  });

  it('are queried from a new port each time, so that nobody else can answer for them', async () => {
    const ports = new Set<number>();
    const socket = createSocket('udp4');
    closeLater({ close: async () => socket.close() });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('message', (query, from) => {
      ports.add(from.port);
      const forged = Buffer.from(query);
      forged[2] = 0x81;
      forged[3] = 0x83; // no such name
      const wrongNumber = Buffer.from(forged);
      wrongNumber[0] = (wrongNumber[0] ?? 0) ^ 1;
      const wrongName = Buffer.from(forged);
      wrongName[13] = 'x'.charCodeAt(0);
      for (const answer of [wrongNumber, wrongName, Buffer.alloc(3), forged.subarray(0, 20)])
        socket.send(answer, from.port, from.address);
    });
    const { ask } = await setUp(() => null, {
      servers: [`127.0.0.1:${socket.address().port}`],
      timeout: 150,
    });
    for (const name of ['a.b.test', 'c.d.test', 'e.f.test']) expect(await ask(name)).toBe('ETIMEOUT');
    expect(ports.size).toBe(3);
  });
});

describe('SRV records', () => {
  it('are cached for their own TTL', async () => {
    const clock = new SimulatedClock();
    const services: Service[] = [[1, 2, 5060, 'one.test']];
    const { server, resolver } = await setUp(() => ({ services, ttl: 7 }), { clock });
    const ask = async () =>
      new Promise((resolve) => resolver.services('_sip._udp.a.test', (_, records) => resolve(records)));
    const expected = [{ priority: 1, weight: 2, port: 5060, name: 'one.test' }];
    expect(await ask()).toEqual(expected);
    clock.advance(6_900);
    expect(await ask()).toEqual(expected);
    expect(server.questions).toHaveLength(1);
    clock.advance(200);
    expect(await ask()).toEqual(expected);
    expect(server.questions).toHaveLength(2);
  });
});

describe('a name server that hangs', () => {
  it('ends the requests that need it with -2, and delays no others', async () => {
    const { resolver } = await setUp(
      ({ name }) => (name.startsWith('hang') ? null : { addresses: ['127.0.0.1'], ttl: 60 }),
      {
        timeout: 10_000,
      },
    );
    const server = await newServer((socket) => socket.write(reply('x')));
    const client = newClient({ connectTimeout: 300, shared: newShared({ resolver }) });
    const hanging = Array.from({ length: 50 }, (_, i) => client.get(`http://hang${i}.b.test/`));
    const others = await Promise.all(
      ['listed', 'a.b.test', 'localhost'].map((h) => client.get(`http://${h}:${server.port}/`)),
    );
    expect(others.map((o) => o.rc)).toEqual([1, 1, 1]);
    expect((await Promise.all(hanging)).every((o) => o.rc === -2)).toBe(true);
  });
});

describe('several addresses', () => {
  it('are raced: one that refuses, and one that never answers, cost little', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const { resolver } = await setUp(() => ({ addresses: ['::1', '127.0.0.9', '127.0.0.1'], ttl: 60 }));
    const client = newClient({ shared: newShared({ resolver }) });
    const outcome = await client.get(`http://a.b.test:${server.port}/`);
    expect([outcome.rc, outcome.connection?.remoteAddress]).toEqual([1, '127.0.0.1']);
    expect(outcome.times.lookup).toBeGreaterThan(0);
    expect(outcome.times.connect).toBeGreaterThanOrEqual(outcome.times.lookup);
  });

  it('that all refuse are -1', async () => {
    const { resolver } = await setUp(() => both);
    const client = newClient({ shared: newShared({ resolver }) });
    expect((await client.get('http://a.b.test:1/')).rc).toBe(-1);
  });
});
