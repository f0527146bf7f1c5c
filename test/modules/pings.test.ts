/** Pings to contacts, and keepalive messages of nat_traversal. */
import { expect, test } from 'vitest';
import { okTo, type SimulatedServer, simulatedServer } from '../support/simulated-server.ts';

const phone = (port: number) => ({ address: '192.0.2.7', port, transport: 'udp' }) as const;

function register(server: SimulatedServer, user: string, port: number): void {
  server.receive(
    {
      method: 'REGISTER',
      uri: 'sip:example.com',
      from: `<sip:${user}@example.com>;tag=1`,
      to: `<sip:${user}@example.com>`,
      callId: user,
      cseq: `${Math.floor(server.clock.now()) + 1} REGISTER`,
      headers: [`Contact: <sip:${user}@10.0.0.5>;expires=3600`],
    },
    phone(port),
  );
}

const nathelper = (flags: string, parameters = '') => `
modparam("nathelper", "natping_interval", 30)
modparam("nathelper", "sipping_bflag", "SIP")
modparam("nathelper", "sipping_from", "sip:pinger@example.com")
modparam("nathelper", "remove_on_timeout_bflag", "REMOVE")
modparam("nathelper", "sipping_latency_flag", "TIMED")
modparam("nathelper", "received_avp", "$avp(rcv)")
modparam("registrar", "received_avp", "$avp(rcv)")
${parameters}
event_route[E_UL_CONTACT_DELETE] { xlog("gone $param(domain) $param(uri)"); }
event_route[E_UL_LATENCY_UPDATE] { xlog("latency $param(latency)"); }
route {
  ${flags
    .split(' ')
    .filter(Boolean)
    .map((flag) => `setbflag("${flag}");`)
    .join(' ')}
  fix_nated_register();
  save("location");
}`;
const modules = ['tm', 'usrloc', 'registrar', 'nathelper'];

test('contacts without a flag get four bytes once in an interval, spread over it', async () => {
  const server = await simulatedServer(nathelper(''), modules);
  for (let i = 0; i < 300; i++) register(server, `user${i}`, 10_000 + i);
  await server.clock.pass(30_000);
  server.sent();
  await server.clock.pass(30_000);
  const pings = server.sent();
  expect(pings).toHaveLength(300);
  expect(new Set(pings.map(({ port }) => port)).size).toBe(300);
  expect(pings[0]?.text).toBe('\0\0\0\0');
  const perSecond = Array.from(
    { length: 30 },
    (_, i) => pings.filter(({ at }) => Math.floor((at - 30_000) / 1000) === i).length,
  );
  expect(Math.max(...perSecond)).toBeLessThan(30);
  await server.close();
});

test('a contact that does not answer three SIP requests is removed, another one stays', async () => {
  const server = await simulatedServer(nathelper('SIP REMOVE TIMED'), modules);
  register(server, 'dead', 5001);
  register(server, 'alive', 5002);
  await server.clock.pass(1000);
  server.sent();
  for (let i = 0; i < 150; i++) {
    await server.clock.pass(1000);
    for (const { text, port } of server.sent()) {
      expect(text).toMatch(/^OPTIONS sip:(?:dead|alive)@10\.0\.0\.5 SIP\/2\.0\r\n/);
      expect(text).toContain('From: <sip:pinger@example.com>;tag=');
      if (port !== 5002) continue;
      await server.clock.pass(20);
      server.receive(okTo(text), phone(port));
    }
  }
  expect(server.prints.filter((line) => line.startsWith('gone'))).toEqual([
    'gone location sip:dead@10.0.0.5',
  ]);
  const latencies = server.prints.filter((line) => line.startsWith('latency'));
  expect(latencies.length).toBeGreaterThan(3);
  expect(Number(latencies[0]?.split(' ')[1])).toBeGreaterThanOrEqual(20_000);
  await server.close();
});

