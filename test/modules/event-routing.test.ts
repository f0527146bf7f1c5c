/** event_routing: scripts that wait for events, and branches to phones that register while they are called. */
import { describe, expect, test } from 'vitest';
import { type SimulatedServer, simulatedServer } from '../support/simulated-server.ts';

const modules = ['tm', 'sl', 'rr', 'signaling', 'sipmsgops', 'usrloc', 'registrar', 'event_routing'];

const starting = (routes: string, register = 'save("location");') => `
route {
  if (is_method("REGISTER")) { ${register} exit; }
  if (is_method("CANCEL")) { t_relay(); exit; }
  ${routes}`;

function register(server: SimulatedServer, user: string, port: number): void {
  server.receive(
    {
      method: 'REGISTER',
      uri: 'sip:example.com',
      to: `<sip:${user}@example.com>`,
      callId: `r${port}`,
      cseq: `1 REGISTER`,
      headers: [`Contact: <sip:${user}@192.0.2.7:${port}>;q=0.5`],
    },
    { address: '192.0.2.7', port, transport: 'udp' },
  );
}

const invite = { method: 'INVITE', uri: 'sip:bob@example.com', callId: 'call' };
const options = { method: 'OPTIONS', uri: 'sip:bob@example.com', callId: 'asking' };
const starts = (server: SimulatedServer) =>
  server.sent().map(({ text, port }) => `${text.slice(0, text.indexOf('\r\n'))} ${port}`);

describe('notify_on_event()', () => {
  const call = starting(`
  t_newtran();
  t_wait_for_new_branches();
  $avp(filter) = "aor=" + $rU + "@*";
  notify_on_event("E_UL_CONTACT_INSERT", $avp(filter), "fork", 20);
  xlog("$rc");
  if (lookup("location")) t_relay();
}
route[fork] { xlog("$avp(aor) $avp(uri) $avp(callid) $ci"); t_inject_branches("event"); xlog("injected $rc"); }`);

  test('adds the contact that has just registered to the call', async () => {
    const server = await simulatedServer(call, modules);
    server.receive(invite);
    await server.clock.pass(1000);
    expect(starts(server)).toEqual(['SIP/2.0 100 Giving it a try 40000']);
    register(server, 'carol', 5003);
    register(server, 'bob', 5001);
    await server.clock.pass(100);
    expect(server.prints).toEqual(['1', 'bob@example.com sip:bob@192.0.2.7:5001 r5001 <null>', 'injected 1']);
    expect(starts(server).filter((line) => line.startsWith('INVITE'))).toEqual([
      'INVITE sip:bob@192.0.2.7:5001 SIP/2.0 5001',
    ]);
    // each event counts while the time lasts
    register(server, 'bob', 5002);
    await server.clock.pass(100);
    expect(starts(server)).toContain('INVITE sip:bob@192.0.2.7:5002 SIP/2.0 5002');
    await server.close();
  });

  test('ends with its time, and adds nothing to a call that is over', async () => {
    const server = await simulatedServer(call, modules);
    server.receive(invite);
    await server.clock.pass(21_000);
    register(server, 'bob', 5001);
    await server.clock.pass(100);
    expect(server.prints).toEqual(['1']);
    const other = {
      uri: 'sip:carol@example.com',
      callId: 'other',
      via: 'SIP/2.0/UDP 192.0.2.9:40000;branch=z9hG4bKother;rport',
    };
    server.receive({ ...other, method: 'INVITE', cseq: '1 INVITE' });
    await server.clock.pass(100);
    server.receive({ ...other, method: 'CANCEL', cseq: '1 CANCEL' });
    await server.clock.pass(100);
    expect(starts(server)).toContain('SIP/2.0 487 Request Terminated 40000');
    register(server, 'carol', 5009);
    await server.clock.pass(100);
    expect(server.prints.at(-1)).toBe('injected -3');
    expect(starts(server).filter((line) => line.startsWith('INVITE'))).toEqual([]);
    await server.close();
  });

  test('a pick-up takes a call to whoever picks it up, and cancels the others', async () => {
    const server = await simulatedServer(
      starting(`
  if ($rU == "33") {
    send_reply(480, "Gone");
    $avp(n) = "group"; $avp(v) = "1"; $avp(n) = "picker"; $avp(v) = $fu;
    raise_event("E_PICKUP", $avp(n), $avp(v));
    exit;
  }
  lookup("location");
  t_newtran();
  $avp(filter) = "group=1";
  notify_on_event("E_PICKUP", $avp(filter), "picked", 20);
  t_relay();
}
route[picked] { if (lookup("location", "", $avp(picker))) { t_inject_branches("msg", "cancel"); xlog("$rc"); } }`),
      modules,
    );
    register(server, 'bob', 5001);
    register(server, 'charlie', 5002);
    await server.clock.pass(100);
    server.receive(invite);
    await server.clock.pass(100);
    server.sent();
    server.receive({
      ...invite,
      uri: 'sip:33@example.com',
      callId: 'pickup',
      from: '<sip:charlie@example.com>;tag=c',
    });
    await server.clock.pass(100);
    expect([server.prints, server.log]).toEqual([['1'], []]);
    expect(starts(server)).toContain('INVITE sip:charlie@192.0.2.7:5002 SIP/2.0 5002');
    await server.close();
  });

  test('a filter of another form is left out, and one for a missing attribute matches', async () => {
    const server = await simulatedServer(
      starting(`
  if (is_method("OPTIONS")) {
    $avp(f) = "no filter"; $avp(f) = "missing=x";
    notify_on_event("E_A", $avp(f), "got", 0);
    xlog("$rc");
    exit;
  }
  $avp(n) = "a"; $avp(v) = "1"; raise_event("E_A", $avp(n), $avp(v));
  raise_event("E_A", , $avp(v));
}
route[got] { xlog("got $avp(a) $avp(1)"); }`),
      modules,
    );
    server.receive(options);
    server.receive({ method: 'MESSAGE', uri: 'sip:x@x', callId: 'm' });
    await server.clock.pass(100);
    expect([server.prints, server.log.join()]).toEqual([
      ['1', 'got 1 <null>', 'got <null> <null>'],
      expect.stringContaining('notify_on_event(): left out the filter "no filter": expected attribute=value'),
    ]);
    await server.close();
  });

  test('a time of more than a day is refused', async () => {
    const server = await simulatedServer(
      starting(`notify_on_event("E_A", $avp(f), "x", 90000); xlog("$rc"); }
route[x] { exit; }`),
      modules,
    );
    server.receive(options);
    await server.clock.pass(10);
    expect([server.prints, server.log.join()]).toEqual([
      ['-1'],
      expect.stringContaining('a timeout of more than 86400 seconds'),
    ]);
    await server.close();
  });
});

