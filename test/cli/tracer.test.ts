/** tracer, siptrace and proto_hep: what a collector gets, byte for byte, and what it cannot harm. */
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeHep3 } from '../../src/observe/hep/encode.ts';
import { closeLater } from '../support/close-later.ts';
import { startCollector, startStreamCollector } from '../support/hep.ts';
import { startLoad, tally } from '../support/load.ts';
import { place } from '../support/place.ts';
import { relayScript, relayTo } from '../support/relay-script.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const answering = (port: number, body: string, modules = 'tracer', parameters = '') => `
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "proto_hep.so"
loadmodule "${modules}.so"
modparam("proto_hep", "hep_id", "[homer] 127.0.0.1:${port}; transport=udp; version=3")
modparam("${modules}", "trace_id", "[tid]uri=hep:homer")
${parameters}
route { ${body} send_reply(200, "OK"); }
`;

describe('HEP version 3', () => {
  const captured = {
    at: 1_700_000_000_123.456,
    transport: 'udp',
    from: { address: '192.0.2.7', port: 5062 },
    to: { address: '127.0.0.1', port: 5060 },
    message: 'OPTIONS sip:a SIP/2.0\r\n\r\n',
    correlationId: 'call',
  } as const;

  it('has the bytes of the specification', () => {
    expect(encodeHep3(captured, { captureId: 234, key: 'k' })?.toString('hex')).toBe(
      [
        ['48455033', '008d'],
        ['0000', '0001', '0007', '02'],
        ['0000', '0002', '0007', '11'],
        ['0000', '0003', '000a', 'c0000207'],
        ['0000', '0004', '000a', '7f000001'],
        ['0000', '0007', '0008', '13c6'],
        ['0000', '0008', '0008', '13c4'],
        ['0000', '0009', '000a', '6553f100'],
        ['0000', '000a', '000a', '0001e240'],
        ['0000', '000b', '0007', '01'],
        ['0000', '000c', '000a', '000000ea'],
        ['0000', '000e', '0007', '6b'],
        ['0000', '0011', '000a', '63616c6c'],
        ['0000', '000f', '001f', Buffer.from(captured.message).toString('hex')],
      ]
        .flat()
        .join(''),
    );
  });

  it('has IPv6 addresses, over TCP, and no key', () => {
    const packet = encodeHep3(
      {
        ...captured,
        transport: 'tcp',
        from: { address: '2001:db8::7', port: 1 },
        to: { address: '192.0.2.1', port: 2 },
      },
      { captureId: 1, key: null },
    );
    expect(packet?.toString('hex')).toContain('0000000100070a00000002000706');
    expect(packet?.toString('hex')).toContain('00000005001620010db8000000000000000000000007');
    expect(packet?.toString('hex')).toContain('00000006001600000000000000000000ffffc0000201');
  });

  it('makes no packet for a message that is too long', () => {
    expect(encodeHep3({ ...captured, message: 'x'.repeat(65_500) }, { captureId: 1, key: null })).toBeNull();
  });
});

describe.each([1, 2])('with %i process(es)', (processes) => {
  it('copies a relayed call with all its branches to the collector, the ACK included', async () => {
    const collector = closeLater(await startCollector());
    const [alice, bob] = [await SipPeer.open(), await SipPeer.open()];
    const { start } = place();
    const settings = `loadmodule "proto_hep.so"
