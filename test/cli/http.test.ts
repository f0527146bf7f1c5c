/** `siprest run --http ADDRESS:PORT` */
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { httpUrl } from '../support/http-url.ts';
import { place } from '../support/place.ts';
import { freePort } from '../support/ports.ts';
import { respond, startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';

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

it('waits for an address that another server uses, and serves calls meanwhile', async () => {
  const { start } = place();
  const http = `127.0.0.1:${await freePort()}`;
  const first = await start(answers, '--http', http);
  const second = await start(answers, '--http', http);
  await second.prints(/cannot serve HTTP yet, and keeps trying: listen EADDRINUSE/);
  await first.stop();
  await second.prints(`HTTP is served at http://${http}/`);
  expect(await get(`http://${http}/readyz`)).toEqual([200, 'ready\n']);
});

it('names what is wrong with an address', async () => {
  const { run } = place();
  for (const address of ['8088', 'localhost', '127.0.0.1:99999', ':8088']) {
    const { code, printed } = await run('run', '--http', address, 'x.cfg');
    expect([code, printed]).toEqual([
      1,
      expect.stringContaining('Expected an address and a port, such as 127.0.0.1:8088 or [::1]:8088.'),
    ]);
  }
});
