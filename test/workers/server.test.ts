import dgram from 'node:dgram';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/runtime/index.ts';
import type { FunctionSpec } from '../../src/script/index.ts';
import { StartError } from '../../src/workers/start-error.ts';
import { closeLater } from '../support/close-later.ts';
import { startServer, type TestServerOptions } from '../support/server.ts';
import { type RestService, respond, startService } from '../support/service.ts';
import { requestText, type SipReply, sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { until } from '../support/until.ts';

const modules = `
log_level=3
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
`;

/** A service that answers `/hold` when it is told to, and everything else at once with the query. */
async function startHoldingService(): Promise<RestService & { release(): void }> {
  const held: ServerResponse[] = [];
  const service = await startService(({ target }, response) => {
    if (target.startsWith('/hold')) held.push(response);
    else respond(response, 200, target.split('?')[1] ?? '');
  });
  return closeLater(
    Object.assign(service, {
      release: () => {
        for (const response of held.splice(0)) respond(response, 200, 'released');
      },
    }),
  );
}

async function serve(script: string, options: TestServerOptions = {}) {
  const server = closeLater(await startServer(`${modules}${script}`, options));
  const call = async (user: string, method = 'OPTIONS'): Promise<SipReply> => {
    const replies = await sendSip({ method, from: `<sip:${user}@a.example>;tag=1` }, { port: server.port });
    const final = replies.at(-1);
    if (final === undefined) throw new Error(`${user} got no reply`);
    return final;
  };
  return { ...server, call };
}

/** Users whose name begins with `hold` are asked for at `/hold`. */
const question = (origin: string) => `
  $avp(path) = "quick";
  if ($fU =~ "^hold")
    $avp(path) := "hold";
  $avp(url) = "${origin}/" + $avp(path) + "?" + $fU;`;

describe('blocking calls', () => {
  it('occupy their worker: with one worker, the next message waits', async () => {
    const service = await startHoldingService();
    const { server, call } = await serve(`udp_workers=1
route {${question(service.origin)}
  rest_get($avp(url), $avp(body));
  send_reply(200, "$avp(body)");
}`);
    const slow = call('hold');
    await service.sees(1);
    const waits = call('alice');
    await until(() => server.queued > 0);
    expect(service.seen).toHaveLength(1);
    service.release();
    expect((await slow).reason).toBe('released');
    expect((await waits).reason).toBe('alice');
    expect(server.queued).toBe(0);
  });

  it('occupy no other: with 64 workers, 63 wait and the next message is served', async () => {
    const service = await startHoldingService();
    const { server, call } = await serve(`udp_workers=64
route {${question(service.origin)}
  rest_get($avp(url), $avp(body));
  send_reply(200, "$avp(body)");
}`);
    const slow = Array.from({ length: 63 }, (_, i) => call(`hold${i}`));
    await service.sees(63);
    expect((await call('alice')).reason).toBe('alice');
    expect(server.queued).toBe(0);
    service.release();
    expect((await Promise.all(slow)).map(({ reason }) => reason)).toEqual(Array(63).fill('released'));
    // connections belong to their workers
    expect(service.connections).toBe(64);
  });
});

describe('async()', () => {
  it('frees its worker: with one worker, others are served meanwhile', async () => {
    const service = await startHoldingService();
    const { server, call } = await serve(`udp_workers=1
route {${question(service.origin)}
  async(rest_get($avp(url), $avp(body)), resume);
}
route[resume] {
  send_reply(200, "$avp(body)");
}`);
    const slow = [call('hold1'), call('hold2'), call('hold3')];
    await service.sees(3);
    expect((await call('alice')).reason).toBe('alice');
    expect((await call('bob', 'INVITE')).reason).toBe('bob');
    expect(server.queued).toBe(0);
    service.release();
    expect((await Promise.all(slow)).map(({ reason }) => reason)).toEqual(Array(3).fill('released'));
  });

  it('resumes on the same worker, with its $var', async () => {
    const service = await startHoldingService();
    const { call } = await serve(`udp_workers=4
route {${question(service.origin)}
  $var(last) = $fU;
  async(rest_get($avp(url), $avp(body)), resume);
}
route[resume] {
  send_reply(200, "$var(last)");
}`);
    // no call blocks, so the worker that was used last takes both, and $var holds what the second one wrote
    const first = call('hold1');
    await service.sees(1);
    expect((await call('alice')).reason).toBe('alice');
    service.release();
    expect((await first).reason).toBe('alice');
  });

  it('absorbs retransmissions while it waits, and answers them afterwards', async () => {
    const service = await startHoldingService();
    const { port, server, call } = await serve(`udp_workers=1
route {${question(service.origin)}
  async(rest_get($avp(url), $avp(body)), resume);
}
route[resume] {
  send_reply(200, "$avp(body)");
}`);
    const socket = dgram.createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const replies: string[] = [];
    let onReply = () => {};
    socket.on('message', (data) => {
      replies.push(data.toString('latin1'));
      onReply();
    });
    const nextReply = () =>
      new Promise<void>((resolve) => {
        onReply = resolve;
      });
    const text = requestText(
      { method: 'MESSAGE', from: '<sip:hold@a.example>;tag=1' },
      socket.address().port,
    );
    socket.send(text, port, '127.0.0.1');
    await service.sees(1);
    socket.send(text, port, '127.0.0.1');
    // a message after the retransmission is answered after it
    expect((await call('alice')).status).toBe(200);
    expect(service.seen).toHaveLength(2);
    expect(replies).toEqual([]);
    const answered = nextReply();
    service.release();
    await answered;
    const repeated = nextReply();
    socket.send(text, port, '127.0.0.1');
    await repeated;
    socket.close();
    expect(replies).toHaveLength(2);
    expect(replies[0]).toMatch(/^SIP\/2\.0 200 released\r\n/);
    expect(replies[1]).toBe(replies[0]);
    expect(service.seen).toHaveLength(2);
    expect(server.counts.requests).toBe(4);
  });

  it('waits at most for curl_timeout, whatever its third argument says', async () => {
    const service = await startHoldingService();
    const { call } = await serve(`udp_workers=1
modparam("rest_client", "curl_timeout", "0.2")
route {
  async(rest_get("${service.origin}/hold", $avp(body)), resume, 60);
}
route[resume] {
  send_reply(200, "$rc");
}`);
    expect((await call('alice')).reason).toBe('-3');
  });

  it('is a blocking call if max_async_transfers is 0', async () => {
    const service = await startHoldingService();
    const { log, call } = await serve(`udp_workers=1
modparam("rest_client", "max_async_transfers", 0)
route {${question(service.origin)}
  async(rest_get($avp(url), $avp(body)), resume);
}
route[resume] {
  send_reply(200, "$avp(body)");
}`);
    expect((await call('alice')).reason).toBe('alice');
    expect(log.filter((line) => line.includes('max_async_transfers'))).toHaveLength(1);
  });

  it('above max_async_transfers blocks its worker, and the warning names the parameter', async () => {
    const service = await startHoldingService();
    const { server, log, call } = await serve(`udp_workers=1
modparam("rest_client", "max_async_transfers", 2)
route {${question(service.origin)}
  async(rest_get($avp(url), $avp(body)), resume);
}
route[resume] {
  send_reply(200, "$avp(body)");
}`);
    const slow = ['hold1', 'hold2', 'hold3'].map((user) => call(user));
    await service.sees(3);
    const waits = call('alice');
    await until(() => server.queued > 0);
    service.release();
    expect((await Promise.all(slow)).map(({ reason }) => reason)).toEqual(Array(3).fill('released'));
    expect((await waits).reason).toBe('alice');
    const warnings = log.filter((line) => line.includes('max_async_transfers'));
    expect(warnings).toEqual([
      expect.stringMatching(/^WARNING: .*2 async transfers.*raise max_async_transfers/),
    ]);
    // there is room again
    expect((await call('bob')).reason).toBe('bob');
  });
});

describe('launch()', () => {
  it('returns at once; its report route sees the outcome later', async () => {
    const service = await startHoldingService();
    const { call, log, logs } = await serve(`udp_workers=1
route {
  launch(rest_get("${service.origin}/hold?x", $var(body)), report, "for $fU");
  send_reply(200, "Gone On");
}
route[report] {
  xlog("$param(1): $rc $var(body) from $fU\\n");
}`);
    expect((await call('alice')).reason).toBe('Gone On');
    expect(log).toEqual([]);
    await service.sees(1);
    service.release();
    await logs('for alice: 1 released from <null>');
  });

  it('above max_async_transfers blocks its worker', async () => {
    const service = await startHoldingService();
    const { call, logs } = await serve(`udp_workers=1
modparam("rest_client", "max_async_transfers", 1)
route {
  launch(rest_get("${service.origin}/hold?$fU", $var(body)), report, "$fU");
  send_reply(200, "Gone On");
}
route[report] {
  xlog("report of $param(1): $rc\\n");
}`);
    expect((await call('alice')).status).toBe(200);
    await service.sees(1);
    const second = call('bob');
    await service.sees(2);
    await logs('raise max_async_transfers');
    service.release();
    expect((await second).status).toBe(200);
    await logs('report of alice: 1');
    await logs('report of bob: 1');
  });
});

describe('the queue of messages', () => {
  it('holds a retransmitted request once', async () => {
    const service = await startHoldingService();
    const { server, port, call } = await serve(`udp_workers=1
route {${question(service.origin)}
  rest_get($avp(url), $avp(body));
  send_reply(200, "$avp(body)");
}`);
    const slow = call('hold');
    await service.sees(1);
    const caller = await SipPeer.open();
    const text = caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    await expect.poll(() => server.queued).toBe(1);
    for (let times = 0; times < 3; times++) caller.send(text, port);
    const last = call('last');
    await expect.poll(() => server.counts.requests).toBe(6);
    expect(server.queued).toBe(2);
    service.release();
    await caller.next(200);
    expect((await last).reason).toBe('last');
    await slow;
    expect(service.seen.map(({ target }) => target)).toEqual(['/hold?hold', '/quick?alice', '/quick?last']);
  });

  it('is limited: above the limit requests get 503 with Retry-After, and the log says what to do', async () => {
    const service = await startHoldingService();
    const { server, call, log } = await serve(
      `udp_workers=1
route {${question(service.origin)}
  rest_get($avp(url), $avp(body));
  send_reply(200, "$avp(body)");
}`,
      { queueLimit: 2 },
    );
    const slow = call('hold');
    await service.sees(1);
    const queued = [call('alice'), call('bob')];
    await until(() => server.queued === 2);
    for (const user of ['carol', 'dave']) {
      const refused = await call(user);
      expect([refused.status, refused.header('retry-after')]).toEqual([503, '5']);
      expect(refused.header('to')).toMatch(/;tag=/);
    }
    expect(server.counts.refused).toBe(2);
    service.release();
    expect((await slow).status).toBe(200);
    expect((await Promise.all(queued)).map(({ reason }) => reason)).toEqual(['alice', 'bob']);
    // once, not for each message
    expect(log.filter((line) => line.includes('udp_workers'))).toHaveLength(1);
  });

  it('never refuses a retransmission of an accepted request', async () => {
    const service = await startHoldingService();
    const { server, port, call } = await serve(
      `udp_workers=1
route {
  t_newtran();
  rest_get("${service.origin}/$rU?$fU", $avp(body));
  t_reply(200, "$avp(body)");
}`,
      { queueLimit: 1 },
    );
    const caller = await SipPeer.open();
    const invite = caller.request(port, 'sip:hold@biloxi.example');
    const trying = await caller.next(100);
    await service.sees(1);
    const queued = call('alice');
    await expect.poll(() => server.queued).toBe(1);
    expect((await call('carol')).status).toBe(503);
    caller.send(invite, port);
    await caller.sees(trying, 2);
    service.release();
    await caller.next(200);
    expect(caller.seen).toEqual([100, 200]);
    expect((await queued).status).toBe(200);
  });
});

const explode: readonly FunctionSpec<Run>[] = [
  {
    name: 'explode',
    arguments: [],
    summary: 'Throws.',
    run: () => {
      throw new Error('an error of siprest');
    },
  },
  {
    name: 'explode_later',
    arguments: [],
    summary: 'Rejects; in the background too.',
    start: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('an error of siprest');
    },
  },
];

