import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ConnectionInfo, type Outcome, RestClient } from '../../src/rest/index.ts';
import { later, sleep } from '../support/steady-clock.ts';
import { until } from '../support/until.ts';
import { answerOf, bodyOf, newClient, newServer, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

describe('the library', () => {
  it('ends a request with -10 when its signal fires, before, during and not after', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/half') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
      else if (target === '/') socket.write(reply('x'));
    });
    const client = newClient();
    const early = await client.get(server.origin, { signal: AbortSignal.abort() });
    expect(early).toMatchObject({ rc: -10, retcode: 0, reason: 'aborted' });
    expect(server.connections).toBe(0);
    for (const [path, status] of [
      ['/silent', 0],
      ['/half', 200],
    ] as const) {
      const controller = new AbortController();
      const seen = server.requests.length;
      const waiting = client.get(server.origin + path, { signal: controller.signal });
      await until(() => server.requests.length > seen);
      await sleep(10);
      controller.abort();
      expect(await waiting).toMatchObject({ rc: -10, retcode: status, reason: 'aborted' });
    }
    const controller = new AbortController();
    const done = await client.get(server.origin, { signal: controller.signal });
    controller.abort();
    expect(done.rc).toBe(1);
    expect((await client.get(server.origin)).reused).toBe(true);
  });

  it('close() waits for pending requests, closes the connections, and fails later calls with -10', async () => {
    const server = await newServer((socket) => later(() => socket.write(reply('x')), 80));
    const client = new RestClient();
    const running = client.get(server.origin);
    let closed = false;
    const closing = client.close().then(() => {
      closed = true;
    });
    expect(await client.get(server.origin)).toMatchObject({ rc: -10, reason: 'the client is closed' });
    expect((await running).rc).toBe(1);
    await closing;
    expect(closed).toBe(true);
    await until(() => server.sockets.size === 0);
    await client.close();
  });

  it('is disposed of by await using', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    {
      await using client = new RestClient();
      expect((await client.get(server.origin)).rc).toBe(1);
      expect(server.sockets.size).toBe(1);
    }
    await until(() => server.sockets.size === 0);
  });

  it('counts running transfers', async () => {
    const server = await newServer((socket) => later(() => socket.write(reply('x')), 50));
    const client = newClient();
    const all = [client.get(server.origin), client.get(server.origin)];
    expect(client.active).toBe(2);
    await Promise.all(all);
    expect(client.active).toBe(0);
  });

  it('publishes requests, connections and outcomes on node:diagnostics_channel', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const said: string[] = [];
    const listen = (message: unknown, name: string | symbol): void => {
      const { method, url, outcome, connection } = message as {
        method?: string;
        url?: string;
        outcome?: Outcome;
        connection?: ConnectionInfo;
      };
      const what = [method, url, connection?.protocol, outcome?.rc].filter((x) => x !== undefined);
      said.push(`${String(name).split(':').at(-1)} ${what.join(' ')}`);
    };
    const names = ['request', 'connection', 'outcome'].map((n) => `siprest:rest:${n}`);
    for (const name of names) subscribe(name, listen);
    await newClient().get(`http://joe:secret@127.0.0.1:${server.port}/x?key=secret`);
    for (const name of names) unsubscribe(name, listen);
    const url = `${server.origin}/x`;
    expect(said).toEqual([`request GET ${url}`, 'connection http/1.1', `outcome GET ${url} 1`]);
  });

  it('accepts bodies as text and any bytes, and returns them as text and JSON', async () => {
    const server = await newServer((socket, { body }) => socket.write(Buffer.from(reply(body), 'latin1')));
    const client = newClient();
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect([...bodyOf(await client.put(server.origin, view))]).toEqual([2, 3]);
    expect(answerOf(await client.post(server.origin, '{"a":[1]}')).json()).toEqual({ a: [1] });
    expect(textOf(await client.request('PATCH', server.origin, { body: 'p' }))).toBe('p');
  });

  it('does not keep a finished process alive', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const program = `
      import { RestClient } from '${fileURLToPath(new URL('../../src/rest/index.ts', import.meta.url))}';
      const { rc } = await new RestClient().get('${server.origin}');
      console.log('rc', rc);`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (d) => (out += String(d)));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect([code, out]).toEqual([0, 'rc 1\n']);
  });
});
