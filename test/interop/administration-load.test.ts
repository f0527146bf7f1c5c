/** What clients of a server's administration do wrong gets a clear error or a bound, and no call notices. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { httpUrl } from '../support/http-url.ts';
import { launch } from '../support/launch.ts';
import { type LoadOptions, served, startLoad, tally } from '../support/load.ts';
import { cliRequest } from '../support/opensips-cli.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { startWatched, type WatchedSiprest } from '../support/watched.ts';

const token = 'a-secret-of-the-test';

interface Scene {
  readonly program: WatchedSiprest;
  readonly url: string;
}

/** Two processes whose script asks a service for each of 100 calls a second; all are answered whatever `happens`. */
async function underLoad(
  happens: (scene: Scene) => Promise<void>,
  { lines = '', body = '' }: { readonly lines?: string; readonly body?: string } = {},
): Promise<void> {
  const service = closeLater(await startService((_, response) => respond(response, 200, 'yes')));
  const tokenFile = join(temporaryFolder('token'), 'token');
  writeFileSync(tokenFile, token);
  const modules = ['signaling', 'sl', 'tm', 'rest_client', 'mi_http'].map(
    (name) => `loadmodule "${name}.so"\n`,
  );
  const program = closeLater(
    await startWatched(
      `${modules.join('')}modparam("mi_http", "token_file", "${tokenFile}")\n${lines}
      route { ${body} async(rest_get("${service.origin}/", $var(x)), done); }
      route[done] { if ($rc < 0) send_reply(500, "No Answer"); else send_reply(200, "OK"); }\n`,
      { processes: 2, args: ['--http', '127.0.0.1:0'] },
    ),
  );
  const load = await startLoad({ port: program.port, pace: { rate: 100 }, count: 1e6 });
  closeLater({ close: () => load.stop() });
  const answered = () => load.calls.filter(({ status }) => status !== 0).length;
  await until(() => answered() > 20);
  await happens({ program, url: await httpUrl(program) });
  const before = answered();
  await until(() => answered() > before + 50);
  load.stop();
  const calls = await load.done;
  expect(tally(served(calls, load))).toEqual({ '200 OK': expect.any(Number) });
}

async function post(url: string, body: string, authorization: string) {
  const response = await fetch(`${url}mi`, { method: 'POST', body, headers: { authorization } });
  return { status: response.status, text: await response.text() };
}

const times = <T>(count: number, make: (nth: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, nth) => make(nth)));

it('500 unknown commands get an error each, by HTTP and by the control socket', async () => {
  await underLoad(async ({ program, url }) => {
    for (let i = 0; i < 10; i++) {
      const answers = await times(50, () => post(url, cliRequest('halt'), `Bearer ${token}`));
      for (const { status, text } of answers) {
        expect(status).toBe(200);
        expect(JSON.parse(text)).toMatchObject({
          error: { code: -32_601, message: 'Method not found', data: 'no command halt; which lists them' },
        });
      }
    }
    const command = program.command('mi', 'halt');
    expect(await command.ended).toBe(1);
    expect(command.stderr).toBe('siprest: halt: Method not found: no command halt; which lists them\n');
  });
});

it('500 wrong tokens are refused, and run nothing', async () => {
  await underLoad(async ({ program, url }) => {
    for (let i = 0; i < 10; i++) {
      const answers = await times(50, (nth) =>
        post(url, cliRequest('kill'), nth % 2 === 0 ? 'Bearer another' : 'Basic YTpi'),
      );
      for (const answer of answers)
        expect(answer).toEqual({
          status: 401,
          text: 'administration needs the header "Authorization: Bearer TOKEN"\n',
        });
    }
    expect(await program.status()).toMatchObject({ state: 'running' });
  });
});

const opened: Socket[] = [];