describe("an exception inside one message's script", () => {
  const script = `udp_workers=1
route {
  if ($fU == "now")
    explode();
  if ($fU == "later")
    explode_later();
  if ($fU == "async")
    async(explode_later(), resume);
  if ($fU == "nested")
    route(deeper);
  if ($fU == "replied") {
    send_reply(404, "Not Found");
    explode();
  }
  send_reply(200, "OK");
}
route[deeper] {
  explode();
}
route[resume] {
  if ($rc == -1)
    explode();
  send_reply(200, "OK");
}`;

  it.each(['now', 'later', 'async', 'nested'])('is answered 500 and logged: %s', async (user) => {
    const { call, log } = await serve(script, { functions: explode });
    expect((await call(user)).status).toBe(500);
    const lines = log.filter((line) => line.includes('an error of siprest'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toMatch(/^ERROR: test\.cfg:\d+: /);
    // everything else goes on, on the same worker
    expect((await call('alice')).status).toBe(200);
    expect((await call(user)).status).toBe(500);
    expect((await call('bob')).status).toBe(200);
  });

  it('sends no second answer if the script has sent one', async () => {
    const { port, log } = await serve(script, { functions: explode });
    const replies = await sendSip({ from: '<sip:replied@a.example>;tag=1' }, { port, linger: 0.1 });
    expect(replies.map(({ status }) => status)).toEqual([404]);
    expect(log.join('\n')).toContain('an error of siprest');
  });
});

describe('a stalled event loop', () => {
  it('is measured and logged', async () => {
    const stall: FunctionSpec<Run> = {
      name: 'stall',
      arguments: [],
      summary: 'Keeps the process busy.',
      source: 'this test',
      run: () => {
        const until = performance.now() + 700;
        while (performance.now() < until);
        return 1;
      },
    };
    const { server, call, logs } = await serve('route { stall(); send_reply(200, "OK"); }', {
      functions: [stall],
    });
    await call('alice');
    await logs('event loop stalled for ');
    expect(server.stalls.max).toBeGreaterThan(640);
  });
});

describe('stopping', () => {
  it('waits for running scripts: blocking, async and queued', async () => {
    const service = await startHoldingService();
    const { server, call } = await serve(`udp_workers=1
route {${question(service.origin)}
  if ($fU == "hold-async")
    async(rest_get($avp(url), $avp(body)), resume);
  rest_get($avp(url), $avp(body));
  send_reply(200, "$avp(body)");
}
route[resume] {
  send_reply(200, "$avp(body)");
}`);
    const calls = [call('hold-async'), call('hold')];
    await service.sees(2);
    const queued = call('alice');
    await until(() => server.queued > 0);
    let isStopped = false;
    const stop = server.stop({ grace: 10_000 }).then(() => {
      isStopped = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isStopped).toBe(false);
    service.release();
    await stop;
    expect((await Promise.all([...calls, queued])).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('takes at most its grace', async () => {
    const service = await startHoldingService();
    const { server, port, log } = await serve(`
route {
  rest_get("${service.origin}/hold", $avp(body));
  send_reply(200, "OK");
}`);
    const unanswered = sendSip({}, { port, seconds: 1 });
    await service.sees(1);
    const began = performance.now();
    await server.stop({ grace: 100 });
    expect(performance.now() - began).toBeLessThan(900);
    expect(await unanswered).toEqual([]);
    expect(log.join('\n')).toMatch(
      /WARNING: stopped before all calls had ended: 1 scripts and 0 transactions left/,
    );
    // stopping again is the same stop
    await server.stop();
  });

  it('releases the port', async () => {
    const first = await serve('route { send_reply(200, "first"); }');
    await first.server.stop();
    const second = await serve(`socket=udp:127.0.0.1:${first.port}\nroute { send_reply(200, "second"); }`);
    expect(second.port).toBe(first.port);
    expect((await second.call('alice')).reason).toBe('second');
  });
});

describe('a server that cannot start', () => {
  it('reports in one line that the port is in use, and leaves nothing open', async () => {
    const taken = dgram.createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve));
    const { port } = taken.address();
    const script = `socket=udp:127.0.0.1:${port}\nroute { send_reply(200, "OK"); }`;
    const error: unknown = await serve(script).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on udp:127.0.0.1:${port}: another program uses this port`,
    });
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    expect((await (await serve(script)).call('alice')).status).toBe(200);
  });

  it.each([
    ['203.0.113.77', 'this machine does not have this address'],
    ['no-such-name.invalid', 'not an address, a network interface or a name that resolves'],
  ])('says why an address does not do: %s', async (host, why) => {
    const error: unknown = await serve(`socket=udp:${host}:0\nroute { exit; }`).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toContain(why);
  });
});

describe('routes that no message triggers', () => {
  it('startup_route runs before the first message, timer_route by its interval', async () => {
    const { call, log, logs } = await serve(`
route { send_reply(200, "$var(greeting)"); }
startup_route { xlog("starting up\\n"); }
timer_route[tick, 1] { xlog("tick of $fU\\n"); }
`);
    expect(log[0]).toBe('starting up');
    expect((await call('alice')).status).toBe(200);
    await logs('tick of <null>');
  });

  it('sr_check_status() returns whether the server starts, serves or stops', async () => {
    const { call, log, server } = await serve(`
loadmodule "cfgutils.so"
startup_route { sr_check_status("core"); xlog("starting: $rc\n"); }
route {
  sr_check_status("core", "all");
  xlog("serving: $rc\n");
  async(usleep(200000), resumed);
}
route[resumed] {
  sr_check_status("core", "main");
  xlog("stopping: $rc\n");
  sr_check_status("core", "other");
  xlog("other: $rc\n");
  send_reply(200, "OK");
}
`);
    const answer = call('alice');
    await until(() => log.includes('serving: 1'));
    const stopped = server.stop({ grace: 5000 });
    expect((await answer).status).toBe(200);
    await stopped;
    expect(log.filter((line) => /: -?\d+$/.test(line))).toEqual([
      'starting: -1',
      'serving: 1',
      'stopping: -2',
      'other: -1',
    ]);
  });
});
