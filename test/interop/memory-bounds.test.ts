/**
 * What waits is bounded in bytes: with 64 MiB for long-lived objects, more calls and larger answers than fit are refused,
 * and the process lives on with less than twice its heap's limit.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startLoad, tally } from '../support/load.ts';
import { type RestService, startService } from '../support/service.ts';
import { startWatched, type WatchedSiprest } from '../support/watched.ts';

const heap = 64;
const modules = `
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "signaling.so"
loadmodule "rr.so"
loadmodule "rest_client.so"
`;

async function start(script: string): Promise<WatchedSiprest> {
  const env = { NODE_OPTIONS: `--max-old-space-size=${heap}` };
  return closeLater(await startWatched(modules + script, { env }));
}

/** The most resident memory that the process has had, as a part of what its heap may grow to. */
async function mostMemory(siprest: WatchedSiprest): Promise<number> {
  const status = readFileSync(`/proc/${siprest.pid}/status`, 'utf8');
  const most = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  return most / ((await total(siprest, 'memory'))['heap_limit'] ?? 0);
}

/** A place that takes everything and says nothing. */
async function startSilentHost(): Promise<{ readonly port: number; close(): void }> {
  const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.on('message', () => undefined);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

const total = async (siprest: WatchedSiprest, name: string): Promise<Record<string, number>> => {
  const figure = (await siprest.status()).total[name];
  return typeof figure === 'object' ? { ...figure } : {};
};

describe('with a heap of 64 MiB', () => {
  it('100,000 INVITEs to a silent host: those that do not fit are answered 503', async () => {
    const host = closeLater(await startSilentHost());
    const siprest = await start(`
modparam("tm", "fr_timeout", 5)
route {
  record_route();
  $du = "sip:127.0.0.1:${host.port}";
  t_relay();
}
`);
    const load = await startLoad({
      port: siprest.port,
      // more than fit, and more a second than are refused at once: some are dropped, and refused when they come again
      pace: { atATime: 3000 },
      count: 100_000,
      request: () => ({ method: 'INVITE', to: '<sip:bob@biloxi.example.com>' }),
    });
    const replies = tally(await load.done);
    expect(Object.keys(replies).sort()).toEqual(['408 Request Timeout', '503 Service Unavailable']);
    expect(replies['408 Request Timeout']).toBeGreaterThan(1000);
    expect(await mostMemory(siprest)).toBeLessThan(2);
    // a busy machine may refuse some for their lateness
    expect((await siprest.status()).total['refused']).toBeGreaterThanOrEqual(
      replies['503 Service Unavailable'] ?? 0,
    );
    expect((await total(siprest, 'memory_refused'))['calls']).toBeGreaterThan(10_000);
    expect(siprest.stderr).toMatch(/new requests are answered 503: calls take \d+ of the 20 MiB/);
    // nothing is left of them
    await expect
      .poll(() => total(siprest, 'transactions'), { timeout: 60_000, interval: 1000 })
      .toEqual({
        server: 0,
        client: 0,
      });
    expect((await total(siprest, 'memory_budget'))['calls']).toBe(0);
  });

  it.each(['async', 'blocking'])(
    '300 answers of 9 MB at once, %s: those that do not fit are -10',
    async (how) => {
      const body = Buffer.alloc(9_000_000, 'x');
      const held: (() => void)[] = [];
      const service: RestService = closeLater(
        await startService((_, response) => {
          response.writeHead(200, { 'Content-Length': body.length });
          held.push(() => response.end(body));
          if (held.length === 300) for (const go of held) go();
        }),
      );
      const answer = `
  if ($rc < 0)
    send_reply(503, "rc $rc");
  else
    send_reply(200, "$(var(body){s.len})");
`;
      const ask = `rest_get("${service.origin}", $var(body))`;
      const siprest = await start(`
udp_workers=${how === 'async' ? 1 : 300}
modparam("rest_client", "max_async_transfers", 300)
modparam("rest_client", "curl_timeout", 31)
route {
  ${how === 'async' ? `async(${ask}, answer);` : `${ask};${answer}`}
}
route[answer] {${answer}}
`);
      const load = await startLoad({ port: siprest.port, pace: { atATime: 300 }, count: 300 });
      const replies = tally(await load.done);
      expect(
        Object.keys(replies).filter(
          (reply) => !/^(?:200 9000000|503 rc -10|503 Service Unavailable)$/.test(reply),
        ),
      ).toEqual([]);
      expect(await mostMemory(siprest)).toBeLessThan(2);
      // those that the client gave up are still under way
      await expect
        .poll(async () => (await total(siprest, 'memory_budget'))['bodies'], { timeout: 40_000 })
        .toBe(0);
      const again = await startLoad({ port: siprest.port, pace: { atATime: 1 }, count: 1 });
      void again.done;
      await service.sees(301);
      again.stop();
    },
  );
});
