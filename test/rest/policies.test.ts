import { describe, expect, it } from 'vitest';
import {
  BlockedOutcome,
  type Policy,
  ResponseOutcome,
  RestOptionError,
  withHeader,
} from '../../src/rest/index.ts';
import { later } from '../support/steady-clock.ts';
import { until } from '../support/until.ts';
import { answerOf, newClient, newServer, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

/** Sends a request up to three times, until the answer is not 503. */
const retry: Policy = (next) => async (request) => {
  for (let left = 2; ; left--) {
    const outcome = await next(request);
    if (outcome.retcode !== 503 || left === 0) return outcome;
  }
};

const unavailable = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n';

describe('policies', () => {
  it('repeat a request on the same connection', async () => {
    const answers = [unavailable, unavailable, reply('at last')];
    const server = await newServer((socket) => socket.write(answers.shift() ?? reply('too many')));
    const outcome = await newClient({ policies: [retry] }).get(`${server.origin}/x`);
    expect(outcome).toMatchObject({ rc: 1, retcode: 200, reused: true });
    expect(server.requests.map(({ target }) => target)).toEqual(['/x', '/x', '/x']);
    expect(server.connections).toBe(1);
  });

  it('wrap each other, the first one outermost, and change a request by copying it', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const seen: string[] = [];
    const under =
      (folder: string): Policy =>
      (next) =>
      async (request) => {
        seen.push(`${request.method} ${request.authority.host}${request.path}`);
        return next({ ...request, path: `/${folder}${request.path}` });
      };
    await newClient({ policies: [under('a'), under('b')] }).post(`${server.origin}/x`, 'body');
    expect(seen).toEqual([`POST 127.0.0.1:${server.port}/x`, `POST 127.0.0.1:${server.port}/a/x`]);
    expect(server.requests).toMatchObject([{ target: '/b/a/x', body: 'body' }]);
  });

  it('replace, add and remove header fields', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const setting =
      (...fields: readonly (readonly [string, string])[]): Policy =>
      (next) =>
      (request) =>
        next(fields.reduce((changed, [name, value]) => withHeader(changed, name, value), request));
    const policy = setting(
      ['X-Token', 'two'],
      ['accept', ''],
      ['Host', 'other.test'],
      ['Connection', 'close'],
    );
    const client = newClient({ policies: [policy] });
    await client.get(server.origin, { headers: { 'x-token': 'one', 'X-Kept': 'yes' } });
    await client.get(server.origin);
    const lines = server.requests[0]?.head.split('\r\n').slice(1);
    expect(lines).toEqual(['Host: other.test', 'X-Kept: yes', 'X-Token: two', 'Connection: close']);
    expect(server.connections).toBe(2);
    const breaking = newClient({ policies: [setting(['X', 'a\r\nb: c'])] });
    await expect(breaking.get(server.origin)).rejects.toThrow(RestOptionError);
  });

  it('answer instead of the server', async () => {
    const closed: Policy = () => async () => new BlockedOutcome('the service is out of order', 'maintenance');
    const outcome = await newClient({ policies: [closed] }).get('http://127.0.0.1:1/');
    expect(outcome).toMatchObject({
      kind: 'blocked',
      rc: -5,
      retcode: 0,
      reason: 'the service is out of order',
      policy: 'maintenance',
      connection: null,
    });
    expect(outcome.times.total).toBe(0);
    const headers = [['Content-Type', 'text/plain']] as const;
    const known: Policy = () => async () => ResponseOutcome.of({ status: 203, headers, body: 'grüße' });
    const response = await newClient({ policies: [known] }).get('http://127.0.0.1:1/');
    expect(response).toMatchObject({ kind: 'response', status: 203, ok: true, contentType: 'text/plain' });
    expect([textOf(response), answerOf(response).headers]).toEqual(['grüße', headers]);
    expect(ResponseOutcome.of()).toMatchObject({ status: 200, contentType: '', text: '', headers: [] });
  });

  it('have their own timeout, and count as active until they finish', async () => {
    const server = await newServer(() => {});
    const short: Policy = (next) => (request) => next({ ...request, timeout: 20 });
    const client = newClient({ policies: [retry, short] });
    const outcome = client.get(server.origin);
    expect(client.active).toBe(1);
    expect((await outcome).rc).toBe(-3);
    expect(client.active).toBe(0);
  });

  it('of one host do not distort the count of requests to others', async () => {
    const server = await newServer(() => {});
    const hosts = { localhost: { retry: { count: 1, attemptTimeout: 20, backoff: 0, budget: 100 } } };
    const client = newClient({ hosts });
    const other = new AbortController();
    const direct = client.get(server.origin, { signal: other.signal });
    const retried = client.get(server.origin.replace('127.0.0.1', 'localhost'));
    expect(client.active).toBe(2);
    expect(await retried).toMatchObject({ kind: 'timeout', attempts: 2 });
    expect(client.active).toBe(1);
    other.abort();
    expect(await direct).toMatchObject({ kind: 'error', code: 'aborted', attempts: 1 });
    expect(client.active).toBe(0);
  });

  it('are awaited by close(), along with requests that they left pending', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/first') socket.write(reply('x'));
      else later(() => socket.write(reply('late')), 30);
    });
    let late = '';
    const behind: Policy = (next) => async (request) => {
      void next({ ...request, path: '/later' }).then((outcome) => {
        late = textOf(outcome);
      });
      return next(request);
    };
    const client = newClient({ policies: [behind] });
    const first = client.get(`${server.origin}/first`);
    const closing = client.close();
    expect((await first).rc).toBe(1);
    await closing;
    expect(late).toBe('late');
    await until(() => server.sockets.size === 0);
  });

  it('reject the call if they throw, and must be functions', async () => {
    const wrong: Policy = () => () => {
      throw new RangeError('wrong policy');
    };
    const client = newClient({ policies: [wrong] });
    await expect(client.get('http://127.0.0.1/')).rejects.toThrow('wrong policy');
    expect(client.active).toBe(0);
    expect(() => newClient({ policies: ['retry'] as never })).toThrow(RestOptionError);
  });
});