test('nathelper:enable_ping switches pings off and on', async () => {
  const server = await simulatedServer(nathelper(''), modules);
  const state = (args: Record<string, number>) => server.command('nathelper:enable_ping', args);
  register(server, 'alice', 5001);
  server.sent();
  expect(await state({ natping_state: 0 })).toEqual({ Status: 'Disabled' });
  await server.clock.pass(60_000);
  expect(server.sent()).toEqual([]);
  expect(await state({})).toEqual({ Status: 'Disabled' });
  expect(await state({ natping_state: 1 })).toEqual({ Status: 'Enabled' });
  await server.clock.pass(60_000);
  expect(server.sent()).toHaveLength(2);
  await server.close();
});

test('a refreshed contact is not removed by pings that it lost before', async () => {
  const server = await simulatedServer(nathelper('SIP REMOVE'), modules);
  for (let i = 0; i < 20; i++) {
    register(server, 'bob', 5001);
    await server.clock.pass(40_000);
  }
  expect(server.prints).toEqual([]);
  await server.close();
});

const traversal = `
modparam("nat_traversal", "keepalive_interval", 20)
modparam("nat_traversal", "keepalive_extra_headers", "X-Keep: yes\\r\\n")
route {
  if (client_nat_test(3)) nat_keepalive();
  if (is_method("REGISTER")) save("location");
  else if (is_method("BYE") || $hdr(X-Refuse) == NULL) send_reply(200, "OK");
  else send_reply(403, "Forbidden");
  xlog("$source_uri");
}
timer_route[look, 10] { xlog("socket $keepalive.socket(sip:192.0.2.7:5001)"); }`;

test('nat_traversal keeps who registers alive for as long as that lasts, and who is refused not at all', async () => {
  const server = await simulatedServer(traversal, [
    ...['tm', 'sl', 'signaling', 'sipmsgops', 'usrloc', 'registrar', 'nat_traversal'],
  ]);
  server.receive(
    {
      method: 'REGISTER',
      uri: 'sip:example.com',
      to: '<sip:bob@example.com>',
      headers: ['Contact: <sip:bob@10.0.0.5>;expires=70'],
    },
    phone(5001),
  );
  server.receive({ method: 'SUBSCRIBE', callId: 's', headers: ['X-Refuse: 1', 'Expires: 60'] }, phone(5002));
  await server.clock.pass(1000);
  expect(server.prints).toContain('sip:192.0.2.7:5001');
  server.sent();
  await server.clock.pass(120_000);
  const pings = server.sent();
  expect(new Set(pings.map(({ port }) => port))).toEqual(new Set([5001]));
  expect(pings.length).toBeGreaterThanOrEqual(3);
  expect(pings.at(-1)?.at).toBeLessThanOrEqual(71_000);
  expect(pings[0]?.text).toMatch(
    /^NOTIFY sip:192\.0\.2\.7:5001 SIP\/2\.0\r\n[^]*From: <sip:keepalive@127\.0\.0\.1>;tag=[^]*Event: keep-alive\r\nX-Keep: yes\r\n/,
  );
  await server.close();
});

test('nat_traversal keeps a caller alive until the BYE', async () => {
  const server = await simulatedServer(traversal, [
    'tm',
    'sl',
    'signaling',
    'sipmsgops',
    'usrloc',
    'registrar',
    'nat_traversal',
  ]);
  const call = { callId: 'call', headers: ['Contact: <sip:anna@10.0.0.6>'] };
  server.receive({ ...call, method: 'INVITE' }, phone(5003));
  await server.clock.pass(100_000);
  const during = server.sent().filter(({ text }) => text.startsWith('NOTIFY'));
  expect(during.length).toBeGreaterThanOrEqual(4);
  server.receive({ ...call, method: 'BYE', cseq: '2 BYE', to: '<sip:bob@example.com>;tag=2' }, phone(5003));
  await server.clock.pass(1000);
  server.sent();
  await server.clock.pass(100_000);
  expect(server.sent().filter(({ text }) => text.startsWith('NOTIFY'))).toEqual([]);
  await server.close();
});
