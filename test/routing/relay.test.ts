/** What `call.relay()` does on real sockets, and who sends the final reply. */
import { describe, expect, test } from 'vitest';
import type { RelayResult } from '../../src/routing/index.ts';
import { later } from '../support/later.ts';
import { policyBench } from '../support/policy-bench.ts';
import { SipPeer } from '../support/sip-peer.ts';

const bob = 'sip:bob@biloxi.example';

describe('relay()', () => {
  test('one target answers: the call goes through, and later requests follow its route', async () => {
    const callee = await SipPeer.open();
    const result = later<RelayResult>();
    const { port, caller } = await policyBench({
      async onInvite(call) {
        result.resolve(await call.relay({ targets: [callee.uri('a')], recordRoute: true }));
      },
    });
    caller.request(port, bob, { callId: 'dialog' });
    const invite = await callee.next('INVITE');
    expect(invite.uri).toBe(callee.uri('a'));
    expect(invite.header('max-forwards')).toBe('69');
    callee.reply(invite, 180);
    await caller.next(180);
    callee.reply(invite, 200);
    const answer = await caller.next(200);
    expect(await result.promise).toMatchObject({ kind: 'answered', status: 200 });
    const route = [`Route: ${answer.header('record-route')}`];
    const dialog = { callId: 'dialog', to: answer.header('to') ?? '', headers: route };
    caller.request(port, callee.uri('callee'), { ...dialog, method: 'ACK' });
    await callee.next('ACK');
    caller.request(port, callee.uri('callee'), { ...dialog, method: 'INVITE', cseq: 2 });
    callee.reply(await callee.next('INVITE'), 488);
    await caller.next(488);
    caller.request(port, callee.uri('callee'), { ...dialog, method: 'BYE', cseq: 3 });
    const bye = await callee.next('BYE');
    expect(bye.header('route')).toBeUndefined();
    callee.reply(bye, 200);
    expect((await caller.next(200)).header('cseq')).toBe('3 BYE');
  });

  test('all fail: the best reply is forwarded when the handler ends', async () => {
    const [a, b] = [await SipPeer.open(), await SipPeer.open()];
    const [result, end] = [later<RelayResult>(), later<void>()];
    const { port, caller } = await policyBench({
      async onInvite(call) {
        result.resolve(await call.relay({ targets: [a.uri('a'), b.uri('b')] }));
        await end.promise;
      },
    });
    caller.request(port, bob);
    a.reply(await a.next('INVITE'), 503);
    b.reply(await b.next('INVITE'), 404, [], 'Nobody');
    expect(await result.promise).toMatchObject({ kind: 'failed', status: 404, reason: 'Nobody' });
    expect(caller.seen).toEqual([100]);
    end.resolve();
    expect((await caller.next(404)).reason).toBe('Nobody');
  });

  test('a second relay() after a failure', async () => {
    const [phone, voicemail] = [await SipPeer.open(), await SipPeer.open()];
    const { port, caller } = await policyBench({
      async onInvite(call) {
        const result = await call.relay({ targets: [phone.uri('bob')] });
        if (result.kind === 'failed' && result.status === 486)
          await call.relay({ targets: [voicemail.uri('bob')] });
      },
    });
    caller.request(port, bob);
    phone.reply(await phone.next('INVITE'), 486);
    voicemail.reply(await voicemail.next('INVITE'), 200);
    await caller.next(200);
    expect(caller.seen).toEqual([100, 200]);
  });

  test('after several failed relay(), the best reply of the last one is forwarded', async () => {
    const [moved, unknown, away] = [await SipPeer.open(), await SipPeer.open(), await SipPeer.open()];
    const { port, caller } = await policyBench({
      async onInvite(call) {
        await call.relay({ targets: [moved.uri('a')] });
        await call.relay({ targets: [unknown.uri('b'), away.uri('c')] });
      },
    });
    caller.request(port, bob);
    moved.reply(await moved.next('INVITE'), 302);
    unknown.reply(await unknown.next('INVITE'), 404);
    away.reply(await away.next('INVITE'), 480);
    await caller.next(404);
    expect(caller.seen).toEqual([100, 404]);
  });

  test('serial forking: the next target after a failure, until one answers', async () => {
    const [a, b, c] = [await SipPeer.open(), await SipPeer.open(), await SipPeer.open()];
    const { port, caller } = await policyBench({
      onInvite: (call) =>
        call.relay({
          targets: [a.uri('x'), b.uri('x'), c.uri('x')],
          order: 'series',
          tryNext: ({ status }) => status >= 500,
        }),
    });
    caller.request(port, bob);
    a.reply(await a.next('INVITE'), 503);
    b.reply(await b.next('INVITE'), 404);
    await caller.next(404);
    expect(c.seen).toEqual([]);
  });

  test('no target can be reached: 503 for the handler, 500 for the caller', async () => {
    const result = later<RelayResult>();
    const { port, caller } = await policyBench({
      async onInvite(call) {
        result.resolve(await call.relay({ targets: ['sip:x@127.0.0.1:5060;transport=tcp'] }));
      },
    });
    caller.request(port, bob);
    await caller.next(500);
    expect(await result.promise).toMatchObject({ kind: 'failed', status: 503, reply: undefined });
  });
});
