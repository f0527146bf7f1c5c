/** Push notifications (RFC 8599) and outbound (RFC 5626): devices that sleep, and flows. */
import { describe, expect, test } from 'vitest';
import { okTo, type SimulatedServer, simulatedServer } from '../support/simulated-server.ts';

const modules = ['tm', 'sl', 'rr', 'signaling', 'sipmsgops', 'usrloc', 'registrar'];
const script = `
modparam("registrar", "pn_enable", 1)
modparam("registrar", "pn_providers", "apns, fcm")
modparam("registrar", "pn_enable_purr", 1)
event_route[E_UL_CONTACT_REFRESH] { xlog("wake $param(aor) $param(reason) $param(req_callid) $(param(uri){uri.param,pn-prid})"); }
route {
  if (is_method("REGISTER")) { save("location"); exit; }
  if (has_totag()) { async(pn_process_purr("location"), resumed); }
  lookup("location");
  $var(rc) = $rc;
  xlog("lookup $var(rc)");
  if ($var(rc) == 1) t_relay();
  if ($var(rc) == -1) send_reply(404, "Not Found");
}
route[resumed] { xlog("purr $rc $ru"); }`;

const device = (id: string) => `pn-provider=apns;pn-prid=${id};pn-param=app`;

function register(server: SimulatedServer, contact: string, port = 5001, more: readonly string[] = []): void {
  server.receive(
    {
      method: 'REGISTER',
      uri: 'sip:example.com',
      to: '<sip:bob@example.com>',
      callId: `r${port}`,
      cseq: `${Math.floor(server.clock.now()) + 1} REGISTER`,
      headers: [`Contact: ${contact}`, ...more],
    },
    { address: '192.0.2.7', port, transport: 'udp' },
  );
}

const invite = { method: 'INVITE', uri: 'sip:bob@example.com', callId: 'call' };
const starts = (server: SimulatedServer) =>
  server.sent().map(({ text, port }) => `${text.slice(0, text.indexOf('\r\n'))} ${port}`);

describe('push notifications', () => {
  test('an answer says what the server can do, and an unknown provider is refused', async () => {
    const server = await simulatedServer(script, modules);
    register(server, `<sip:bob@192.0.2.7;${device('1')}>;+sip.pnsreg`);
    await server.clock.pass(10);
    expect(server.sent()[0]?.text).toMatch(
      /^SIP\/2\.0 200 OK\r\n[^]*Feature-Caps: \*;\+sip\.pns="apns";\+sip\.pnsreg="130";\+sip\.pnspurr="[\w-]+"\r\n/,
    );
    register(server, '<sip:bob@192.0.2.7;pn-provider=acme;pn-prid=1;pn-param=x>', 5002);
    await server.clock.pass(10);
    expect(starts(server)).toEqual(['SIP/2.0 555 Push Notification Service Not Supported 5002']);
    await server.close();
  });

  test('a call waits for a device to wake up, and then goes to it', async () => {
    const server = await simulatedServer(script, modules);
    register(server, `<sip:bob@192.0.2.7:5001;${device('1')}>`);
    await server.clock.pass(60_000);
    server.sent();
    server.receive(invite);
    await server.clock.pass(1000);
    expect(server.prints).toEqual(['lookup 2', 'wake bob@example.com ini-INVITE call 1']);
    expect(starts(server)).toEqual(['SIP/2.0 100 Giving it a try 40000']);
    register(server, `<sip:bob@192.0.2.7:5009;${device('1')}>`, 5009);
    await server.clock.pass(100);
    expect(starts(server).filter((line) => line.startsWith('INVITE'))).toEqual([
      'INVITE sip:bob@192.0.2.7:5009 SIP/2.0 5009',
    ]);
    await server.close();
  });

  test('a call to a device that sleeps on ends, and a device that is awake is called at once', async () => {
    const server = await simulatedServer(script, modules);
    register(server, `<sip:bob@192.0.2.7:5001;${device('1')}>`);
    await server.clock.pass(1000);
    server.receive(invite);
    await server.clock.pass(7000);
    expect(starts(server).at(-1)).toMatch(/^SIP\/2\.0 4(?:08|80) /);
    register(server, '<sip:bob@192.0.2.7:5002>', 5002);
    await server.clock.pass(100);
    server.sent();
    server.receive({ ...invite, callId: 'other' });
    await server.clock.pass(100);
    expect(starts(server)).toContain('INVITE sip:bob@192.0.2.7:5002 SIP/2.0 5002');
    await server.close();
  });

  test('a message waits as well', async () => {
    const server = await simulatedServer(script, modules);
    register(server, `<sip:bob@192.0.2.7:5001;${device('1')}>`);
    await server.clock.pass(1000);
    server.receive({ method: 'MESSAGE', uri: 'sip:bob@example.com', callId: 'm1' });
    await server.clock.pass(1000);
    server.sent();
    register(server, `<sip:bob@192.0.2.7:5003;${device('1')}>`, 5003);
    await server.clock.pass(100);
    expect(starts(server)).toContain('MESSAGE sip:bob@192.0.2.7:5003 SIP/2.0 5003');
    server.receive({ method: 'MESSAGE', uri: 'sip:bob@example.com', callId: 'm2' });
    await server.clock.pass(7000);
    expect(starts(server)).toContain('SIP/2.0 480 Temporarily Unavailable 40000');
    await server.close();
  });

  test('a device is woken in time before its registration ends', async () => {
    const server = await simulatedServer(script, modules);
    register(server, `<sip:bob@192.0.2.7:5001;${device('1')}>;expires=600`);
    await server.clock.pass(470_000);
    expect(server.prints).toEqual([]);
    await server.clock.pass(100_000);
    expect(server.prints).toEqual(['wake bob@example.com reg-refresh  1']);
    await server.close();
  });

  test('a request in a call wakes its device by the reference of the registration', async () => {
    const server = await simulatedServer(script, modules);
    register(server, `<sip:bob@192.0.2.7:5001;${device('1')}>`);
    await server.clock.pass(1000);
    const [, purr = ''] = /pnspurr="([^"]+)"/.exec(server.sent()[0]?.text ?? '') ?? [];
    const bye = { method: 'BYE', to: '<sip:bob@example.com>;tag=b' };
    server.receive({ ...bye, uri: `sip:bob@192.0.2.7:5001;pn-purr=${purr}`, callId: 'one' });
    server.receive({ ...bye, uri: 'sip:bob@192.0.2.7:5001;pn-purr=made-up', callId: 'two' });
    await server.clock.pass(1000);
    expect(server.prints.toSorted()).toEqual([
      'purr 2 sip:bob@192.0.2.7:5001;pn-purr=made-up',
      'wake bob@example.com mid-BYE one 1',
    ]);
    register(server, `<sip:bob@192.0.2.7:5001;${device('1')}>`);
    await server.clock.pass(100);
    expect(server.prints.at(-1)).toBe('purr 1 sip:bob@192.0.2.7:5001');
    await server.close();
  });
});

