/**
 * What docs/reliability.md promises of a server in two processes when one of them is killed or stopped, when its script
 * is changed, and when it ends, all of it under load.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startDeadHost } from '../support/dead-host.ts';
import { type LoadCall, quantile, served, startLoad, tally } from '../support/load.ts';
import { callIdOf, ownerOf } from '../support/owner.ts';
import { type RestService, respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { startWatched } from '../support/watched.ts';

const modules = ['tm', 'sl', 'signaling', 'sipmsgops', 'rest_client']
  .map((name) => `loadmodule "${name}.so"`)
  .join('\n');

/** Asks the service about each call, whose Call-ID the service sees. */
const asking = (service: RestService, reason = 'OK') => `
${modules}
udp_workers=4
route {
  async(rest_get("${service.origin}/$ci", $avp(body)), resume);
}
route[resume] {
  if ($rc < 0) {
    t_reply(500, "rc $rc");
    exit;
  }
  t_reply(200, "${reason}");
}
`;

/** Calls a second: what a machine that has much else to do serves as well. */
const rate = 80;

/** How often the service was asked about each call. */
function questions({ seen }: RestService): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { target } of seen) counts.set(target.slice(1), (counts.get(target.slice(1)) ?? 0) + 1);
  return counts;
}

/** A service that takes a moment, so that there are always calls that wait. */
const startSlowService = async (ms: number) =>
  closeLater(await startService((_, response) => setTimeout(respond, ms, response, 200, '42')));

const during = (calls: readonly LoadCall[], from: number, to = Number.POSITIVE_INFINITY) =>
  calls.filter(({ sentAt }) => sentAt >= from && sentAt < to);

describe('kill -9 of one of two processes under load', () => {
  it('loses no call of a client that retransmits, affects no other process, and lasts no longer than a start', async () => {
    const service = await startSlowService(20);
    const began = performance.now();
    const siprest = closeLater(await startWatched(asking(service), { processes: 2 }));
    const startTime = performance.now() - began;
    const before = await siprest.pids();
    const load = await startLoad({ port: siprest.port, pace: { rate }, count: 60 * rate });
    await delay(1500);
    const killedAt = performance.now();
    process.kill(before[1] ?? 0, 'SIGKILL');
    await siprest.prints('supervisor: WARNING: process 1 ended SIGKILL and is restarted in 50 ms');
    await siprest.prints('supervisor: NOTICE: process 1 runs again', 30);
    const backAt = performance.now();
    await delay(1500);
    load.stop();
    // a start of node takes what it takes on this machine
    expect(backAt - killedAt).toBeLessThan(1000 + startTime);

    const calls = served(await load.done, load);
    expect(tally(calls)).toEqual({ '200 OK': calls.length });
    // nobody asks twice about what the other process has, but for the datagrams that the dead one had read
    const [others, own] = [0, 1].map((owner) => calls.filter((call) => ownerOf(call) === owner));
    const asked = questions(service);
    expect(new Set(others?.map(({ callId }) => asked.get(callId)))).toEqual(new Set([1]));
    expect(quantile(during(others ?? [], killedAt, backAt), 0.5)).toBeLessThan(backAt - killedAt);
    // those that were in it when it died are asked about once more, and not again
    expect(Math.max(...(own ?? []).map(({ callId }) => asked.get(callId) ?? 0))).toBeLessThanOrEqual(2);

    await expect.poll(() => siprest.pids(), { timeout: 20_000 }).toHaveLength(2);
    const after = await siprest.pids();
    expect(after[0]).toBe(before[0]);
    expect(after).not.toContain(before[1]);
  });

  it('releases the connect locks that it held', async () => {
    const dead = closeLater(await startDeadHost());
    const siprest = closeLater(
      await startWatched(
        `
${modules}
udp_workers=2
modparam("rest_client", "no_concurrent_connects", 1)
modparam("rest_client", "connect_poll_interval", 10)
modparam("rest_client", "connection_timeout", 4)
route {
  rest_get("${dead.origin}", $avp(body));
  send_reply(500, "rc $rc");
}
`,
        { processes: 2 },
      ),
    );
    const [, holder = 0] = await siprest.pids();
    const ask = (owner: number, name: string) =>
      sendSip({ callId: callIdOf(owner, name) }, { port: siprest.port, seconds: 8 });
    const lost = ask(1, 'holds');
    await delay(1000);
    expect((await ask(0, 'refused'))[0]?.reason).toBe('rc -4');
    process.kill(holder, 'SIGKILL');
    await siprest.prints('supervisor: WARNING: process 1 ended SIGKILL');
    // it tries to connect itself now, as it may
    expect((await ask(0, 'connects'))[0]?.reason).toBe('rc -2');
    expect(await lost).toEqual([]);
  });
});

