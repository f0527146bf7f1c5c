/** A scrape while the server is overloaded, and idle clients: bounded, and calls go on. */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { httpUrl } from '../support/http-url.ts';
import { startLoad } from '../support/load.ts';
import { startService } from '../support/service.ts';
import { startWatched } from '../support/watched.ts';

const modules = ['signaling', 'sl', 'tm', 'rest_client'].map((name) => `loadmodule "${name}.so"\n`).join('');

it('1,000 idle clients and a scrape during overload are served beside the calls', async () => {
  // it never answers, so that the workers are soon busy and further calls are refused
  const service = closeLater(await startService(() => undefined));
  const program = closeLater(
    await startWatched(
      `${modules}udp_workers=4
      route {
        if ($rm == "OPTIONS") { send_reply(200, "OK"); exit; }
        rest_get("${service.origin}/", $var(x));
        send_reply(200, "OK");
      }\n`,
      { args: ['--http', '127.0.0.1:0', '--queue-timeout', '1'] },
    ),
  );
  const url = await httpUrl(program);
  const { port } = new URL(url);
  for (let i = 0; i < 1000; i++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    closeLater({ close: () => socket.destroy() });
  }
  // with idle clients alone, every call is answered
  const calls = await (await startLoad({ port: program.port, pace: { rate: 200 }, count: 400 })).done;
  expect(calls.filter(({ status }) => status !== 200)).toEqual([]);

  const request = (nth: number) => ({ method: 'INVITE', callId: `busy-${nth}` });
  const load = await startLoad({
    port: program.port,
    pace: { rate: 100 },
    count: 300,
    request,
    timers: null,
  });
  closeLater({ close: () => load.stop() });
  const seen: string[] = [];
  while (!seen.includes('overloaded\n')) seen.push(await (await fetch(`${url}readyz`)).text());
  const metrics = await (await fetch(`${url}metrics`)).text();
  expect(metrics).toContain('\nsiprest_overloaded 1\n');
  expect(metrics).toMatch(/\nsiprest_refused_total [1-9]/);
  expect(await (await fetch(`${url}healthz`)).text()).toBe('ok\n');
});