loadmodule "tracer.so"
modparam("proto_hep", "hep_id", "[homer] 127.0.0.1:${collector.port}; transport=udp")
modparam("proto_hep", "hep_capture_id", 234)
modparam("proto_hep", "hep_auth_key", "opensesame")
modparam("tracer", "trace_id", "[tid]uri=hep:homer")`;
    const program = await start(
      relayScript({ settings, onward: `if (is_method("INVITE")) trace("tid");\n${relayTo(bob.port)}` }),
      ...['--processes', String(processes)],
    );
    alice.request(program.port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    bob.reply(await bob.next('OPTIONS'), 200);
    await alice.next(200);
    const sentInvite = alice.request(program.port, 'sip:bob@biloxi.example', { callId: 'traced' });
    const invite = await bob.next('INVITE');
    bob.reply(invite, 486);
    alice.acknowledge(program.port, sentInvite, await alice.next(486));
    await bob.next('ACK');
    await expect
      .poll(() => collector.distinct())
      .toEqual([
        'INVITE sip:bob@biloxi.example',
        expect.stringMatching(/^100 /),
        expect.stringMatching(/^INVITE sip:bob@/),
        expect.stringMatching(/^486 /),
        expect.stringMatching(/^(?:ACK|486) /),
        expect.stringMatching(/^(?:ACK|486) /),
        expect.stringMatching(/^ACK /),
      ]);
    expect(collector.errors).toEqual([]);
    const first = collector.packets.find(({ from }) => from.endsWith(`:${alice.port}`));
    const sent = collector.packets.find(({ to }) => to.endsWith(`:${bob.port}`));
    const own = `127.0.0.1:${program.port}`;
    expect([first?.from, first?.to]).toEqual([`127.0.0.1:${alice.port}`, own]);
    expect([sent?.from, sent?.to]).toEqual([own, `127.0.0.1:${bob.port}`]);
    expect(sent?.chunks.get(0x0f)?.toString('latin1')).toBe(invite.raw);
    expect(first?.chunks.get(0x0c)?.readUInt32BE(0)).toBe(234);
    expect(first?.chunks.get(0x0e)?.toString('latin1')).toBe('opensesame');
    expect(first?.chunks.get(0x11)?.toString('latin1')).toBe('traced');
    expect(program.stderr).not.toContain('opensesame');
  });

  it('follows the commands: off, on, and traces of their own', async () => {
    const [scripted, started] = [closeLater(await startCollector()), closeLater(await startCollector())];
    const { start, run } = place();
    const program = await start(
      answering(scripted.port, 'trace("tid", "t", "sip|xlog");'),
      ...['--processes', String(processes)],
    );
    const send = (callId: string, from: string) =>
      sendSip({ callId, from: `<sip:${from}@home.example>;tag=1` }, { port: program.port });
    const mi = async (...args: string[]) => (await run('mi', ...args)).printed.trim();

    expect(await mi('trace', 'mode=off')).toBe('"OK"');
    await send('off', 'alice');
    expect(await mi('tracer:trace', 'mode=on')).toBe('"OK"');
    expect(JSON.parse(await mi('trace'))).toEqual({
      global: 'on',
      traces: { tid: { state: 'on', destinations: `hep:127.0.0.1:${scripted.port}` } },
    });
    const uri = `uri=hep:127.0.0.1:${started.port}`;
    expect(await mi('tracer:start', 'id=live', uri, 'filter=caller=carol')).toBe('"OK"');
    expect(await mi('trace_start', 'id=live', uri)).toContain('there is a trace called "live" already');
    expect(await mi('tracer:start', 'id=x', 'uri=sip:a')).toContain('use hep:HOST:PORT');
    expect(await mi('tracer:start', 'id=x', uri, 'filter=to=b')).toContain('unknown filter "to=b"');
    await send('one', 'alice');
    await send('two', 'carol');
    await expect.poll(() => started.lines().length).toBe(2);
    expect(await mi('tracer:stop', 'id=live')).toBe('"OK"');
    expect(await mi('trace_stop', 'id=live')).toContain('began no trace called "live"');
    expect(await mi('trace', 'id=none')).toContain('no trace is called "none"');
    await send('three', 'carol');
    await expect.poll(() => scripted.lines().length).toBe(6);
    const ids = (collector: typeof started) =>
      collector.packets.map(({ chunks }) => chunks.get(0x11)?.toString('latin1'));
    expect(ids(started)).toEqual(['two', 'two']);
    expect(ids(scripted)).toEqual(['one', 'one', 'two', 'two', 'three', 'three']);
  });
});

describe('trace()', () => {
  it.each([
    ['trace("tid", "m", "sip", "attributes");', ['OPTIONS']],
    ['trace("tid", "t"); trace("tid", "D");', ['OPTIONS', '200']],
    ['trace("tid", "t", "rest|xlog");', []],
    ['trace("tid", "t", , , "c", "other");', []],
    ['trace("tid", "t", , , "C");', ['OPTIONS', '200']],
  ])('%s', async (call, expected) => {
    const collector = closeLater(await startCollector());
    const { start } = place();
    const program = await start(
      answering(collector.port, `if ($rm == "OPTIONS") { ${call} } else trace("tid", "m");`),
    );
    await sendSip({}, { port: program.port });
    await sendSip({ method: 'INFO' }, { port: program.port });
    await expect.poll(() => collector.lines().at(-1)).toMatch(/^INFO/);
    expect(collector.lines().map((line) => line.split(' ')[0])).toEqual([...expected, 'INFO']);
  });

  it('is sip_trace() in siptrace, and trace_local_ip is the source of sent messages', async () => {
    const collector = closeLater(await startCollector());
    const { start } = place();
    const program = await start(
      answering(
        collector.port,
        'sip_trace("tid");',
        'siptrace',
        'modparam("siptrace", "trace_local_ip", "10.1.1.1:5064")',
      ),
    );
    await sendSip({}, { port: program.port });
    await expect.poll(() => collector.lines().length).toBe(2);
    expect(collector.packets.map(({ to }) => to)[0]).toBe(`127.0.0.1:${program.port}`);
    expect(collector.packets.map(({ from }) => from)[1]).toBe('10.1.1.1:5064');
  });

  it('harms no call if the collector is gone, or its name unknown', async () => {
    const collector = await startCollector();
    await collector.close();
    const { start, run } = place();
    const program = await start(
      answering(
        collector.port,
        'trace("tid"); trace("lost");',
        'tracer',
        `modparam("proto_hep", "hep_id", "[lost] collector.invalid:9060; transport=udp")