describe('SIGSTOP of the supervisor', () => {
  it('makes shared state -1, which is logged, and everything else is served', async () => {
    const siprest = closeLater(
      await startWatched(
        `
${modules}
loadmodule "cachedb_local.so"
udp_workers=4
route {
  if (!is_method("OPTIONS")) {
    cache_fetch("local", "key", $var(value));
    send_reply(200, "rc $rc");
    exit;
  }
  send_reply(200, "served");
}
`,
        { processes: 2 },
      ),
    );
    const ask = async (method: string, owner: number, name: string) => {
      const replies = await sendSip(
        { method, callId: callIdOf(owner, name) },
        { port: siprest.port, seconds: 12 },
      );
      return replies.at(-1)?.reason;
    };
    expect(await ask('MESSAGE', 0, 'before')).toBe('rc -2');
    const { pid } = siprest;
    process.kill(pid, 'SIGSTOP');
    closeLater({ close: () => process.kill(pid, 'SIGCONT') });
    const [first, second] = [ask('MESSAGE', 0, 'first'), ask('MESSAGE', 1, 'second')];
    expect([await ask('OPTIONS', 0, 'third'), await ask('OPTIONS', 1, 'fourth')]).toEqual([
      'served',
      'served',
    ]);
    expect([await first, await second]).toEqual(['rc -1', 'rc -1']);
    await siprest.prints('cache "local": the supervisor has not answered within 5000 ms');
    process.kill(pid, 'SIGCONT');
    expect(await ask('MESSAGE', 1, 'after')).toBe('rc -2');
  });
});

describe('SIGSTOP of one of two processes for five seconds under load', () => {
  it('delays only calls of that process, loses none, and the supervisor waits for it', async () => {
    const service = await startSlowService(1);
    const siprest = closeLater(await startWatched(asking(service), { processes: 2 }));
    const before = await siprest.pids();
    const load = await startLoad({ port: siprest.port, pace: { rate }, count: 8 * rate });
    await delay(1000);
    const stoppedAt = performance.now();
    const [, stopped = 0] = before;
    process.kill(stopped, 'SIGSTOP');
    // before the server ends, for one that is stopped does not
    closeLater({ close: () => process.kill(stopped, 'SIGCONT') });
    await delay(4500);
    // one that does not answer is left out
    expect(await siprest.pids()).not.toContain(stopped);
    await delay(500);
    const goesOnAt = performance.now();
    process.kill(stopped, 'SIGCONT');

    const calls = served(await load.done, load);
    expect(tally(calls)).toEqual({ '200 OK': calls.length });
    const meanwhile = during(calls, stoppedAt + 100, goesOnAt - 100);
    const [others = [], own = []] = [0, 1].map((owner) =>
      meanwhile.filter((call) => ownerOf(call) === owner),
    );
    expect(quantile(others, 0.5)).toBeLessThan((goesOnAt - stoppedAt) / 2 + load.lag);
    for (const { sentAt, time } of own) expect(sentAt + time).toBeGreaterThanOrEqual(goesOnAt - 5);
    // a retransmission finds the transaction of the request before it
    expect(Math.max(...questions(service).values())).toBe(1);

    await expect.poll(() => siprest.pids(), { timeout: 20_000 }).toEqual(before);
    expect(siprest.stderr).not.toContain('killed');
    const { dropped } = (await siprest.status()).total;
    expect(dropped).toMatchObject({ handover: 0 });
  });
});

