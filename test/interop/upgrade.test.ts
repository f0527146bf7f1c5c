/** How one server follows another on the same port, with calls going on; it waits for real seconds. */
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { launchSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { type PeerMessage, SipPeer } from '../support/sip-peer.ts';

const modules = ['signaling', 'sl', 'tm', 'rr', 'sipmsgops', 'rest_client']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');

const relays = (callee: number) => `${modules}route {
  if (has_totag()) {
    loose_route();
    t_relay();
    exit;
  }
  if (is_method("OPTIONS")) {
    send_reply(200, "OK");
    exit;
  }
  if (is_method("INVITE")) record_route();
  $du = "sip:127.0.0.1:${callee}";
  t_relay();
}
`;

describe('a port that is in use', { timeout: 60_000 }, () => {
  it('exits with a line that names the process, and its remaining calls', async () => {
    const { run, start, env } = place();
    const callee = await SipPeer.open();
    const program = await start(relays(callee.port), '--name', 'edge', '--grace', '20');
    const inUse = `siprest: cannot listen on udp:127.0.0.1:${program.port}: another program uses this port: siprest "edge", process ${program.pid}, which`;
    expect(await run('run', program.file)).toEqual({ code: 1, printed: `${inUse} is running\n` });
    const caller = await SipPeer.open();
    const invite = caller.request(program.port, 'sip:bob@biloxi.example');
    const asked = await callee.next('INVITE');
    process.kill(program.pid, 'SIGTERM');
    const refused = await run('run', '--wait-for-port', '1', program.file);
    expect(refused.code).toBe(1);
    expect(refused.printed).toContain(`udp:127.0.0.1:${program.port} is in use: waiting for it up to 1 s`);
    expect(refused.printed).toMatch(
      new RegExp(`${inUse} is stopping: (?:1 call is|2 calls are) left, at most 1\\d s`),
    );
    const waiting = launchSiprest(['run', '--processes', '2', '--wait-for-port', '20', program.file], env);
    await waiting.prints('is in use: waiting for it');
    expect(await waiting.stop()).toBe(0);
    callee.reply(asked, 486);
    caller.acknowledge(program.port, invite, await caller.next(486));
    expect(await program.ended).toBe(0);
  });
});

/** A request within the call that was answered so. */
function within(caller: SipPeer, port: number, method: 'ACK' | 'BYE', answer: PeerMessage): void {
  const [, contact = ''] = /<(.*)>/.exec(answer.header('contact') ?? '') ?? [];
  caller.request(port, contact, {
    method,
    callId: answer.header('call-id') ?? '',
    cseq: method === 'ACK' ? 1 : 2,
    to: answer.header('to') ?? '',
    headers: answer.all('record-route').map((route) => `Route: ${route}`),
  });
}

describe('an upgrade', { timeout: 60_000 }, () => {
  it.each([1, 2])(
    'loses no call: one that rings, one that talks, a new one (%s processes)',
    async (processes) => {
      const { start, env } = place();
      const callee = await SipPeer.open();
      const args = ['--processes', String(processes), '--name', 'edge', '--wait-for-port', '20'];
      const old = await start(relays(callee.port), ...args);
      const { port } = old;
      const caller = await SipPeer.open();
      // one that talks
      caller.request(port, 'sip:bob@biloxi.example', { callId: 'talking' });
      callee.reply(await callee.next('INVITE'), 200);
      const talking = await caller.next(200);
      within(caller, port, 'ACK', talking);
      await callee.next('ACK');
      // one that rings
      caller.request(port, 'sip:bob@biloxi.example', { callId: 'ringing' });
      const asked = await callee.next('INVITE');
      callee.reply(asked, 180);
      await caller.next(180);
      const next = closeLater(launchSiprest(['run', ...args, old.file], env));
      await next.prints('is in use: waiting for it');
      process.kill(old.pid, 'SIGTERM');
      // a new one is told to come again, and does
      for (let nth = 0, status = 200; status === 200; nth++)
        status = (await sendSip({ method: 'OPTIONS', callId: `look-${nth}` }, { port }))[0]?.status ?? 0;
      const [refused] = await sendSip({ method: 'INVITE', callId: 'new' }, { port });
      expect(refused?.status).toBe(503);
      callee.reply(asked, 200);
      const answered = await caller.next(200);
      within(caller, port, 'ACK', answered);
      await callee.next('ACK');
      expect(await old.ended).toBe(0);
      await next.prints('listening on');
      for (const call of [talking, answered]) {
        within(caller, port, 'BYE', call);
        callee.reply(await callee.next('BYE'), 200);
        await caller.next(200);
      }
      caller.request(port, 'sip:bob@biloxi.example', { callId: 'later' });
      callee.reply(await callee.next('INVITE'), 486);
      expect((await caller.next(486)).status).toBe(486);
    },
  );
});