describe('outbound', () => {
  const plain = `route { if (is_method("REGISTER")) { save("location"); exit; }
    if (lookup("location")) { t_relay(); } else { send_reply(404, "Not Found"); } }`;
  const flow = (regId: number, port: number) =>
    `<sip:bob@10.0.0.5:${port}>;reg-id=${regId};+sip.instance="<urn:uuid:1>"`;
  const supported = ['Supported: path, outbound'];

  test('a flow takes the place of an earlier one, and requests go where it came from', async () => {
    const server = await simulatedServer(plain, modules);
    register(server, flow(1, 1111), 5001, supported);
    await server.clock.pass(1000);
    expect(server.sent()[0]?.text).toContain('Require: outbound\r\n');
    register(server, flow(1, 2222), 5002, supported);
    await server.clock.pass(1000);
    const answer = server.sent()[0]?.text ?? '';
    expect(answer).toContain('<sip:bob@10.0.0.5:2222>');
    expect(answer).not.toContain('1111');
    server.receive(invite);
    await server.clock.pass(100);
    expect(starts(server)).toContain('INVITE sip:bob@10.0.0.5:2222 SIP/2.0 5002');
    await server.close();
  });

  test('of several flows of a device the one that registered last gets a request', async () => {
    const server = await simulatedServer(plain, modules);
    register(server, flow(1, 1111), 5001, supported);
    await server.clock.pass(1000);
    register(server, flow(2, 2222), 5002, supported);
    await server.clock.pass(1000);
    expect(server.sent().at(-1)?.text).toMatch(/Contact: .*1111.*2222|Contact: .*2222.*1111/);
    server.receive(invite);
    await server.clock.pass(100);
    expect(starts(server).filter((line) => line.startsWith('INVITE'))).toEqual([
      'INVITE sip:bob@10.0.0.5:2222 SIP/2.0 5002',
    ]);
    await server.close();
  });

  test('a first proxy that does not know flows is refused', async () => {
    const server = await simulatedServer(plain, modules);
    server.receive({
      method: 'REGISTER',
      uri: 'sip:example.com',
      to: '<sip:bob@example.com>',
      headers: [
        'Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKphone',
        'Path: <sip:192.0.2.1;lr>',
        `Contact: ${flow(1, 1111)}`,
        ...supported,
      ],
    });
    await server.clock.pass(10);
    expect(starts(server)).toEqual(['SIP/2.0 439 First Hop Lacks Outbound Support 40000']);
    await server.close();
  });
});

test('save() in a reply route registers for as long as the other registrar has said', async () => {
  const server = await simulatedServer(
    `modparam("registrar", "min_expires", 0)
     route {
       if (is_method("REGISTER")) { t_on_reply("saved"); $du = "sip:192.0.2.50"; t_relay(); exit; }
       if (lookup("location")) xlog("$ru"); else xlog("nobody");
     }
     onreply_route[saved] { if ($rs == 200) save("location"); }`,
    modules,
  );
  register(server, '<sip:bob@10.0.0.5>;expires=3600');
  await server.clock.pass(100);
  const forwarded = server.sent().find(({ text }) => text.startsWith('REGISTER'))?.text ?? '';
  server.receive(okTo(forwarded, 'Contact: <sip:bob@10.0.0.5>;expires=30\r\n'));
  await server.clock.pass(100);
  expect(server.sent().filter(({ text }) => text.startsWith('SIP/2.0 200'))).toHaveLength(1);
  server.receive({ ...invite, callId: 'a' });
  await server.clock.pass(40_000);
  server.receive({ ...invite, callId: 'b' });
  await server.clock.pass(100);
  expect(server.prints).toEqual(['sip:bob@10.0.0.5', 'nobody']);
  await server.close();
});
