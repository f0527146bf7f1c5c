import { describe, expect, it } from 'vitest';
import { type LookupFunction, RestOptionError, type TargetOptions } from '../../src/rest/index.ts';
import { Targets } from '../../src/rest/targets.ts';
import { newClient, newServer, reasonOf } from './fixture.ts';
import { reply } from './raw-server.ts';

const resolving =
  (...addresses: readonly string[]): LookupFunction =>
  (_, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

const server = () => newServer((socket) => socket.write(reply('x')));

describe('targets that may be asked', () => {
  it('are checked by the address of the connection, whatever the name', async () => {
    const { origin, port, requests } = await server();
    const connected: string[] = [];
    const client = newClient({
      targets: { deny: ['private'] },
      lookup: resolving('127.0.0.1', '::1', '10.0.0.1', '::ffff:127.0.0.1', '169.254.169.254'),
      connect: ({ address }) => {
        connected.push(address);
        throw new Error('not reached');
      },
    });
    for (const url of [
      origin,
      `http://public.test:${port}/`,
      `http://127.1:${port}/`,
      `http://2130706433:${port}/`,
      `http://[::ffff:7f00:1]:${port}/`,
      `http://[64:ff9b::a00:1]/`,
    ]) {
      const outcome = await client.get(url);
      expect(outcome).toMatchObject({ kind: 'blocked', rc: -5, policy: 'targets', connection: null });
      expect(reasonOf(outcome)).toContain('is in a network that is denied');
    }
    expect([connected, requests.length]).toEqual([[], 0]);
  });

  it('are contacted only at addresses that are not denied', async () => {
    const { port, requests } = await server();
    const client = newClient({
      targets: { deny: ['10.0.0.0/8', '::/0'] },
      lookup: resolving('10.0.0.1', '2001:db8::1', '127.0.0.1'),
    });
    expect((await client.get(`http://mixed.test:${port}/`)).rc).toBe(1);
    expect(requests).toHaveLength(1);
  });

  it('resist a name that resolves to another address the second time', async () => {
    const { port, requests } = await server();
    let asked = 0;
    const rebinding: LookupFunction = (name, callback) =>
      resolving(asked++ === 0 ? '192.0.2.1' : '127.0.0.1')(name, callback);
    const client = newClient({ targets: { deny: ['127.0.0.0/8'] }, lookup: rebinding, connectTimeout: 50 });
    await client.get(`http://rebinding.test:${port}/`);
    expect((await client.get(`http://rebinding.test:${port}/`)).kind).toBe('blocked');
    expect(requests).toHaveLength(0);
  });

  it('are checked by name before the lookup', async () => {
    let asked = 0;
    const lookup: LookupFunction = (name, callback) => {
      asked++;
      resolving('127.0.0.1')(name, callback);
    };
    const { port } = await server();
    const client = newClient({
      targets: { allow: ['*.good.test', 'one.test'], deny: ['bad.good.test'] },
      lookup,
    });
    for (const name of [
      'other.test',
      'good.test',
      'bad.good.test',
      'BAD.good.test.',
      'notgood.test',
      '127.0.0.1',
    ])
      expect([name, (await client.get(`http://${name}:${port}/`)).kind]).toEqual([name, 'blocked']);
    expect(asked).toBe(0);
    for (const name of ['a.good.test', 'a.b.GOOD.test', 'one.test', 'one.test.'])
      expect([name, (await client.get(`http://${name}:${port}/`)).kind]).toEqual([name, 'response']);
  });

  it('include those of redirects, replicas and token endpoints', async () => {
    const away = await newServer((socket) =>
      socket.write('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\r\nContent-Length: 0\r\n\r\n'),
    );
    const targets = { deny: ['127.0.0.2'] };
    const redirected = newClient({ targets, hosts: { '*': { redirects: {} } } });
    expect((await redirected.get(away.origin)).kind).toBe('blocked');
    const replicas = newClient({ targets, hosts: { '*': { replicas: { addresses: ['127.0.0.2:80'] } } } });
    expect((await replicas.get('http://any.test/')).kind).toBe('blocked');
    const auth = {
      scheme: 'oauth2',
      tokenUrl: 'http://127.0.0.2/',
      clientId: 'a',
      clientSecret: 'b',
    } as const;
    const outcome = await newClient({ targets, hosts: { '127.0.0.1': { auth } } }).get(away.origin);
    expect(reasonOf(outcome)).toContain('127.0.0.2 is in a network that is denied');
  });

  it('are checked only by name through a proxy', async () => {
    const proxy = await server();
    process.env['http_proxy'] = proxy.origin;
    try {
      const client = newClient({ targets: { deny: ['private', 'bad.test'] } });
      expect((await client.get('http://good.test/')).rc).toBe(1);
      expect((await client.get('http://bad.test/')).kind).toBe('blocked');
      expect((await client.get('http://10.0.0.1/')).kind).toBe('blocked');
    } finally {
      delete process.env['http_proxy'];
    }
  });

  it.each<[targets: unknown, message: string]>([
    [{ allow: ['10.0.0.0/33'] }, 'invalid targets.allow: "10.0.0.0/33"; expected names'],
    [{ deny: ['http://x'] }, 'invalid targets.deny'],
    [{ deny: [7] }, 'invalid targets.deny: 7'],
    [{ deny: 'x' }, 'invalid targets.deny: "x"; expected a list'],
    [{ denied: [] }, 'unknown option "denied" of targets'],
    [7, 'invalid targets: 7; expected an object'],
  ])('are checked themselves: %j', (targets, message) => {
    const create = () => newClient({ targets: targets as TargetOptions });
    expect(create).toThrow(RestOptionError);
    expect(create).toThrow(message);
  });

  it('include all private networks by one word', () => {
    const targets = new Targets({ deny: ['private'] });
    for (const address of [
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '127.0.0.1',
      '0.0.0.0',
      '169.254.169.254',
      '100.64.0.1',
      '::1',
      '::',
      'fd00::1',
      'fe80::1',
      '::ffff:10.0.0.1',
      '::ffff:a00:1',
      '64:ff9b::10.0.0.1',
      '224.0.0.1',
    ])
      expect([address, targets.refusedAddress('x', address)]).not.toEqual([address, null]);
    for (const address of ['8.8.8.8', '172.32.0.1', '2001:db8::1', '::ffff:8.8.8.8', '64:ff9b::808:808'])
      expect([address, targets.refusedAddress('x', address)]).toEqual([address, null]);
  });
});