describe('siprest reload under load, with two processes', () => {
  it('loses no call, keeps the old script for existing calls, and for all if the new one has errors', async () => {
    const service = await startSlowService(300);
    const siprest = closeLater(await startWatched(asking(service, 'Old'), { processes: 2 }));
    const pids = await siprest.pids();
    const load = await startLoad({ port: siprest.port, pace: { rate }, count: 60 * rate });
    const socket = `socket=udp:127.0.0.1:${siprest.port}\n`;
    await delay(1000);
    await service.sees(rate / 4);
    const begunBefore = questions(service);
    writeFileSync(siprest.file, socket + asking(service, 'New'));
    const reload = siprest.command('reload');
    expect(await reload.ended).toBe(0);
    expect(reload.stdout).toContain('was reloaded');
    const reloadedAt = performance.now();

    await delay(500);
    writeFileSync(
      siprest.file,
      `${socket}${asking(service, 'Broken').replace('t_reply(200', 't_repply(200')}`,
    );
    const wrong = siprest.command('reload');
    expect(await wrong.ended).toBe(1);
    expect(wrong.stderr).toContain('t_repply');
    expect(wrong.stderr).toContain('keeping the running script');

    writeFileSync(siprest.file, socket + asking(service, 'Newest'));
    process.kill(siprest.pid, 'SIGHUP');
    const hangupAt = performance.now();
    await siprest.prints(/was reloaded[^]*was reloaded/, 30);
    const newestAt = performance.now();
    await delay(500);
    load.stop();
    const calls = served(await load.done, load);
    expect([...new Set(calls.map(({ status }) => status))]).toEqual([200]);
    await expect.poll(() => siprest.pids(), { timeout: 20_000 }).toEqual(pids);
    // their routes are those of the script that they began with
    const reasonsOf = (some: readonly LoadCall[]) => Object.keys(tally(some));
    expect(reasonsOf(calls.filter(({ callId }) => begunBefore.has(callId)))).toEqual(['200 Old']);
    expect(reasonsOf(during(calls, reloadedAt, newestAt))).not.toContain('200 Old');
    expect(reasonsOf(during(calls, reloadedAt, hangupAt))).toContain('200 New');
    expect(reasonsOf(during(calls, newestAt))).toEqual(['200 Newest']);
    expect(Math.max(...questions(service).values())).toBe(1);
  });
});

describe.each([1, 2])('SIGTERM under load, with %i processes', (processes) => {
  it('refuses new calls, lets existing ones end, and exits 0', async () => {
    const service = closeLater(
      await startService(({ target }, response) => {
        setTimeout(respond, target.startsWith('/slow') ? 2000 : 1, response, 200, '42');
      }),
    );
    const siprest = closeLater(await startWatched(asking(service), { processes }));
    const caller = await SipPeer.open();
    // enough of them that each process has one
    const invites = Array.from({ length: 6 }, (_, nth) =>
      caller.request(siprest.port, 'sip:bob@biloxi.example', { callId: `slow${nth}` }),
    );
    await service.sees(invites.length);
    const load = await startLoad({ port: siprest.port, pace: { rate }, count: 3 * rate, giveUpAfter: 8 });
    await delay(700);
    const toldAt = performance.now();
    const stopped = siprest.stop('SIGTERM');
    for (const _ of invites) {
      const reply = await caller.next(200, 8);
      const invite = invites.find((text) => text.includes(`Call-ID: ${reply.header('call-id')}\r\n`)) ?? '';
      caller.acknowledge(siprest.port, invite, reply);
    }
    expect(await stopped).toBe(0);
    const endedAt = performance.now();
    load.stop();
    const calls = during(await load.done, 0, endedAt - 1000);
    const after = calls.filter(({ sentAt, status }) => sentAt > toldAt && status > 0);
    // answered before, refused after; what was sent just before may be either
    const answered = calls.filter(({ sentAt, time }) => sentAt + time < toldAt);
    const before = served(answered, load);
    expect(tally(before)).toEqual({ '200 OK': before.length });
    expect(after.length).toBeGreaterThan(rate / 4);
    expect(after.at(-1)?.reply).toBe('503 Service Unavailable');
    expect(after.filter(({ status }) => status === 503).every(({ retryAfter }) => retryAfter)).toBe(true);
    expect(siprest.stderr).not.toContain('stopped before all calls had ended');
  });
});