describe('wait_for_event()', () => {
  const waiting = (wait: string) =>
    starting(`
  $avp(f) = "aor=" + $rU + "@example.com";
  ${wait}
}
route[resumed] { xlog("$rc $avp(uri)"); }`);

  test.each(['async(wait_for_event("E_UL_CONTACT_INSERT", $avp(f), 40), resumed);'])(
    '%s goes on with the attributes of the event',
    async (wait) => {
      const server = await simulatedServer(waiting(wait), modules);
      server.receive(options);
      await server.clock.pass(1000);
      register(server, 'carol', 5003);
      register(server, 'bob', 5001);
      await server.clock.pass(100);
      expect(server.prints).toEqual(['1 sip:bob@192.0.2.7:5001']);
      await server.close();
    },
  );

  test('is -2 after its time, also without async()', async () => {
    const server = await simulatedServer(
      waiting(
        'wait_for_event("E_NEVER", $avp(f), 2); xlog("$rc"); async(wait_for_event("E_NEVER", $avp(f), 2), resumed);',
      ),
      modules,
    );
    server.receive(options);
    await server.clock.pass(1900);
    expect(server.prints).toEqual([]);
    await server.clock.pass(2200);
    expect(server.prints).toEqual(['-2', '-2 <null>']);
    await server.close();
  });

  test('all filters have to match, with the wildcards of a shell', async () => {
    const server = await simulatedServer(
      starting(`
  if (is_method("OPTIONS")) { $avp(f) = "a=x*"; $avp(f) = "b=[12]"; async(wait_for_event("E_A", $avp(f), 9), resumed); }
  $avp(n) = "a"; $avp(v) = "xyz"; $avp(n) = "b"; $avp(v) = $rU;
  raise_event("E_A", $avp(n), $avp(v));
}
route[resumed] { xlog("$rc $avp(b)"); }`),
      modules,
    );
    server.receive(options);
    for (const user of ['3', '2', '1'])
      server.receive({ method: 'MESSAGE', uri: `sip:${user}@x`, callId: `m${user}` });
    await server.clock.pass(100);
    expect(server.prints).toEqual(['1 2']);
    await server.close();
  });
});
