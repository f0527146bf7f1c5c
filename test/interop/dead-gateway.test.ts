/** One of two gateways is killed while calls go on: each call is answered, and none waits once that is noticed. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { launch } from '../support/launch.ts';
import { startNameServer } from '../support/name-server.ts';
import { freePort } from '../support/ports.ts';
import { requestText } from '../support/sip-client.ts';
import { until } from '../support/until.ts';
import { startWatched } from '../support/watched.ts';

const file = (name: string): string => fileURLToPath(new URL(`../support/${name}`, import.meta.url));
/** In ms: 200 calls a second. */
const interval = 5;

async function startGateway() {
  const port = await freePort();
  const gateway = closeLater(launch(process.execPath, [file('gateway.mjs'), String(port)]));
  await gateway.prints('ready');
  return { port, gateway };
}

/** Calls at that rate until it is closed. */
async function startCaller(port: number) {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const unanswered = new Map<string, string>();
  const statuses = new Map<string, number>();
  let sent = 0;
  socket.on('message', (data) => {
    const text = data.toString('latin1');
    const status = Number(/^SIP\/2\.0 (\d+)/.exec(text)?.[1]);
    const callId = /^Call-ID: (.*)\r$/m.exec(text)?.[1] ?? '';
    if (status < 200) return;
    statuses.set(callId, status);
    unanswered.delete(callId);
  });
  const send = (text: string) => socket.send(text, port, '127.0.0.1');
  const pacer = setInterval(() => {
    const callId = `call-${sent++}`;
    const text = requestText({ method: 'INVITE', callId }, socket.address().port);
    unanswered.set(callId, text);
    send(text);
  }, interval);
  const again = setInterval(() => {
    for (const text of unanswered.values()) send(text);
  }, 1000);
  closeLater({
    close: () => {
      clearInterval(pacer);
      clearInterval(again);
      socket.close();
    },
  });
  return {
    statuses,
    stop: () => clearInterval(pacer),
    /** Resolves when so many more calls were sent. */
    sends: (more: number) => {
      const end = sent + more;
      return until(() => sent >= end);
    },
    /** Resolves when all calls sent up to now are answered. */
    answered: () => {
      const waiting = [...unanswered.keys()];
      return until(() => waiting.every((callId) => !unanswered.has(callId)));
    },
    get sent() {
      return sent;
    },
  };
}

it.each([1, 2])('with %i process(es)', { timeout: 60_000 }, async (processes) => {
  const [first, second] = [await startGateway(), await startGateway()];
  const names = closeLater(
    await startNameServer({
      srv: {
        '_sip._udp.gw.test': [first, second].map(({ port }) => [0, 50, port, 'host.gw.test'] as const),
      },
      a: { 'host.gw.test': ['127.0.0.1'] },
      ttl: 3600,
    }),
  );
  const siprest = closeLater(
    await startWatched('loadmodule "tm.so"\nroute { $ru = "sip:bob@gw.test"; t_relay(); }', {
      processes,
      env: { NAME_SERVER: names.address, NODE_OPTIONS: `--import=${file('name-server-preload.mjs')}` },
    }),
  );
  const failures = async () => {
    const { total } = await siprest.status();
    return Object.values(total['target_failures'] as Record<string, number>).reduce((sum, n) => sum + n, 0);
  };
  const caller = await startCaller(siprest.port);
  await caller.sends(400);
  expect(await failures()).toBe(0);
  await first.gateway.stop('SIGKILL');
  await siprest.prints(`avoiding udp:127.0.0.1:${first.port} (host.gw.test)`);
  // until the other process knows it too
  await caller.sends(20);
  await caller.answered();
  const waited = await failures();
  expect(waited).toBeGreaterThan(0);
  await caller.sends(600);
  caller.stop();
  await caller.answered();
  expect(await failures()).toBe(waited);
  expect(new Set(caller.statuses.values())).toEqual(new Set([200]));
  expect(caller.statuses.size).toBe(caller.sent);
});
