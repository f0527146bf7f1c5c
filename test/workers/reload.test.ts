/** A reload takes effect as a whole, or not at all; calls keep the script that began them. */
import dgram from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { scriptOf, startServer } from '../support/server.ts';
import { respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';

const modules = ['signaling', 'sl', 'tm', 'cachedb_local', 'cfgutils', 'rest_client']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');
const settings = 'log_level=3\nxlog_level=3\n';

async function start(script: string) {
  const started = await startServer(`${settings}${modules}${script}\nsocket=udp:127.0.0.1:0\n`);
  return closeLater(started);
}

/** The script with the socket that is open, as a port 0 is written, and others. */
const next = (script: string, sockets: readonly string[] = ['udp:127.0.0.1:0']) =>
  scriptOf(`${settings}${script}\n${sockets.map((one) => `socket=${one}\n`).join('')}`);

/** A UDP port that is in use. */
async function takenPort(): Promise<number> {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  closeLater(socket);
  return socket.address().port;
}

const replies = 'route[shown] { xlog("WHO saw a reply\\n"); }\n';
const shows = (who: string) =>
  `modparam("tm", "local_reply_route", "shown")\n${replies.replace('WHO', who)}route { t_reply(200, "${who}"); }\n`;

describe('a reload that is refused', () => {
  it('leaves no effect of the new script: routes, timers, startup_route, shared variables', async () => {
    const server = await start(`${shows('old')}modparam("tm", "T1_timer", 100)\n`);
    const refused = next(
      `${modules}${shows('new')}
modparam("tm", "T1_timer", 4000)
modparam("tm", "T2_timer", 4000)
modparam("cfgutils", "shvset", "mark=s:new")
dns_retr_time=60
startup_route { xlog("new started\\n"); cache_store("local", "mark", "new"); }
`,
      ['udp:127.0.0.1:0', `udp:127.0.0.1:${await takenPort()}`],
    );
    await expect(server.server.reload(refused)).rejects.toThrow(/cannot listen on/);
    const [reply] = await sendSip({ callId: 'after' }, { port: server.port });
    expect(reply?.reason).toBe('old');
    await server.logs('old saw a reply');
    expect(server.log.filter((line) => line.includes('new'))).toEqual([]);
    // of the timers: a 200 to an INVITE is sent again after 100 ms
    const caller = await SipPeer.open();
    caller.request(server.port, 'sip:bob@b.example', { method: 'INVITE' });
    const first = await caller.next(200);
    await caller.sees(first, 3);
  });
});

describe('a reload that takes effect', () => {
  it('to a script without tm: the old local_reply_route sees only replies of old transactions', async () => {
    const service = closeLater(
      await startService((_, response) => setTimeout(respond, 500, response, 200, 'x')),
    );
    const server = await start(`
modparam("tm", "local_reply_route", "shown")
${replies.replace('WHO', 'old')}
route { t_newtran(); async(rest_get("${service.origin}/", $var(body)), resume); }
route[resume] { t_reply(200, "old"); }
`);
    const waiting = sendSip({ callId: 'before' }, { port: server.port });
    await service.sees(1);
    await server.server.reload(
      next('loadmodule "sl.so"\nloadmodule "signaling.so"\nroute { send_reply(200, "new"); }'),
    );
    const [during] = await sendSip({ callId: 'during' }, { port: server.port });
    expect(during?.reason).toBe('new');
    expect(server.log).toEqual([]);
    expect((await waiting).at(-1)?.reason).toBe('old');
    await server.logs('old saw a reply');
    expect(server.log).toHaveLength(1);
  });

  it('applies new timers only to new transactions', async () => {
    const server = await start(`${shows('old')}modparam("tm", "T1_timer", 100)\n`);
    const caller = await SipPeer.open();
    caller.request(server.port, 'sip:bob@b.example', { method: 'INVITE', callId: 'old-call' });
    const old = await caller.next(200);
    await server.server.reload(next(`${modules}${shows('new')}modparam("tm", "T1_timer", 8000)\n`));
    const other = await SipPeer.open();
    other.request(server.port, 'sip:bob@b.example', { method: 'INVITE', callId: 'new-call' });
    const answer = await other.next(200);
    await caller.sees(old, 4);
    expect(other.received.filter(({ raw }) => raw === answer.raw)).toHaveLength(1);
  });

  it('keeps messages of a new socket until startup_route has ended', async () => {
    const service = closeLater(await startService(() => undefined));
    const server = await start('route { send_reply(200, "old"); }');
    const port = await freePort();
    const reloaded = server.server.reload(
      next(
        `${modules}modparam("rest_client", "curl_timeout", 2)
startup_route { rest_get("${service.origin}/", $var(body)); $shv(ready) = 1; }
route { send_reply(200, "new $shv(ready)"); }`,
        ['udp:127.0.0.1:0', `udp:127.0.0.1:${port}`],
      ),
    );
    await service.sees(1);
    const [before] = await sendSip({ callId: 'old-socket' }, { port: server.port });
    expect(before?.reason).toBe('old');
    const [held] = await sendSip({ callId: 'new-socket' }, { port, seconds: 6 });
    expect(held?.reason).toBe('new 1');
    await reloaded;
  });

  it('cancels a call that began earlier', async () => {
    const callee = await SipPeer.open();
    const relays = `route { $du = "sip:127.0.0.1:${callee.port}"; t_relay(); }`;
    const server = await start(relays);
    const caller = await SipPeer.open();
    const invite = caller.request(server.port, 'sip:bob@biloxi.example', { callId: 'cancelled' });
    const asked = await callee.next('INVITE');
    callee.reply(asked, 180);
    await caller.next(180);
    await server.server.reload(next(`${modules}${relays}`));
    caller.cancel(server.port, invite);
    callee.reply(await callee.next('CANCEL'), 200);
    callee.reply(asked, 487);
    expect((await caller.next(487)).status).toBe(487);
  });
});
