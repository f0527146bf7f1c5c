/** The written rules of docs/routing.md: who answers, when a call ends before its handler, what counts as under way. */
import { describe, expect, test } from 'vitest';
import { type CallEnding, defineServer, type RelayResult } from '../../src/routing/index.ts';
import { closeLater } from '../support/close-later.ts';
import { later } from '../support/later.ts';
import { policyBench } from '../support/policy-bench.ts';
import { startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { until } from '../support/until.ts';

const bob = 'sip:bob@biloxi.example';

describe('the final reply', () => {
  test('a handler that throws: 500, and the log has stack and Call-ID', async () => {
    const { port, caller, server } = await policyBench({
      onInvite: () => {
        throw new Error('no such account');
      },
      async onMessage() {
        await Promise.resolve();
        throw new Error('no such text');
      },
    });
    caller.request(port, bob, { callId: 'call-1' });
    await caller.next(500);
    caller.request(port, bob, { callId: 'call-2', method: 'MESSAGE' });
    await caller.next(500);
    await server.logs('call-2');
    const lines = server.log.filter((line) => line.includes('failed:'));
    expect(lines[0]).toMatch(/onInvite\(\) failed: Error: no such account.*rules\.test\.ts.*Call-ID call-1/s);
    expect(lines[1]).toMatch(/onMessage\(\) failed: Error: no such text.*Call-ID call-2/s);
  });

  test('a handler that ends without a reply: 500, which is logged', async () => {
    const { port, caller, server } = await policyBench({ onInvite: () => {} });
    caller.request(port, bob, { callId: 'nothing' });
    await caller.next(500);
    await server.logs('onInvite() ended without a reply: answered 500, Call-ID nothing');
  });

  test('drop(): no reply is sent', async () => {
    const { port, caller } = await policyBench({
      onOptions: (call) => call.drop(),
      onMessage: (call) => call.reply(200),
    });
    caller.request(port, bob, { method: 'OPTIONS' });
    caller.request(port, bob, { method: 'MESSAGE' });
    await caller.next(200);
    expect(caller.seen).toEqual([200]);
  });

  test('reply() and an exception after a 2xx are logged, not sent', async () => {
    const callee = await SipPeer.open();
    const replied = later<boolean>();
    const { port, caller, server } = await policyBench({
      async onInvite(call) {
        await call.relay({ targets: [callee.uri('a')] });
        call.reply(486);
        replied.resolve(call.isAnswered);
        throw new Error('too late');
      },
    });
    caller.request(port, bob, { callId: 'late' });
    callee.reply(await callee.next('INVITE'), 200);
    await caller.next(200);
    expect(await replied.promise).toBe(true);
    await server.logs('onInvite() replied 486 after the final reply: not sent, Call-ID late');
    await server.logs('too late');
    expect(caller.seen).toEqual([100, 200]);
  });

  test('relay() after the final reply rejects', async () => {
    const { port, caller, server } = await policyBench({
      async onInvite(call) {
        call.reply(404);
        await call.relay({ targets: [bob] });
      },
    });
    caller.request(port, bob);
    await caller.next(404);
    await server.logs('has been answered and cannot be relayed');
  });

  test('reply() while targets ring: they are cancelled, and relay() ends', async () => {
    const callee = await SipPeer.open();
    const [ringing, result] = [later<void>(), later<RelayResult>()];
    const { port, caller } = await policyBench({
      async onInvite(call) {
        const relayed = call.relay({
          targets: [callee.uri('a')],
          onReply: ({ status }) => {
            if (status === 180) ringing.resolve();
          },
        });
        await ringing.promise;
        call.reply(480, 'Enough');
        result.resolve(await relayed);
      },
    });
    caller.request(port, bob);
    const invite = await callee.next('INVITE');
    callee.reply(invite, 180);
    expect((await caller.next(480)).reason).toBe('Enough');
    callee.reply(await callee.next('CANCEL'), 200);
    callee.reply(invite, 487);
    expect(await result.promise).toEqual({ kind: 'cancelled' });
  });
});

describe('a caller who cancels', () => {
  test('while REST waits: 487 at once, the request is aborted, later replies are no-ops, ended says why', async () => {
    const service = closeLater(await startService(() => {}));
    const seen = later<readonly unknown[]>();
    const { port, caller } = await policyBench({
      async onInvite(call) {
        const outcome = await call.rest.get(`${service.origin}/slow`);
        const again = await call.rest.get(`${service.origin}/again`);
        const relayed = await call.relay({ targets: [bob] });
        call.reply(200);
        seen.resolve([
          outcome.kind,
          again.kind,
          call.ended,
          call.cancelled.aborted,
          call.isAnswered,
          relayed.kind,
        ]);
      },
    });
    const invite = caller.request(port, bob);
    await service.sees(1);
    caller.cancel(port, invite);
    await caller.next(200);
    await caller.next(487);
    expect(await seen.promise).toEqual(['error', 'error', 'cancelled', true, true, 'cancelled']);
    expect(service.seen).toHaveLength(1);
    expect(caller.seen).toEqual([100, 200, 487]);
  });

  test('while it rings: cancelled for the handler once the target has ended', async () => {
    const callee = await SipPeer.open();
    const result = later<readonly unknown[]>();
    const { port, caller } = await policyBench({
      async onInvite(call) {
        const aborted = later<CallEnding | undefined>();
        call.cancelled.addEventListener('abort', () => aborted.resolve(call.ended));
        result.resolve([(await call.relay({ targets: [callee.uri('a')] })).kind, await aborted.promise]);
      },
    });
    const invite = caller.request(port, bob);
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    await caller.next(180);
    caller.cancel(port, invite, ['Reason: SIP;cause=487;text="gone"']);
    const cancel = await callee.next('CANCEL');
    expect(cancel.header('reason')).toBe('SIP;cause=487;text="gone"');
    callee.reply(cancel, 200);
    callee.reply(got, 487);
    await caller.next(487);
    expect(await result.promise).toEqual(['cancelled', 'cancelled']);
  });

  test('after all targets have failed, while the handler waits: 487 instead of the best reply', async () => {
    const callee = await SipPeer.open();
    const [failed, end] = [later<void>(), later<void>()];
    const { port, caller } = await policyBench({
      async onInvite(call) {
        await call.relay({ targets: [callee.uri('a')] });
        failed.resolve();
        await end.promise;
      },
    });
    const invite = caller.request(port, bob);
    callee.reply(await callee.next('INVITE'), 404);
    await failed.promise;
    caller.cancel(port, invite);
    await caller.next(487);
    end.resolve();
  });
});

describe('limits', () => {
  test('a handler that never answers: 504 after the limit, logged; its REST requests end', async () => {
    const service = closeLater(await startService(() => {}));
    const ended = later<CallEnding | undefined>();
    const { port, caller, server } = await policyBench({
      limits: { handlerTime: 50 },
      async onInvite(call) {
        await call.rest.get(`${service.origin}/never`);
        ended.resolve(call.ended);
      },
    });
    caller.request(port, bob, { callId: 'endless' });
    await caller.next(504);
    expect(await ended.promise).toBe('limit');
    await server.logs('onInvite() was ended after 50 ms (limits.handlerTime), Call-ID endless');
  });

  test('the limit counts time outside of relay()', async () => {
    const callee = await SipPeer.open();
    const { port, caller, server } = await policyBench({
      limits: { handlerTime: 300 },
      async onInvite(call) {
        await call.relay({ targets: [callee.uri('a')] });
      },
    });
    caller.request(port, bob);
    const invite = await callee.next('INVITE');
    callee.reply(invite, 180);
    await new Promise((resolve) => setTimeout(resolve, 600));
    callee.reply(invite, 200);
    await caller.next(200);
    expect(server.log.filter((line) => line.includes('limits'))).toEqual([]);
  });

  test('running handlers are limited: 503, and counted; ringing ones do not count', async () => {
    const callee = await SipPeer.open();
    const end = later<void>();
    const { port, caller, server } = await policyBench({
      limits: { handlers: 1 },
      onInvite: (call) => call.relay({ targets: [callee.uri('a')] }),
      async onMessage(call) {
        await end.promise;
        call.reply(200);
      },
    });
    for (let i = 0; i < 3; i++) caller.request(port, bob);
    for (let i = 0; i < 3; i++) callee.reply(await callee.next('INVITE'), 180);
    await until(() => caller.seen.filter((one) => one === 180).length === 3);
    caller.request(port, bob, { method: 'MESSAGE' });
    caller.request(port, bob, { method: 'MESSAGE' });
    await caller.next(503);
    expect(server.server.counts.refused).toBe(1);
    end.resolve();
    await caller.next(200);
    caller.request(port, bob, { method: 'MESSAGE' });
    await caller.next(200);
  });
});

test('a stop refuses new requests, and lets waiting and relaying handlers end', async () => {
  const callee = await SipPeer.open();
  const [entered, gate] = [later<void>(), later<void>()];
  const { port, caller, server } = await policyBench({
    async onMessage(call) {
      entered.resolve();
      await gate.promise;
      call.reply(202);
    },
    onInvite: (call) => call.relay({ targets: [callee.uri('a')] }),
    onOptions: (call) => call.reply(200),
  });
  caller.request(port, bob, { method: 'MESSAGE' });
  const call = caller.request(port, bob);
  await entered.promise;
  const invite = await callee.next('INVITE');
  let isStopped = false;
  const stopped = server.server.stop({ grace: 60_000 }).then(() => {
    isStopped = true;
  });
  caller.request(port, bob, { method: 'OPTIONS' });
  await caller.next(503);
  callee.reply(invite, 486);
  caller.acknowledge(port, call, await caller.next(486));
  expect(isStopped).toBe(false);
  gate.resolve();
  await caller.next(202);
  await stopped;
});

describe('requests without a handler', () => {
  test('405 with Allow; onRequest gets them all', async () => {
    const { port, caller } = await policyBench({ onInvite: (call) => call.reply(486) });
    caller.request(port, bob, { method: 'SUBSCRIBE' });
    expect((await caller.next(405)).header('allow')).toBe('INVITE, ACK, BYE, CANCEL');
    const all = await policyBench({ onRequest: (call) => call.reply(200, call.method) });
    all.caller.request(all.port, bob, { method: 'SUBSCRIBE' });
    expect((await all.caller.next(200)).reason).toBe('SUBSCRIBE');
  });

  test('within a dialog without a route: 481; an unmatched CANCEL: 481', async () => {
    const { port, caller } = await policyBench({ onInvite: (call) => call.reply(486) });
    caller.request(port, bob, { method: 'BYE', to: `<${bob}>;tag=x` });
    await caller.next(481);
    caller.request(port, bob, { method: 'CANCEL' });
    await caller.next(481);
  });

  test('onInDialog sees re-INVITE, BYE and ACK, and relay() follows the route', async () => {
    const callee = await SipPeer.open();
    const methods: string[] = [];
    const { port, caller } = await policyBench({
      onInvite: (call) => call.relay({ targets: [callee.uri('a')], recordRoute: true }),
      onInDialog: (call) => {
        methods.push(call.method);
        return call.relay();
      },
    });
    caller.request(port, bob, { callId: 'd' });
    callee.reply(await callee.next('INVITE'), 200);
    const answer = await caller.next(200);
    const headers = [`Route: ${answer.header('record-route')}`];
    const dialog = { callId: 'd', to: answer.header('to') ?? '', headers };
    caller.request(port, callee.uri('callee'), { ...dialog, method: 'ACK' });
    await callee.next('ACK');
    caller.request(port, callee.uri('callee'), { ...dialog, method: 'BYE', cseq: 2 });
    callee.reply(await callee.next('BYE'), 200);
    await caller.next(200);
    expect(methods).toEqual(['ACK', 'BYE']);
  });

  test('Max-Forwards: 483 at 0, decremented, added', async () => {
    const callee = await SipPeer.open();
    const { port, caller } = await policyBench({
      onMessage: (call) => call.relay({ targets: [callee.uri('a')] }),
      onOptions: (call) => call.reply(200),
    });
    caller.request(port, bob, { method: 'MESSAGE', maxForwards: 0 });
    await caller.next(483);
    caller.request(port, bob, { method: 'OPTIONS', maxForwards: 0 });
    await caller.next(200);
    caller.request(port, bob, { method: 'MESSAGE', maxForwards: 5 });
    expect((await callee.next('MESSAGE')).header('max-forwards')).toBe('4');
    caller.request(port, bob, { method: 'MESSAGE', maxForwards: null });
    expect((await callee.next('MESSAGE')).header('max-forwards')).toBe('70');
  });
});

test('middleware runs around every handler, in order, and may reply instead', async () => {
  const steps: string[] = [];
  const { port, caller } = await policyBench({
    use: [
      async (call, next) => {
        steps.push(`in ${call.method}`);
        await next();
        steps.push('out');
      },
      (call, next) => (call.from.user === 'mallory' ? call.reply(403) : next()),
    ],
    onMessage: (call) => {
      steps.push('handler');
      call.reply(200);
    },
  });
  caller.request(port, bob, { method: 'MESSAGE' });
  await caller.next(200);
  await until(() => steps.length === 3);
  expect(steps).toEqual(['in MESSAGE', 'handler', 'out']);
});

test('the state of a call is created once, with its type', async () => {
  const { port, caller } = await policyBench({
    state: () => ({ count: 0 }),
    use: [
      (call, next) => {
        call.state.count++;
        return next();
      },
    ],
    onMessage: (call) => call.reply(200, String(call.state.count)),
  });
  caller.request(port, bob, { method: 'MESSAGE' });
  expect((await caller.next(200)).reason).toBe('1');
  caller.request(port, bob, { method: 'MESSAGE' });
  expect((await caller.next(200)).reason).toBe('1');
});

test('an unknown option is rejected, with a suggestion', () => {
  const mistyped = { onInvit: () => undefined };
  expect(() => defineServer(mistyped as object)).toThrow(
    'unknown option "onInvit"; did you mean "onInvite"?',
  );
  expect(() => defineServer({ onInvite: 'no' } as object)).toThrow('onInvite must be a function');
});
