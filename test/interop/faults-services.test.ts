/**
 * What docs/reliability.md promises when the services that a script asks, or the names that it asks for, or what the
 * system lends, are gone: each of them while other calls go on, which are to notice nothing.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { startDnsmasq } from '../support/dnsmasq.ts';
import { type HttpServer, startNginx } from '../support/http-servers.ts';
import { launch } from '../support/launch.ts';
import { type LoadCall, quantile, served, startLoad, tally } from '../support/load.ts';
import { callIdOf } from '../support/owner.ts';
import { acceptsTcp } from '../support/ports.ts';
import { respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { startWatched } from '../support/watched.ts';

const modules = ['tm', 'sl', 'signaling', 'sipmsgops', 'rest_client']
  .map((name) => `loadmodule "${name}.so"`)
  .join('\n');

const resume = `
route[resume] {
  if ($rc < 0) {
    t_reply(500, "rc $rc");
    exit;
  }
  t_reply(200, "OK");
}
`;

/** Calls a second: what a machine that has much else to do serves as well. */
const rate = 60;

const during = (calls: readonly LoadCall[], from: number, to = Number.POSITIVE_INFINITY) =>
  calls.filter(({ sentAt }) => sentAt >= from && sentAt < to);

const toUser = (user: string) => ({ uri: `sip:${user}@biloxi.example.com` });