modparam("tracer", "trace_id", "[lost]uri=hep:lost")`,
      ),
    );
    for (let i = 0; i < 5; i++) {
      const [reply] = await sendSip({}, { port: program.port });
      expect(reply?.status).toBe(200);
    }
    const { printed } = await run('status', '--json');
    expect(JSON.parse(printed)).toMatchObject({ total: { traced: { sent: 10, lost: 10 } } });
  });
});

describe('over TCP', () => {
  /** As OpenSIPS has it, TCP is the transport where none is written. */
  const overTcp = (port: number, body: string, parameters = '') =>
    answering(port, body, 'tracer', parameters).replace('; transport=udp; version=3', '');

  it('copies follow each other on one connection, and another one follows it', async () => {
    const collector = await startStreamCollector();
    const { start, run } = place();
    const program = await start(overTcp(collector.port, 'trace("tid");'));
    for (let i = 0; i < 3; i++) await sendSip({ callId: `first-${i}` }, { port: program.port });
    await expect.poll(() => collector.lines().length).toBe(6);
    expect([collector.accepted, collector.errors]).toEqual([1, []]);
    expect(collector.packets[0]?.to).toBe(`127.0.0.1:${program.port}`);
    await collector.close();
    await sendSip({}, { port: program.port });
    const again = closeLater(await startStreamCollector(collector.port));
    await expect
      .poll(async () => {
        const [reply] = await sendSip({}, { port: program.port });
        expect(reply?.status).toBe(200);
        return again.lines().length;
      })
      .toBeGreaterThan(0);
    const { printed } = await run('status', '--json');
    const { sent, lost } = JSON.parse(printed).total.traced;
    expect(sent).toBeGreaterThanOrEqual(7);
    expect(lost).toBeGreaterThan(0);
  });

  it('a collector that reads nothing costs no call anything, and bounded memory', async () => {
    const silent = createServer((socket) => {
      socket.pause();
      socket.on('error', () => undefined);
      closeLater({ close: () => socket.destroy() });
    });
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    closeLater({ close: () => void silent.close() });
    const { start, run } = place();
    const program = await start(overTcp((silent.address() as AddressInfo).port, 'trace("tid");'));
    const calls = await startLoad({
      port: program.port,
      pace: { atATime: 20 },
      count: 2000,
      request: () => ({ headers: [`X-Filling: ${'x'.repeat(4000)}`] }),
    });
    expect(tally(await calls.done)).toEqual({ '200 OK': 2000 });
    const { printed } = await run('status', '--json');
    expect(JSON.parse(printed).total.traced.lost).toBeGreaterThan(0);
  });
});

describe('correlate()', () => {
  it('tells the collector which IDs belong together', async () => {
    const collector = closeLater(await startCollector());
    const { start } = place();
    const program = await start(
      answering(
        collector.port,
        'if (!correlate("homer", "sip", "leg-$ci", "b2b", "other")) xlog("L_ERR", "no\\n"); if (correlate("homer", "a", "1", "a", "2")) exit;',
      ),
    );
    await sendSip({ callId: 'one' }, { port: program.port });
    await expect.poll(() => collector.packets.length).toBe(1);
    const chunks = collector.packets[0]?.chunks;
    const text = (chunk: number) => chunks?.get(chunk)?.toString('latin1');
    expect([chunks?.get(0x0b)?.readUInt8(0), text(0x11)]).toEqual([100, 'one']);
    expect(text(0x3_0001)).toBe('{"sip":"leg-one","b2b":"other"}');
    expect(text(0x0f)).toBe('{"sip":"leg-one","b2b":"other"}');
    expect(program.stderr).toContain('correlate(): both types are "a"');
  });
});

describe('siprest check', () => {
  it.each([
    ['modparam("proto_hep", "hep_id", "10.0.0.1")', 'invalid hep_id "10.0.0.1"'],
    ['modparam("proto_hep", "hep_id", "[x] 10.0.0.1:99999")', 'invalid HEP collector "10.0.0.1:99999"'],
    ['modparam("proto_hep", "hep_id", "[x] 10.0.0.1; colour=red")', 'unknown option "colour=red"'],
    ['modparam("proto_hep", "hep_id", "[x] 10.0.0.1; transport=tls")', 'use transport=tcp or transport=udp'],
    [
      'modparam("proto_hep", "hep_id", "[x] 10.0.0.1; version=2")',
      'siprest sends HEP version 3 to 10.0.0.1, not 2',
    ],
    ['modparam("tracer", "trace_id", "tid")', 'invalid trace_id'],
    ['modparam("tracer", "trace_id", "[db]uri=mysql://a:b@c/d;table=t;")', '"db" has no effect for mysql'],
    ['modparam("tracer", "trace_local_ip", "a b")', 'invalid trace_local_ip "a b"'],
  ])('%s', async (parameter, expected) => {
    const { run } = place();
    const file = join(temporaryFolder('tracer'), 'opensips.cfg');
    writeFileSync(file, `loadmodule "proto_hep.so"\nloadmodule "tracer.so"\n${parameter}\nroute { exit; }\n`);
    const { printed } = await run('check', '--verbose', file);
    expect(printed).toContain(expected);
  });
});
