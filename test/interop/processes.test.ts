/** One server in several processes behaves as one: whoever reads a message, the process that owns its call handles it. */
import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../src/index.ts';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest, type RunningSiprest, startSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { requestText, sendSip } from '../support/sip-client.ts';
import { type PeerMessage, SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = [
  'signaling',
  'sl',
  'tm',
  'rr',
  'sipmsgops',
  'rest_client',
  'cachedb_local',
  'cfgutils',
  'statistics',
]
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');
const settings = `log_level=3\nxlog_level=3\nudp_workers=64\n${modules}`;

interface Started extends RunningSiprest {
  status(): ServerStatus;
  /** What it printed to stdout, stderr and how it ended. */
  run(...args: string[]): Promise<{ code: number | null; printed: string }>;
}

async function start(script: string, processes = 4, args: readonly string[] = []): Promise<Started> {
  const env = { XDG_RUNTIME_DIR: temporaryFolder('runtime') };
  const program = closeLater(
    await startSiprest(`${settings}${script}`, { args: ['--processes', String(processes), ...args], env }),
  );
  const run = async (...args: string[]) => {
    const command = launchSiprest(args, env);
    const code = await command.ended;
    return { code, printed: command.stdout + command.stderr };
  };
  return Object.assign(Object.create(program) as RunningSiprest, {
    run,
    status: () =>
      JSON.parse(
        execFileSync(process.execPath, ['dist/cli/main.js', 'status', '--json'], {
          env: { ...process.env, ...env },
          encoding: 'utf8',
        }),
      ) as ServerStatus,
  });
}

const callIds = (count: number) => Array.from({ length: count }, (_, i) => `call-${i}@${process.pid}`);

it('answers every request after the first one, even while other processes still start', {
  timeout: 60_000,
}, async () => {
  const port = await freePort();
  const file = join(temporaryFolder('run'), 'siprest.cfg');
  writeFileSync(file, `socket=udp:127.0.0.1:${port}\n${settings}route { send_reply(200, "OK"); }`);
  const caller = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(caller, 'listening');
  /** When each was sent. */
  const unanswered = new Map<string, number>();
  let answers = 0;
  caller.on('message', (data) => {
    // what was sent before anybody listened is lost
    if (answers++ === 0) unanswered.clear();
    unanswered.delete(/^Call-ID: (.*)\r$/m.exec(data.toString())?.[1] ?? '');
  });
  const siprest = closeLater(
    launchSiprest(['run', '--processes', '4', file], { XDG_RUNTIME_DIR: temporaryFolder('runtime') }),
  );
  let n = 0;
  const pacer = setInterval(() => {
    const callId = `start-${n++}@${process.pid}`;
    unanswered.set(callId, performance.now());
    caller.send(requestText({ callId }, caller.address().port), port, '127.0.0.1');
  }, 5);
  await siprest.prints('listening');
  const listening = performance.now();
  await delay(300);
  clearInterval(pacer);
  // what has waited for four seconds would have been sent again by then, and is dropped
  const lost = () => [...unanswered.values()].filter((sentAt) => sentAt > listening - 3500);
  await expect.poll(lost, { timeout: 10_000 }).toEqual([]);
  expect(answers).toBeGreaterThan(20);
  caller.close();
});

describe('a server in four processes', { timeout: 60_000 }, () => {
  it('answers any Call-ID in one process, and counts each request once overall', async () => {
    const program = await start(`
route {
  update_stat("calls", 1);
  cache_add("local", "calls", 1, 0, $var(n));
  $shv(last) = $ci;
  xlog("call in $pp\\n");
  send_reply(200, "$var(n) of $stat(calls)");
}`);
    const replies = await Promise.all(
      callIds(40).map((callId) => sendSip({ callId }, { port: program.port })),
    );
    expect(replies.map(([reply]) => reply?.status)).toEqual(Array(40).fill(200));
    const numbers = replies.map(([reply]) => Number(reply?.reason.split(' ')[0])).toSorted((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const [last] = await sendSip({ callId: 'last@x' }, { port: program.port });
    expect(last?.reason).toBe('41 of 41');
    const { processes, total } = program.status();
    expect(processes.map(({ process: number }) => number)).toEqual([0, 1, 2, 3]);
    expect(total['requests']).toBe(41);
    expect(total['replies']).toEqual({ 200: 41 });
    const pids = new Set([...program.stderr.matchAll(/call in (\d+)/g)].map(([, pid]) => Number(pid)));
    expect(pids).toEqual(new Set(processes.map(({ pid }) => pid)));
  });

  it('has statistics of all processes, built-in ones and series, even after one has died', async () => {
    const program = await start(`
modparam("statistics", "stat_series_profile", "sum: window=600 slots=10")
modparam("statistics", "stat_series_profile", "share: algorithm=percentage window=600 slots=10")
route {
  if ($rU == "feed") {
    update_stat_series("sum", "calls", 1);
    $var(value) = $(ci{s.substr,5,1}{s.int}) - 3;
    update_stat_series("share", "good", $var(value));
  }
  if ($rU == "reset")
    $stat(rcv_requests) = 0;
  xlog("asked in $pp\\n");
  sl_send_reply(200, "$stat(rcv_requests) $stat(sl:2xx_replies) $stat(sum:calls) $stat(share:good)");
}`);
    const ask = async (user: string, callId: string) =>
      (await sendSip({ uri: `sip:${user}@127.0.0.1`, callId }, { port: program.port }))[0]?.reason;
    await Promise.all(callIds(10).map((callId) => ask('feed', callId)));
    let requests = 10;
    /** Resolves once the process that has this Call-ID has heard of everything. Asking counts as well. */
    const knowsAll = async (callId: string) => {
      // values -3 to 6: three below 0, one 0, six above
      while ((await ask('look', callId)) !== `${++requests} ${requests - 1} 10 66`) await delay(50);
    };
    await knowsAll('one@x');
    const pids = [...program.stderr.matchAll(/asked in (\d+)/g)].map(([, pid]) => Number(pid));
    const [other] = pids.filter((pid) => pid !== pids.at(-1));
    process.kill(other ?? 0, 'SIGKILL');
    await program.prints(/runs again, as/);
    for (const callId of callIds(6)) await knowsAll(callId);
    await knowsAll('reset@x');
    expect(await ask('reset', 'reset@x')).toMatch(/^0 /);
    for (let since = 1; !(await ask('look', 'two@y'))?.startsWith(`${since} `); since++) await delay(50);
  });

  it('absorbs retransmissions, whichever process reads them', async () => {
    const service = closeLater(
      await startService((_, response) => setTimeout(respond, 300, response, 200, 'fine')),
    );
    const program = await start(`
route { async(rest_get("${service.origin}/", $var(body)), resume); }
route[resume] { send_reply(200, "$var(body)"); }`);
    for (const [i, callId] of callIds(8).entries()) {
      const caller = await SipPeer.open();
      const text = requestText({ callId, branch: `z9hG4bK-again-${i}` }, caller.port);
      for (let copy = 0; copy < 3; copy++) caller.send(text, program.port);
      expect((await caller.next(200)).reason).toBe('fine');
      caller.send(text, program.port);
      await caller.sees(caller.received[0] as PeerMessage, 2);
    }
    expect(service.seen).toHaveLength(8);
  });

  it('relays calls: CANCEL, ACK and BYE find their call', async () => {
    const callee = await SipPeer.open();
    const program = await start(`
route {
  if (has_totag()) {
    loose_route();
    t_relay();
    exit;
  }
  if (is_method("CANCEL")) {
    t_relay();
    exit;
  }
  record_route();
  $du = "sip:127.0.0.1:${callee.port}";
  t_relay();
}`);
    for (const callId of callIds(6)) {
      const caller = await SipPeer.open();
      const invite = caller.request(program.port, 'sip:bob@biloxi.example', { callId });
      const asked = await callee.next('INVITE');
      callee.reply(asked, 180);
      await caller.next(180);
      caller.cancel(program.port, invite);
      const cancel = await callee.next('CANCEL');
      callee.reply(cancel, 200);
      callee.reply(asked, 487);
      await caller.next(487);
    }
  });

  it('runs startup_route once, and timer routes in one process', async () => {
    const program = await start(`
startup_route { xlog("started up\\n"); cache_store("local", "greeting", "hello"); }
timer_route[tick, 1] { xlog("tick\\n"); }
route { cache_fetch("local", "greeting", $var(g)); send_reply(200, "$var(g)"); }`);
    const replies = await Promise.all(
      callIds(8).map((callId) => sendSip({ callId }, { port: program.port })),
    );
    expect(new Set(replies.map(([reply]) => reply?.reason))).toEqual(new Set(['hello']));
    await program.prints(/tick/);
    expect(program.stderr.match(/started up/g)).toHaveLength(1);
    expect(new Set(program.stderr.match(/\[\d\] tick/g))).toEqual(new Set(['[0] tick']));
  });

  it('lets one worker at a time connect to a host with no_concurrent_connects', async () => {
    // it takes connections, and says nothing
    const service = closeLater(await startService(() => undefined));
    const program = await start(`
modparam("rest_client", "no_concurrent_connects", 1)
modparam("rest_client", "curl_timeout", 2)
modparam("rest_client", "connection_timeout", 2)
route { rest_get("${service.origin}/", $var(body)); send_reply(200, "$rc"); }`);
    const replies = await Promise.all(
      callIds(12).map((callId) => sendSip({ callId }, { port: program.port })),
    );
    const codes = replies.map(([reply]) => Number(reply?.reason)).toSorted((a, b) => b - a);
    expect(codes).toEqual([-3, ...Array<number>(11).fill(-4)]);
  });

  it('restarts a dead process, frees its locks, and keeps shared state', async () => {
    const service = closeLater(await startService(() => undefined));
    const program = await start(`
modparam("rest_client", "no_concurrent_connects", 1)
startup_route { $shv(started) = $shv(started) + 1; }
route {
  if ($fU == "hold")
    rest_get("${service.origin}/", $var(body));
  if ($fU == "lock")
    xlog("locking in $pp\\n");
  if ($fU == "lock")
    rest_get("${service.origin}/", $var(body));
  send_reply(200, "$shv(started) $rc");
}`);
    void sendSip(
      { from: '<sip:lock@a.example>;tag=1', callId: 'lock@x' },
      { port: program.port, seconds: 0.1 },
    );
    await program.prints(/locking in \d+/);
    await service.sees(1);
    const [, pid = ''] = /locking in (\d+)/.exec(program.stderr) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    await program.prints(/runs again, as/);
    const holding = sendSip({ from: '<sip:hold@a.example>;tag=1' }, { port: program.port, seconds: 0.1 });
    await service.sees(2); // the lock was free
    await holding;
    const replies = await Promise.all(
      callIds(8).map((callId) => sendSip({ callId }, { port: program.port })),
    );
    for (const [reply] of replies) expect(reply?.reason).toMatch(/^1 /);
  });

  it('answers on the connection of a request, and forwards requests on it', async () => {
    const program = await start(`
socket=udp:127.0.0.1:PORT
socket=tcp:127.0.0.1:PORT
route {
  if (is_method("MESSAGE")) {
    $ru = "sip:client@" + $rd + ":" + $rp + ";transport=tcp";
    t_relay();
    exit;
  }
  send_reply(200, "to $sp");
}`);
    const client = connect(program.port, '127.0.0.1');
    closeLater({ close: () => client.destroy() });
    await once(client, 'connect');
    let received = '';
    client.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    const seen = async (what: RegExp, count: number) => {
      const until = performance.now() + 8000;
      while ((received.match(what)?.length ?? 0) < count && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(received.match(what)).toHaveLength(count);
    };
    const { localPort = 0 } = client;
    for (const callId of callIds(12))
      client.write(requestText({ callId }, localPort).replace('/UDP', '/TCP'));
    await seen(new RegExp(`^SIP/2.0 200 to ${localPort}\r$`, 'gm'), 12);
    // requests to the client's address, in any process, go by its connection
    for (const callId of callIds(8))
      void sendSip(
        { method: 'MESSAGE', callId: `m-${callId}`, uri: `sip:client@127.0.0.1:${localPort}` },
        { port: program.port, seconds: 0.1 },
      );
    await seen(/^MESSAGE /gm, 8);
  });

  it('closes the connection of whichever process has it', async () => {
    const program = await start(`
socket=udp:127.0.0.1:PORT
socket=tcp:127.0.0.1:PORT
route {
  if (tcp_close_conn("tcp:$rd:$rp")) send_reply(200, "Closed");
  else send_reply(404, "None");
}`);
    for (const callId of callIds(8)) {
      const client = connect(program.port, '127.0.0.1');
      closeLater({ close: () => client.destroy() });
      await once(client, 'connect');
      const closed = once(client.resume(), 'close');
      const uri = `sip:client@127.0.0.1:${client.localPort}`;
      // the processes hear of each other's connections a little later
      for (let status = 404, nth = 0; status === 404 && nth < 50; nth++)
        status =
          (await sendSip({ callId: `${callId}-${nth}`, uri }, { port: program.port })).at(-1)?.status ?? 0;
      await closed;
    }
  });

  it('switches to a changed script, and keeps the old one if that has errors', async () => {
    const program = await start('route { send_reply(200, "first"); }');
    const answers = async () => {
      const replies = await Promise.all(
        callIds(12).map((callId) => sendSip({ callId }, { port: program.port })),
      );
      return new Set(replies.map(([reply]) => reply?.reason));
    };
    expect(await answers()).toEqual(new Set(['first']));
    const text = (route: string) =>
      writeFileSync(program.file, `socket=udp:127.0.0.1:${program.port}\n${settings}${route}`);
    text('route { send_reply(200, "second"); }');
    expect(await program.run('reload')).toEqual({ code: 0, printed: `${program.file} was reloaded\n` });
    expect(await answers()).toEqual(new Set(['second']));
    text('route { sendreply(200, "third"); }');
    const { code, printed } = await program.run('reload');
    expect(code).toBe(1);
    expect(printed).toContain('error[unknown-function]');
    expect(printed).toContain('keeping the running script');
    expect(await answers()).toEqual(new Set(['second']));
    process.kill(program.pid, 'SIGHUP');
    await program.prints(/keeping the running script[^]*keeping the running script/);
    const taken = await SipPeer.open();
    text(
      `socket=udp:127.0.0.1:${taken.port}\nstartup_route { xlog("begun"); }\nroute { send_reply(200, "third"); }`,
    );
    const refused = await program.run('reload');
    expect(refused).toMatchObject({ code: 1, printed: expect.stringContaining('cannot listen on') });
    expect(await answers()).toEqual(new Set(['second']));
    expect(program.stderr).not.toContain('begun');
  });

  it('ends with all its processes', async () => {
    const program = await start('route { send_reply(200, "OK"); }');
    const pids = program.status().processes.map(({ pid }) => pid);
    expect(await program.stop()).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it('lets calls end during the grace, even if each process gets the signal, as from systemd', async () => {
    const service = closeLater(await startService(() => undefined));
    const program = await start(
      `
route { async(rest_get("${service.origin}/", $var(body)), resume); }
route[resume] { send_reply(200, "$rc"); }`,
      4,
      ['--grace', '1'],
    );
    for (const callId of callIds(4)) void sendSip({ callId }, { port: program.port, seconds: 0.1 });
    await service.sees(4);
    const pids = program.status().processes.map(({ pid }) => pid);
    const stopped = program.stop();
    for (const pid of pids) process.kill(pid, 'SIGTERM');
    expect(await stopped).toBe(0);
    expect(program.stderr).toMatch(/stopped before all calls had ended: [1-4] scripts/);
    expect(program.stderr).not.toContain('SIGKILL');
  });

  it('refuses new calls in all processes, until the last of them has none', async () => {
    const service = closeLater(
      await startService((_, response) => setTimeout(respond, 2000, response, 200, '42')),
    );
    const program = await start(`
route { async(rest_get("${service.origin}/", $var(body)), resume); }
route[resume] { send_reply(200, "$var(body)"); }`);
    // in one process alone
    const call = sendSip({ callId: 'only@x' }, { port: program.port });
    await service.sees(1);
    const stopped = program.stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const late = await Promise.all(
      callIds(12).map((callId) => sendSip({ callId }, { port: program.port, seconds: 1 })),
    );
    expect(late.map(([reply]) => reply?.status)).toEqual(Array(12).fill(503));
    expect((await call)[0]?.reason).toBe('42');
    expect(await stopped).toBe(0);
    expect(service.seen).toHaveLength(1);
  });

  it('does not start if the first process cannot, and says why', async () => {
    const program = await start('route { send_reply(200, "OK"); }', 2);
    const second = launchSiprest(['run', '--processes', '2', program.file]);
    expect(await second.ended).toBe(1);
    expect(second.stderr.replace(/process \d+/, 'process N')).toBe(
      `siprest: cannot listen on udp:127.0.0.1:${program.port}: another program uses this port: process N (node)\n`,
    );
  });
});