describe('kill -9 of the REST server under load', () => {
  /** With the ports that it had. */
  async function startAgain({ folder, origin }: HttpServer): Promise<void> {
    closeLater(
      launch(commandPath('nginx'), ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')]),
    );
    await acceptsTcp(Number(new URL(origin).port));
  }

  it.each([1, 2])(
    'is -1 at once for the calls that come, no call is without an answer, and all is well when it is back (%i processes)',
    async (processes) => {
      const nginx = closeLater(await startNginx());
      const siprest = closeLater(
        await startWatched(
          `
${modules}
udp_workers=2
route { async(rest_get("${nginx.origin}/hello.txt", $avp(body)), resume); }
${resume}`,
          { processes },
        ),
      );
      const load = await startLoad({ port: siprest.port, pace: { rate }, count: 7 * rate });
      await delay(1500);
      await nginx.program.stop('SIGKILL');
      const goneAt = performance.now();
      await delay(2000);
      const again = performance.now();
      await startAgain(nginx);
      const backAt = performance.now();
      const calls = served(await load.done, load);
      for (const reply of Object.keys(tally(calls))) expect(reply).toMatch(/^(200 OK|500 rc -1|500 rc -10)$/);
      const meanwhile = during(calls, goneAt).filter(({ sentAt, time }) => sentAt + time < again);
      expect(meanwhile.length).toBeGreaterThan(0);
      expect(tally(meanwhile)).toEqual({ '500 rc -1': meanwhile.length });
      const after = during(calls, backAt);
      expect(after.length).toBeGreaterThan(0);
      expect(tally(after)).toEqual({ '200 OK': after.length });
    },
  );
});

describe('a name server that is killed, or that hangs, under load', () => {
  it('harms only calls to names not in the cache, which are answered, until it is back', async () => {
    const nginx = closeLater(await startNginx());
    const records = ['address=/test/127.0.0.1', 'local-ttl=3600'];
    const names = closeLater(await startDnsmasq(records));
    const siprest = closeLater(
      await startWatched(
        `
${modules}
udp_workers=1
modparam("rest_client", "connection_timeout", 2)
modparam("rest_client", "max_async_transfers", 1000)
route {
  rest_append_hf("Connection: close");
  async(rest_get("http://$rU:${new URL(nginx.origin).port}/hello.txt", $avp(body)), resume);
}
${resume}`,
        {
          env: {
            NAME_SERVER: names.address,
            NODE_OPTIONS: `--import=${fileURLToPath(new URL('../support/name-server-preload.mjs', import.meta.url))}`,
          },
        },
      ),
    );
    const host = (nth: number) => ['127.0.0.1', 'known.test', `n${nth}.test`][nth % 3] ?? '';
    const load = await startLoad({
      port: siprest.port,
      pace: { rate },
      count: 13 * rate,
      request: (nth) => toUser(host(nth)),
    });
    /** What became of the calls to names that had not been asked for yet. */
    const ofNew = (from: number, to?: number) =>
      tally(during(served(load.calls, load), from, to).filter(({ nth }) => nth % 3 === 2));
    await delay(2000);
    await names.stop('SIGKILL');
    const goneAt = performance.now();
    await delay(2000);
    const startedAt = performance.now();
    const again = closeLater(await startDnsmasq(records, names.address));
    const backAt = performance.now();
    await delay(2000);
    const hangsAt = performance.now();
    process.kill(again.program.pid, 'SIGSTOP');
    await delay(4000);
    const wakesAt = performance.now();
    process.kill(again.program.pid, 'SIGCONT');
    const calls = served(await load.done, load);

    expect(Object.keys(ofNew(goneAt, startedAt - 500))).toEqual(['500 rc -10']);
    expect(ofNew(backAt, hangsAt)['200 OK']).toBeGreaterThan(0);
    expect(Object.keys(ofNew(hangsAt + 100, wakesAt - 2500))).toEqual(['500 rc -2']);
    expect(ofNew(wakesAt)['200 OK']).toBeGreaterThan(0);
    expect(tally(calls)['none']).toBeUndefined();
    // and nobody who knew an address has noticed any of it
    const unharmed = calls.filter(({ nth }) => nth % 3 < 2);
    expect(tally(unharmed)).toEqual({ '200 OK': unharmed.length });
    expect(quantile(unharmed, 0.9)).toBeLessThan(2000);
  });
});

describe('services that stall, and endless scripts, under load', () => {
  it('are limited, and other calls are served at once', async () => {
    const live = closeLater(await startService((_, response) => respond(response, 200, '42')));
    const deaf = await startRaw(() => undefined);
    const dripping = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 1000);
      socket.on('close', () => clearInterval(drip)).resume();
    });
    const siprest = closeLater(
      await startWatched(`
${modules}
udp_workers=1
modparam("rest_client", "curl_timeout", 2)
modparam("rest_client", "max_async_transfers", 1000)
route {
  switch ($rU) {
    case "deaf":
      $var(body) = "0123456789abcdef";
      $var(times) = 0;
      while ($var(times) < 19) {
        $var(body) = $var(body) + $var(body);
        $var(times) = $var(times) + 1;
      }
      async(rest_post("${deaf.origin}", $var(body), "text/plain", $avp(body)), resume);
      break;
    case "dripping":
      async(rest_get("${dripping.origin}", $avp(body)), resume);
      break;
    case "loop":
      $var(turns) = 0;
      while (1)
        $var(turns) = $var(turns) + 1;
      send_reply(200, "Turned $var(turns)");
      break;
    case "recursion":
      send_reply(200, "Goes Down");
      route(deeper);
      break;
    default:
      async(rest_get("${live.origin}", $avp(body)), resume);
  }
}
route[deeper] {
  route(deeper);
}
${resume}`),
    );
    const users = ['dripping', 'loop', 'recursion'];
    const user = (nth: number) => (nth % 60 === 30 ? 'deaf' : (users[nth % 20] ?? 'live'));
    const load = await startLoad({
      port: siprest.port,
      pace: { rate },
      count: 6 * rate,
      request: (nth) => toUser(user(nth)),
    });
    const calls = served(await load.done, load);
    const of = (name: string) => calls.filter(({ nth }) => user(nth) === name);
    expect(tally(calls, ({ nth, reply }) => `${user(nth)}: ${reply}`)).toEqual({
      'live: 200 OK': of('live').length,
      'deaf: 500 rc -3': of('deaf').length,
      'dripping: 500 rc -3': of('dripping').length,
      'loop: 200 Turned 10000': of('loop').length,
      'recursion: 200 Goes Down': of('recursion').length,
    });
    // none of them has waited for the others
    expect(quantile(of('live'), 0.9)).toBeLessThan(2000);
    for (const { time } of [...of('deaf'), ...of('dripping')]) expect(time).toBeGreaterThan(1990);
    expect(siprest.stderr).toContain('max_while_loops');
    expect(siprest.stderr).toContain('route(deeper): routes are nested deeper than 100');
  });
});

