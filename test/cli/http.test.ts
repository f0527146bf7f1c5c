/** `siprest run --http ADDRESS:PORT` */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/internal.ts';
import { closeLater } from '../support/close-later.ts';
import { httpUrl } from '../support/http-url.ts';
import { place } from '../support/place.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWatched } from '../support/watched.ts';

const modules = ['signaling', 'sl', 'tm', 'rest_client'].map((name) => `loadmodule "${name}.so"\n`).join('');
const answers = `${modules}route { send_reply(200, "OK"); }\n`;

const get = async (url: string) => {
  const response = await fetch(url);
  return [response.status, await response.text()] as const;
};

describe.each([1, 2])('run --http with %d processes', (processes) => {
  it('serves /healthz and /readyz, which is 503 while the server stops', async () => {
    const { start } = place();
    const service = closeLater(
      await startService((_, response) => setTimeout(respond, 3000, response, 200, 'late')),
    );
    const program = await start(
      `${modules}route { rest_get("${service.origin}/", $var(x)); send_reply(200, "OK"); }\n`,
      ...['--http', '127.0.0.1:0', '--processes', String(processes)],
    );
    const url = await httpUrl(program);
    expect(await get(`${url}healthz`)).toEqual([200, 'ok\n']);
    expect(await get(`${url}readyz`)).toEqual([200, 'ready\n']);
    const client = await SipPeer.open();
    client.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
    await service.sees(1);
    const stopping = program.stop('SIGTERM');
    await program.prints('siprest stops');
    expect(await get(`${url}readyz`)).toEqual([503, 'stopping\n']);
    expect(await get(`${url}healthz`)).toEqual([200, 'ok\n']);
    await stopping;
  });
});

/** The value of each line of the metrics. */
async function metricsOf(url: string): Promise<ReadonlyMap<string, number>> {
  const [, text] = await get(`${url}metrics`);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

describe('/metrics', () => {
  it('sums up all processes, and no sum shrinks if a process dies', async () => {
    const service = closeLater(
      await startService((_, response) => respond(response, service.seen.length % 2 === 0 ? 503 : 200, 'x')),
    );
    const host = service.origin.replace('http://', '');
    const program = closeLater(
      await startWatched(
        `${modules}route { rest_get("${service.origin}/", $var(x)); send_reply(200, "OK"); }\n`,
        { processes: 2, args: ['--http', '127.0.0.1:0'] },
      ),
    );
    const url = await httpUrl(program);
    const client = await SipPeer.open();
    for (let i = 0; i < 10; i++) {
      client.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
      await client.next(200);
    }
    const expected = [
      ['siprest_requests_total', 10],
      ['siprest_requests_by_method_total{method="OPTIONS"}', 10],
      ['siprest_replies_by_method_total{method="OPTIONS",class="2xx"}', 10],
      [`siprest_rest_answers_total{host="${host}",class="2xx"}`, 5],
      [`siprest_rest_answers_total{host="${host}",class="5xx"}`, 5],
      [`siprest_rest_outcomes_total{host="${host}",kind="response"}`, 10],
      [`siprest_rest_time_seconds_count{host="${host}",phase="total"}`, 10],
      [`siprest_rest_time_seconds_bucket{host="${host}",phase="first_byte",le="+Inf"}`, 10],
      ['siprest_script_runs_seconds_count{route="route"}', 10],
    ] as const;
    const check = async () => {
      const metrics = await metricsOf(url);
      expect(expected.map(([name]) => [name, metrics.get(name)])).toEqual(expected);
      return metrics;
    };
    expect((await check()).get('siprest_restarts_total')).toBe(0);
    for (const pid of await program.pids()) process.kill(pid, 'SIGKILL');
    await program.prints(
      /process 0 runs again[^]*process 1 runs again|process 1 runs again[^]*process 0 runs again/,
    );
    const metrics = await check();
    expect(metrics.get('siprest_restarts_total')).toBe(2);
    expect(metrics.get('siprest_processes')).toBe(2);
  });

  it('has the runs of handlers, the connections of each REST host, and what is running', async () => {
    const service = closeLater(await startService((_, response) => respond(response, 200, 'x')));
    const host = service.origin.replace('http://', '');
    const port = await freePort();
    const file = join(temporaryFolder('policy'), 'policy.mjs');
    writeFileSync(
      file,
      `import { defineServer } from 'siprest';
export default defineServer({
  sockets: ['udp:127.0.0.1:${port}'],
  onOptions: async (call) => { await call.rest.get('${service.origin}/'); call.reply(200); },
  onMessage: (call) => call.reply(202),
});
`,
    );
    const program = closeLater(launchSiprest(['run', '--http', '127.0.0.1:0', file]));
    const url = await httpUrl(program);
    const client = await SipPeer.open();
    for (const [method, status] of [
      ['OPTIONS', 200],
      ['OPTIONS', 200],
      ['MESSAGE', 202],
    ] as const) {
      client.request(port, 'sip:bob@127.0.0.1', { method });
      await client.next(status);
    }
    const metrics = await metricsOf(url);
    const expected = [
      ['siprest_handlers_total', 3],
      ['siprest_handler_runs_seconds_count{handler="onOptions"}', 2],
      ['siprest_handler_runs_seconds_count{handler="onMessage"}', 1],
      [`siprest_rest_connections{host="${host}",state="idle"}`, 1],
      [`siprest_rest_connections{host="${host}",state="busy"}`, 0],
      [`siprest_build_info{version="${packageVersion()}",node="${process.version}"}`, 1],
    ] as const;
    expect(expected.map(([name]) => [name, metrics.get(name)])).toEqual(expected);
    expect(metrics.get('siprest_handler_time_seconds_total')).toBeGreaterThanOrEqual(0);
  });

  it('counts reloads, and failed ones of scripts with errors', async () => {
    const program = closeLater(await startWatched(answers, { args: ['--http', '127.0.0.1:0'] }));
    const url = await httpUrl(program);
    await program.command('reload', '--pid', String(program.pid)).ended;
    writeFileSync(program.file, 'route { nothing(); }');
    await program.command('reload', '--pid', String(program.pid)).ended;
    const metrics = await metricsOf(url);
    expect(metrics.get('siprest_reloads_total{result="done"}')).toBe(1);
    expect(metrics.get('siprest_reloads_total{result="failed"}')).toBe(1);
  });
});

it('waits for an address in use, and serves calls meanwhile', async () => {
  const { start } = place();
  const http = `127.0.0.1:${await freePort()}`;
  const first = await start(answers, '--http', http);
  const second = await start(answers, '--http', http);
  await second.prints(/cannot serve HTTP yet, and keeps trying: listen EADDRINUSE/);
  await first.stop();
  await second.prints(`HTTP is served at http://${http}/`);
  expect(await get(`http://${http}/readyz`)).toEqual([200, 'ready\n']);
});

it('reports an invalid address', async () => {
  const { run } = place();
  for (const address of ['8088', 'localhost', '127.0.0.1:99999', ':8088']) {
    const { code, printed } = await run('run', '--http', address, 'x.cfg');
    expect([code, printed]).toEqual([
      1,
      expect.stringContaining('Expected an address and a port, such as 127.0.0.1:8088 or [::1]:8088.'),
    ]);
  }
});
