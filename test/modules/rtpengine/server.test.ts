/** rtpengines and a whole server: one that hangs, probes, commands, events and notifications. */
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/timers/index.ts';
import { askServer } from '../../../src/workers/control-client.ts';
import { closeLater } from '../../support/close-later.ts';
import { fakeRtpengine } from '../../support/fake-rtpengine.ts';
import { place } from '../../support/place.ts';
import { freePort } from '../../support/ports.ts';
import { startServer } from '../../support/server.ts';
import { SipPeer } from '../../support/sip-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

const modules = ['signaling', 'sl', 'tm', 'sipmsgops', 'rtpengine']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');
const parameter = (name: string, value: string | number) =>
  `modparam("rtpengine", "${name}", ${typeof value === 'number' ? value : `"${value}"`})\n`;
const body = 'v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n';
const sdp = ['Content-Type: application/sdp'];

describe('an rtpengine that hangs', () => {
  it('holds up the calls that wait for it, and no other, with a single worker', async () => {
    const engine = await fakeRtpengine();
    engine.answer = ({ command }) => (command === 'ping' ? undefined : null);
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const { port } = closeLater(
      await startServer(
        `udp_workers=1\n${modules}${parameter('rtpengine_sock', engine.name)}
        route {
          if (is_method("INVITE")) {
            $var(x) = "mine $ci";
            rtpengine_offer();
            if ($var(x) != "mine $ci") send_reply(500, "Mixed up");
            else send_reply(488, "Code $rc");
          } else send_reply(200, "OK");
        }`,
        { clock },
      ),
    );
    const phone = await SipPeer.open();
    for (let i = 0; i < 20; i++) phone.request(port, 'sip:bob@example.com', { headers: sdp, body });
    await until(() => engine.commands.length === 20);
    for (let i = 0; i < 5; i++) {
      phone.request(port, 'sip:bob@example.com', { method: 'OPTIONS' });
      expect((await phone.next(200)).status).toBe(200);
    }
    await clock.pass(5000);
    for (let i = 0; i < 20; i++) expect((await phone.next(488)).reason).toBe('Code -1');
    // now it is known to be inactive
    phone.request(port, 'sip:bob@example.com', { headers: sdp, body });
    await phone.next(488);
    expect(new Set(engine.commands.map(({ cookie }) => cookie)).size).toBe(20);
  });
});

describe('probes', () => {
  it('find one that answers again, and one that has stopped to', async () => {
    const engine = await fakeRtpengine();
    let isDead = true;
    engine.answer = () => (isDead ? null : undefined);
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const server = closeLater(
      await startServer(
        `${modules}${parameter('rtpengine_sock', engine.name)}${parameter('rtpengine_disable_tout', 30)}${parameter('ping_enabled', 1)}
        event_route[E_RTPENGINE_STATUS] { xlog("$param(socket) $param(status) $param(set)\\n"); }
        route { rtpengine_offer(); send_reply(488, "Code $rc"); }`,
        { clock },
      ),
    );
    const lines = () =>
      server.log.filter((line) => line.includes(`${engine.name} `) && /active 0/.test(line));
    await until(() => engine.pings === 1);
    await clock.pass(5000);
    await until(() => lines().length === 1);
    expect(lines()[0]).toContain(`${engine.name} inactive 0`);
    const before = engine.pings;
    await clock.pass(24_000);
    expect(engine.pings).toBe(before);
    isDead = false;
    await clock.pass(10_000);
    await until(() => lines().length === 2);
    expect(lines()[1]).toContain(`${engine.name} active 0`);
    isDead = true;
    await clock.pass(20_000);
    await until(() => lines().length === 3);
    expect(lines()[2]).toContain('inactive');
  });
});

describe.each([1, 2])('commands, with %i process(es)', (processes) => {
  it('show, disable, enable and reload', async () => {
    const [first, second] = [await fakeRtpengine(), await fakeRtpengine()];
    const folder = temporaryFolder('rtpengine');
    const table = (...rows: readonly string[]) =>
      writeFileSync(
        join(folder, 'rtpengine'),
        ['id(int,auto) socket(string) set_id(int)', ...rows, ''].join('\n'),
      );
    const row = (id: number, name: string, set: number) => `${id}:${name.replace(/:/g, '\\:')}:${set}`;
    table(row(1, second.name, 2));
    const { start, folder: control } = place();
    const program = await start(
      `${modules}${parameter('rtpengine_sock', `${first.name}=3`)}${parameter('db_url', `text://${folder}`)}
      route { rtpengine_use_set(2); rtpengine_offer(); send_reply(488, "Code $rc"); }`,
      '--processes',
      String(processes),
    );
    const mi = (command: string, ...args: readonly string[]) =>
      askServer(program.pid, command, control, undefined, args).catch((error: Error) => error.message);
    const node = (url: string, weight: number, disabled: number) => ({
      url,
      index: 0,
      disabled,
      weight,
      recheck_ticks: 0,
    });
    await until(() => first.pings === processes && second.pings === processes);
    const sets = (secondIs: number) => [
      { Set: 0, Nodes: [node(first.name, 3, 0)] },
      { Set: 2, Nodes: [node(second.name, 1, secondIs)] },
    ];
    expect(await mi('rtpengine:show')).toEqual(sets(0));
    const phone = await SipPeer.open();
    const call = async () => {
      phone.request(program.port, 'sip:bob@example.com', { headers: sdp, body });
      return (await phone.next(488)).reason;
    };
    expect(await call()).toBe('Code 1');
    expect(await mi('rtpengine:enable', second.name, '0')).toBe('OK');
    expect(await mi('rtpengine_show')).toEqual(sets(1));
    for (let i = 0; i < 4; i++) expect(await call()).toBe('Code -1');
    expect(await mi('rtpengine:enable', second.name, '1', '2')).toBe('OK');
    expect(await call()).toBe('Code 1');
    expect(await mi('rtpengine:enable', second.name, '1', '7')).toContain('no media relay');
    table(row(1, first.name, 2));
    expect(await mi('rtpengine:reload', 'soft')).toBe('OK');
    const asked = first.commands.length;
    expect(await call()).toBe('Code 1');
    expect(first.commands.length).toBe(asked + 1);
    table('1:nonsense:2');
    expect(await mi('rtpengine:reload')).toContain('invalid media relay');
    expect(await call()).toBe('Code 1');
  });
});

describe('notifications', () => {
  it('become events; invalid JSON is counted', async () => {
    const engine = await fakeRtpengine();
    const port = await freePort();
    const server = closeLater(
      await startServer(
        `${modules}${parameter('rtpengine_sock', engine.name)}${parameter('notification_sock', `127.0.0.1:${port}`)}
        event_route[E_RTPENGINE_NOTIFICATION] { xlog("$param(type) $param(callid) $param(event) $param(more)\\n"); }
        route { exit; }`,
      ),
    );
    const socket = closeLater(dgram.createSocket('udp4'));
    for (const text of [
      'nonsense',
      '[1]',
      JSON.stringify({ type: 'DTMF', callid: 'c1', event: 5, more: { a: 1 } }),
    ])
      socket.send(text, port, '127.0.0.1');
    await server.logs('DTMF c1 5 {"a":1}');
  });
});