describe('exhausted file descriptors', () => {
  it('cause an error code, explained in the log, only for calls that need one, until some are free again', async () => {
    const slow = closeLater(
      await startService((_, response) => setTimeout(respond, 3000, response, 200, '42')),
    );
    const other = closeLater(await startService((_, response) => respond(response, 200, '42')));
    const siprest = closeLater(
      await startWatched(`
${modules}
udp_workers=1
modparam("rest_client", "max_async_transfers", 1000)
route {
  switch ($rU) {
    case "slow":
      async(rest_get("${slow.origin}", $avp(body)), resume);
      break;
    case "other":
      async(rest_get("${other.origin}", $avp(body)), resume);
      break;
    default:
      send_reply(200, "OK");
  }
}
${resume}`),
    );
    const free = 8;
    const inUse = readdirSync(`/proc/${siprest.pid}/fd`).length;
    const limit = (soft: number) => {
      const { status, stderr } = spawnSync(commandPath('prlimit'), [
        `--pid=${siprest.pid}`,
        `--nofile=${soft}:`,
      ]);
      expect(status, String(stderr)).toBe(0);
    };
    limit(inUse + free);
    const users = ['slow', 'other', 'plain'];
    const user = (nth: number) => (nth < 30 ? 'slow' : (users[nth % 3] ?? ''));
    const load = await startLoad({
      port: siprest.port,
      pace: { rate: 90 },
      count: 180,
      request: (nth) => toUser(user(nth)),
    });
    const calls = served(await load.done, load);
    const counts = tally(calls, ({ nth, reply }) => `${user(nth)}: ${reply}`);
    expect(counts['plain: 200 OK']).toBe(calls.filter(({ nth }) => user(nth) === 'plain').length);
    expect(counts['slow: 200 OK']).toBeGreaterThan(0);
    expect(counts['slow: 200 OK']).toBeLessThan(2 * free);
    expect(counts['other: 500 rc -10']).toBeGreaterThan(0);
    expect(Object.keys(counts)).not.toContain('none');
    expect(siprest.stderr).toMatch(/EMFILE|too many open files/);
    limit(inUse + 10 * free);
    for (const name of ['other', 'slow', 'plain'])
      expect((await sendSip(toUser(name), { port: siprest.port })).at(-1)?.status, name).toBe(200);
  });

  it.each([1, 2])('are taken from idle connections, with %i processes', async (processes) => {
    const slowly = async (ms: number) =>
      closeLater(await startService((_, response) => setTimeout(respond, ms, response, 200, '42')));
    const [first, second] = await Promise.all([slowly(500), slowly(500)]);
    const siprest = closeLater(
      await startWatched(
        `
${modules}
log_level=3
udp_workers=${processes}
modparam("rest_client", "max_async_transfers", 1000)
route {
  if ($rU == "first")
    async(rest_get("${first.origin}", $avp(body)), resume);
  else
    async(rest_get("${second.origin}", $avp(body)), resume);
}
${resume}`,
        { processes },
      ),
    );
    const calls = (user: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, nth) => {
          const callId = callIdOf(nth % processes, `${user}-${nth}-`, processes);
          return sendSip({ ...toUser(user), callId }, { port: siprest.port, seconds: 8 });
        }),
      );
    const outcomes = (replies: Awaited<ReturnType<typeof calls>>) =>
      new Set(replies.map((all) => all.at(-1)?.reason));
    const pids = processes === 1 ? [siprest.pid] : await siprest.pids();
    expect(outcomes(await calls('first', 20))).toEqual(new Set(['OK']));
    for (const pid of pids) {
      const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
      let free = 0;
      while (used.has(free)) free++;
      const { status } = spawnSync(commandPath('prlimit'), [`--pid=${pid}`, `--nofile=${free}:`]);
      expect(status).toBe(0);
    }
    // each of them needs a connection of its own, and those to the first service are idle
    expect(outcomes(await calls('second', 12))).toEqual(new Set(['OK']));
    expect(siprest.stderr).toContain('no file descriptor is free, so the idle connection to');
    expect(siprest.stderr).not.toContain('EMFILE');
    expect(outcomes(await calls('first', 5))).toEqual(new Set(['OK']));
  });
});

/** A TCP server that does what it is told with each connection, and reads nothing by itself. */
async function startRaw(serve: (socket: Socket) => void): Promise<{ readonly origin: string }> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  closeLater({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return { origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
}
