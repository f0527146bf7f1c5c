/** Administration commands about calls in progress, which one of the processes has. */
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { place } from '../support/place.ts';
import { SipPeer } from '../support/sip-peer.ts';

const modules = ['signaling', 'sl', 'tm'].map((name) => `loadmodule "${name}.so"\n`).join('');

describe.each([1, 2])('with %i process(es)', (processes) => {
  async function start(script: (callee: SipPeer) => string) {
    const [caller, callee] = [await SipPeer.open(), await SipPeer.open()];
    const { start, folder } = place();
    const program = await start(`${modules}${script(callee)}`, '--processes', String(processes));
    const mi = (command: string, params: readonly unknown[] | Readonly<Record<string, unknown>>) =>
      askServer(program.pid, command, folder, undefined, params).catch((error: Error) => error.message);
    return { program, mi, caller, callee };
  }

  it('tm:uac_cancel cancels an INVITE as its caller would', async () => {
    const { program, mi, caller, callee } = await start(
      ({ port }) => `route { $du = "sip:127.0.0.1:${port}"; t_relay(); }\n`,
    );
    // several, so that each process has some
    for (const callId of ['one', 'two', 'three', 'four']) {
      caller.request(program.port, 'sip:bob@biloxi.example', { callId, cseq: 7 });
      const invite = await callee.next('INVITE');
      callee.reply(invite, 180);
      await caller.next(180);
      expect(await mi('t_uac_cancel', { callid: callId, cseq: '8 INVITE' })).toBe('No such transaction');
      expect(await mi('t_uac_cancel', { callid: callId, cseq: 'seven' })).toBe(
        'invalid cseq "seven": use "1 INVITE"',
      );
      expect(await mi('tm:uac_cancel', [callId, '7 INVITE'])).toBe('OK');
      const cancel = await callee.next('CANCEL');
      expect(cancel.header('call-id')).toBe(callId);
      callee.reply(cancel, 200);
      callee.reply(invite, 487);
      expect((await caller.next(487)).header('call-id')).toBe(callId);
    }
    expect(await mi('tm:uac_cancel', ['one', '7 INVITE'])).toBe('No such transaction');
  });

  it('tm:reply replies to a request by its transaction', async () => {
    const { program, mi, caller } = await start(
      () => `route { t_newtran(); xlog("transaction $T_id of $ci\\n"); t_wait_for_new_branches(); }\n`,
    );
    for (const callId of ['one', 'two', 'three', 'four']) {
      const invite = caller.request(program.port, 'sip:bob@biloxi.example', { callId });
      await program.prints(`of ${callId}`);
      const [, id = ''] = RegExp(`transaction (\\S+) of ${callId}\\b`).exec(program.stderr) ?? [];
      expect(await mi('tm:reply', [200, 'OK', 'nobody', 'x'])).toBe('No such transaction');
      expect(await mi('tm:reply', [200, 'a\r\nb', id, 'x'])).toBe('invalid reason or to_tag');
      expect(await mi('tm:reply', [200, 'OK', id, '.', 'no header'])).toBe(
        'headers must be lines "Name: value"',
      );
      expect(await mi('t_reply', ['183', 'Soon', id, 'abcde', '.'])).toBe('OK');
      expect((await caller.next(183)).header('to')).toContain(';tag=abcde');
      const headers = 'X-Name: Zoë\\r\\nContent-Type: text/plain\\r\\nContent-Length: 5\\r\\n';
      const given = {
        code: 480,
        reason: 'Gone',
        trans_id: id,
        to_tag: 'abcde',
        new_headers: headers,
        body: 'hello',
      };
      expect(await mi('tm:reply', given)).toBe('OK');
      const reply = await caller.next(480);
      expect([reply.reason, reply.header('content-type'), reply.all('content-length'), reply.body]).toEqual([
        'Gone',
        'text/plain',
        ['5'],
        'hello',
      ]);
      expect(Buffer.from(reply.header('x-name') ?? '', 'latin1').toString()).toBe('Zoë');
      caller.acknowledge(program.port, invite, reply);
      expect(await mi('tm:reply', [200, 'OK', id, 'abcde'])).toBe('No such transaction');
    }
  });
});
