/** A server as a program starts it: the same in one process and in two. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  type LoadedScript,
  loadScript,
  type ServerOptions,
  type ServerStatus,
  type SipServer,
  StartError,
  startServer,
} from '../../src/index.ts';
import { askServer } from '../../src/internal.ts';
import { freePort } from '../support/ports.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const program = {
  path: fileURLToPath(new URL('../../dist/workers/process-main.js', import.meta.url)),
  arguments: [],
};

const scriptFor = (port: number, status: number): LoadedScript =>
  loadScript(`socket=udp:127.0.0.1:${port}\nloadmodule "sl.so"\nroute { sl_send_reply(${status}, "So"); }`, {
    fileName: 'so.cfg',
  });

const statusOf = async (port: number): Promise<number | undefined> =>
  (await sendSip({}, { port }))[0]?.status;

describe.each([1, 2])('startServer() with %d processes', (processes) => {
  const start = (script: LoadedScript, options: ServerOptions = {}): Promise<SipServer> =>
    startServer(script, { processes, program, writeLog: () => undefined, ...options });

  it('serves, reloads, reports its status and stops', async () => {
    const port = await freePort();
    const server = await start(scriptFor(port, 486));
    expect(server.sockets).toEqual([`udp:127.0.0.1:${port}`]);
    expect(await statusOf(port)).toBe(486);
    await server.reload(scriptFor(port, 404));
    expect(await statusOf(port)).toBe(404);
    const { state, graceLeft, processes: all, total } = await server.status();
    expect({ state, graceLeft, count: all.length }).toEqual({
      state: 'running',
      graceLeft: null,
      count: processes,
    });
    expect(total['requests']).toBe(2);
    await server[Symbol.asyncDispose]();
    expect((await server.status()).state).toBe('stopping');
  });

  it('rejects with a StartError if it cannot start or reload, and keeps running', async () => {
    const port = await freePort();
    const wrong = loadScript('route { send_repyl(200, "OK"); }', { fileName: 'wrong.cfg' });
    expect(wrong.isValid).toBe(false);
    await expect(start(wrong)).rejects.toThrow(new StartError('wrong.cfg has errors'));
    const server = await start(scriptFor(port, 486));
    await expect(server.reload(wrong)).rejects.toThrow(new StartError('wrong.cfg has errors'));
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port: taken } = holder.address();
    await expect(start(scriptFor(taken, 486))).rejects.toMatchObject({
      name: 'StartError',
      code: 'EADDRINUSE',
      socket: `udp:127.0.0.1:${taken}`,
    });
    holder.close();
    expect(await statusOf(port)).toBe(486);
    await server.stop({ grace: 0 });
  });

  it('accepts another grace while it stops', async () => {
    const port = await freePort();
    const text = `socket=udp:127.0.0.1:${port}\nloadmodule "tm.so"\nroute { t_newtran(); }`;
    const server = await start(loadScript(text));
    const [trying] = await sendSip({ method: 'INVITE' }, { port, seconds: 0.2 });
    expect(trying?.status).toBe(100);
    const stopping = server.stop({ grace: 600_000 });
    await expect.poll(async () => (await server.status()).graceLeft).toBeGreaterThan(500);
    await server.stop({ grace: 0 });
    await stopping;
  });

  it('is reachable by its control socket until it has stopped', async () => {
    const path = `${temporaryFolder('control')}/socket`;
    const reload = () => Promise.resolve({ reloaded: true, message: 'done' });
    const server = await start(scriptFor(await freePort(), 486), { control: { path, reload } });
    const { state } = (await askServer(path, 'siprest:status')) as ServerStatus;
    expect(state).toBe('running');
    expect(await askServer(path, 'reload_routes')).toBe('done');
    expect(await askServer(path, 'siprest:identity')).toMatchObject({
      pid: process.pid,
      sockets: server.sockets,
    });
    await server.stop({ grace: 0 });
    await expect(askServer(path, 'siprest:status')).rejects.toThrow('no siprest answers');
  });
});
