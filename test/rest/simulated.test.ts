import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type Connect,
  type LookupFunction,
  type Outcome,
  RestOptionError,
  type Wire,
} from '../../src/rest/index.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { createAuthority } from '../support/certificates.ts';
import { newClient, textOf } from './fixture.ts';

/** Connects to a server in this process, without a socket. */
function connectTo(server: { emit(event: 'connection', wire: Duplex): boolean }): Connect {
  return () => {
    const [ours, theirs] = duplexPair();
    setImmediate(() => {
      ours.emit('connect');
      server.emit('connection', theirs);
    });
    return ours;
  };
}

/** Refuses, or never connects. */
const refusing: Connect = () => {
  const [wire] = duplexPair();
  setImmediate(() => wire.destroy(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })));
  return wire;
};
const silent: Connect = () => duplexPair()[0];

const lookup: LookupFunction = (hostname, callback) => {
  const known = hostname.endsWith('.test');
  if (known) callback(null, [{ address: '192.0.2.1', family: 4 }]);
  else callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
};

/** Moves the clock in steps until the request is over. */
async function ended(outcome: Promise<Outcome>, clock: SimulatedClock): Promise<Outcome> {
  const isOver = { now: false };
  void outcome.then(() => {
    isOver.now = true;
  });
  while (!isOver.now) await clock.pass(10);
  return outcome;
}

const hello = createHttpServer((request, response) => {
  if (request.url !== '/silent') response.end(`${request.method} ${request.url} of ${request.headers.host}`);
});

describe('a client on simulated parts', () => {
  it('looks up, connects, sends and keeps its connection', async () => {
    const clock = new SimulatedClock();
    const asked: string[] = [];
    const connect: Connect = (target) => {
      asked.push(`${target.hostname} ${target.address} ${target.port}`);
      return connectTo(hello)(target);
    };
    const client = newClient({ connect, lookup, clock });
    const first = await client.get('http://credit.test:81/alice');
    const second = await client.post('http://credit.test:81/bob', 'x');
    expect([textOf(first), textOf(second)]).toEqual([
      'GET /alice of credit.test:81',
      'POST /bob of credit.test:81',
    ]);
    expect(asked).toEqual(['credit.test 192.0.2.1 81']);
    expect([first.reused, second.reused, first.times.total]).toEqual([false, true, 0]);
    expect(first.connection).toMatchObject({ protocol: 'http/1.1', remoteAddress: '', tls: '' });
    expect(await client.get('http://other.example/')).toMatchObject({ kind: 'error', code: 'dns' });
  });

  it.each<[kind: string, path: string, connect: Connect, milliseconds: number]>([
    ['refused', '/', refusing, 0],
    ['connect-timeout', '/', silent, 30_000],
    ['timeout', '/silent', connectTo(hello), 60_000],
  ])('is told %s', async (kind, path, connect, milliseconds) => {
    const clock = new SimulatedClock();
    const client = newClient({ connect, lookup, clock, timeout: 60_000, connectTimeout: 30_000 });
    const outcome = await ended(client.get(`http://credit.test${path}`), clock);
    expect(outcome.kind).toBe(kind);
    expect(outcome.times.total).toBe(milliseconds);
  });

  it('tries a further address when 250 ms have passed, and closes what is idle a second before the server does', async () => {
    const clock = new SimulatedClock();
    const wires: Wire[] = [];
    const connect: Connect = (target) => {
      const wire = target.address === '192.0.2.2' ? connectTo(hello)(target) : silent(target);
      wires.push(wire);
      return wire;
    };
    const two: LookupFunction = (_, callback) =>
      callback(null, [
        { address: '192.0.2.1', family: 4 },
        { address: '192.0.2.2', family: 4 },
      ]);
    const client = newClient({ connect, lookup: two, clock });
    const outcome = await ended(client.get('http://credit.test/'), clock);
    expect([outcome.kind, outcome.times.connect, wires.length]).toEqual(['response', 250, 2]);
    expect(client.connections.idle).toBe(1);
    // node:http keeps it for five seconds, and says so
    await clock.pass(2_900);
    expect(client.connections.idle).toBe(1);
    await clock.pass(2_000);
    await clock.pass(0);
    expect(client.connections.idle).toBe(0);
  });

  it('waits for 100 Continue for one second', async () => {
    const clock = new SimulatedClock();
    const deaf = createHttpServer();
    const sent: string[] = [];
    deaf.on('checkContinue', (request, response) => {
      request.on('data', (piece) => sent.push(`${clock.now()} ${String(piece).length}`));
      request.on('end', () => response.end('taken'));
    });
    const client = newClient({ connect: connectTo(deaf), lookup, clock, expect100: true });
    const outcome = await ended(client.put('http://credit.test/', 'x'.repeat(2_000)), clock);
    expect([textOf(outcome), sent]).toEqual(['taken', ['1000 2000']]);
  });

  it('speaks TLS', async () => {
    const { key, cert } = createAuthority().issue({ names: ['credit.test'] });
    const server = createHttpsServer({ key, cert }, (_, response) => response.end('secret'));
    const clock = new SimulatedClock();
    const client = newClient({ connect: connectTo(server), lookup, clock, tls: { verifyPeer: false } });
    const outcome = await client.get('https://credit.test/');
    expect(textOf(outcome)).toBe('secret');
    expect(outcome.connection?.tls).toMatch(/^TLSv1/);
  });

  it('speaks HTTP/2', async () => {
    const server: Http2Server = createHttp2Server((_, response) => response.end('by 2'));
    const clock = new SimulatedClock();
    const client = newClient({ connect: connectTo(server), lookup, clock, httpVersion: '2-prior-knowledge' });
    const outcomes = await Promise.all([1, 2].map(() => client.get('http://credit.test/')));
    expect(outcomes.map((outcome) => [textOf(outcome), outcome.connection?.protocol])).toEqual([
      ['by 2', 'h2'],
      ['by 2', 'h2'],
    ]);
  });

  it('accepts only functions', () => {
    expect(() => newClient({ connect: 'node:net' as never })).toThrow(RestOptionError);
    expect(() => newClient({ lookup: {} as never })).toThrow(
      'invalid lookup: an object; expected a function',
    );
  });
});