/** A client that sends no more than this, and reads nothing. */
async function silentClient(url: string, text = ''): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  opened.push(closeLater({ close: () => socket.destroy() }) && socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  if (text !== '') socket.write(text);
  return socket;
}

it('1,000 idle HTTP clients keep nobody out', async () => {
  await underLoad(async ({ url }) => {
    await times(1000, () => silentClient(url));
    for (const path of ['healthz', 'readyz', 'metrics', ''])
      expect((await fetch(`${url}${path}`)).status, path).toBe(200);
  });
});

it('clients that read none of their stream are bounded in number, and others are served', async () => {
  await underLoad(async ({ url }) => {
    await times(32, () => silentClient(url, 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    const refused = await until503(`${url}events`);
    expect(refused).toBe('32 streams are open already; close one\n');
    await sleep(5000); // some samples are written to them
    expect((await fetch(`${url}metrics`)).status).toBe(200);
    for (const socket of opened) socket.destroy();
    await expect.poll(async () => statusOf(`${url}events`)).toBe(200);
  });
});

/** The text of the first answer that is 503. */
async function until503(url: string): Promise<string> {
  for (;;) {
    const response = await fetch(url);
    if (response.status === 503) return response.text();
    await response.body?.cancel();
  }
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

it('a collector that hangs stops no call, and what it does not take is counted', async () => {
  const code = `const socket = require('node:dgram').createSocket('udp4');
    socket.bind(0, '127.0.0.1', () => console.log(socket.address().port));`;
  const collector = closeLater(launch(process.execPath, ['-e', code]));
  await collector.prints(/^\d+\n/);
  const port = collector.stdout.trim();
  process.kill(collector.pid, 'SIGSTOP');
  const tracing = `loadmodule "proto_hep.so"\nloadmodule "tracer.so"
    modparam("proto_hep", "hep_id", "[homer] 127.0.0.1:${port}; transport=udp; version=3")
    modparam("tracer", "trace_id", "[all]uri=hep:homer")`;
  await underLoad(
    async ({ program }) => {
      await sleep(3000);
      const { traced } = (await program.status()).total;
      expect(traced).toMatchObject({ sent: expect.any(Number) });
      expect(Object.values(traced ?? {}).reduce((sum: number, one) => sum + Number(one), 0)).toBeGreaterThan(
        300,
      );
    },
    { lines: tracing, body: 'trace("all", "t", "sip");' },
  );
  process.kill(collector.pid, 'SIGKILL');
});

it('scrapes while the server refuses calls are answered, and every call gets its reply', async () => {
  // it takes a second for each answer, of which four workers get four
  const service = closeLater(
    await startService((_, response) => setTimeout(respond, 1000, response, 200, 'late')),
  );
  const program = closeLater(
    await startWatched(
      `loadmodule "signaling.so"\nloadmodule "sl.so"\nloadmodule "rest_client.so"\nudp_workers=4
      route { rest_get("${service.origin}/", $var(x)); send_reply(200, "OK"); }\n`,
      { processes: 2, args: ['--http', '127.0.0.1:0', '--queue-timeout', '1'] },
    ),
  );
  const url = await httpUrl(program);
  const options: LoadOptions = { port: program.port, pace: { rate: 50 }, count: 500 };
  const load = await startLoad(options);
  await expect.poll(async () => (await fetch(`${url}readyz`)).text()).toBe('overloaded\n');
  let scrapes = 0;
  const scrape = async () => {
    while (load.calls.length < (options.count ?? 0)) {
      const response = await fetch(`${url}metrics`);
      expect(await response.text()).toMatch(/\nsiprest_overloaded [12]\n/);
      expect(response.status).toBe(200);
      scrapes++;
    }
  };
  await Promise.all([scrape(), scrape(), scrape(), scrape()]);
  expect(scrapes).toBeGreaterThan(4);
  const replies = tally(await load.done);
  expect(Object.keys(replies).toSorted()).toEqual(['200 OK', '503 Service Unavailable']);
});
