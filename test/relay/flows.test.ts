/** Requests to clients that only they can connect: flows (RFC 5626), kept connections, PROXY headers. */
import { describe, expect, test } from 'vitest';
import { proxyHeader } from '../support/proxy-header.ts';
import { type RelayBench, relayBench } from '../support/relay-bench.ts';
import type { PeerMessage } from '../support/sip-peer.ts';
import { TcpPeer } from '../support/tcp-peer.ts';

const sockets = 'socket=udp:127.0.0.1:0\nsocket=tcp:127.0.0.1:0\n';

const tcpPort = ({ server }: RelayBench): number =>
  Number(
    server.server.sockets
      .find((name) => name.startsWith('tcp:'))
      ?.split(':')
      .at(-1),
  );

let count = 0;

interface Text {
  /** Default `bob`. */
  readonly user?: string;
  readonly contact?: string;
  readonly headers?: readonly string[];
}

function requestText(
  method: string,
  uri: string,
  { user = 'bob', contact, headers = [] }: Text = {},
): string {
  count++;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/TCP client.invalid;branch=z9hG4bKflow${count}`,
    `From: <sip:${user}@biloxi.example>;tag=1`,
    `To: <sip:${user}@biloxi.example>`,
    `Call-ID: flow${count}`,
    `CSeq: 1 ${method}`,
    `Contact: ${contact ?? '<sip:bob@client.invalid;transport=tcp>'}`,
    'Max-Forwards: 70',
    ...headers,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

const outbound = {
  contact: '<sip:bob@client.invalid;transport=tcp>;reg-id=1;+sip.instance="<urn:uuid:1>"',
  headers: ['Supported: path, outbound'],
};

describe('an edge proxy', () => {
  const script = `${sockets}
    loadmodule "path.so"
    loadmodule "signaling.so"
    route {
      if (is_method("REGISTER")) { add_path(); $du = "sip:CALLEE0"; t_relay(); exit; }
      if (!loose_route() && !has_totag()) $du = "sip:CALLEE0";
      if (is_method("INVITE")) record_route();
      if (!t_relay()) send_reply(480, "No Way");
    }`;

  /** A client whose registration has reached the registrar, and the Path of it. */
  async function registered(text: Text = outbound) {
    const bench = await relayBench(script);
    const client = await TcpPeer.connect(tcpPort(bench));
    client.send(requestText('REGISTER', 'sip:biloxi.example', text));
    const [registrar] = bench.callees;
    const register = (await registrar?.next('REGISTER')) as PeerMessage;
    registrar?.reply(register, 200);
    await client.sees(/^SIP\/2\.0 200/);
    client.received = '';
    return { ...bench, client, registrar, path: register.header('path') ?? '' };
  }

  const invite = ({ caller, port }: RelayBench, route: string): string =>
    caller.request(port, 'sip:bob@client.invalid;transport=tcp', { headers: [`Route: ${route}`] });

  test('names the flow of a registration that wants it, and sends requests there', async () => {
    const edge = await registered();
    expect(edge.path).toMatch(/^<sip:127\.0\.0\.1:\d+;transport=tcp;ob;flow=[\w-]+;lr>$/);
    invite(edge, edge.path);
    const got = await edge.client.sees(/INVITE [^]*\r\n\r\n/);
    expect(got).toMatch(/^INVITE sip:bob@client\.invalid;transport=tcp /);
    expect(got).not.toMatch(/^Route:/m);
    // later requests of the dialog find it as well
    expect(got).toMatch(/^Record-Route: <sip:127\.0\.0\.1:\d+;transport=tcp;.*;flow=[\w-]+>/m);
  });

  test('adds a plain Path to other registrations', async () => {
    expect((await registered({})).path).toMatch(/^<sip:127\.0\.0\.1:\d+;transport=tcp;lr>$/);
  });

  test('answers 430 once the flow has failed', async () => {
    const edge = await registered();
    edge.client.half();
    await edge.client.hasEnded();
    invite(edge, edge.path);
    await edge.caller.next(430);
  });

  test('believes no token that it has not made', async () => {
    const edge = await registered();
    invite(edge, edge.path.replace(/flow=...../, 'flow=AAAAA'));
    await edge.registrar?.next('INVITE');
    expect(edge.client.received).toBe('');
  });

  test('finds a caller who wants it by its flow', async () => {
    const edge = await registered();
    edge.client.send(
      requestText('INVITE', 'sip:carol@biloxi.example', {
        contact: '<sip:bob@client.invalid;transport=tcp;ob>',
      }),
    );
    const got = (await edge.registrar?.next('INVITE')) as PeerMessage;
    const routes = got.all('record-route');
    expect(routes).toHaveLength(2);
    edge.registrar?.reply(got, 200);
    await edge.client.sees(/^SIP\/2\.0 200/m);
    edge.client.received = '';
    edge.caller.request(edge.port, 'sip:bob@client.invalid;transport=tcp', {
      method: 'BYE',
      to: '<sip:bob@biloxi.example>;tag=1',
      headers: routes.map((route) => `Route: ${route}`),
    });
    await edge.client.sees(/^BYE sip:bob@client\.invalid/);
  });
});

describe('a registrar', () => {
  const script = `${sockets}
    tcp_connection_lifetime = 1
    tcp_no_new_conn_bflag = "CLIENT"
    loadmodule "signaling.so"
    loadmodule "usrloc.so"
    loadmodule "registrar.so"
    loadmodule "nathelper.so"
    modparam("registrar", "tcp_persistent_flag", "KEEP")
    modparam("registrar|nathelper", "received_avp", "$avp(received)")
    route {
      if (is_method("REGISTER")) {
        fix_nated_register(); setbflag("CLIENT");
        if ($ct =~ "reg-id") setflag("KEEP");
        save("location"); exit;
      }
      if (!lookup("location")) { send_reply(404, "Not Found"); exit; }
      if (!t_relay()) send_reply(480, "No Way");
    }`;

  test('keeps the connection of a client as long as its contact, if the script wants that', async () => {
    const bench = await relayBench(script);
    const [kept, other] = [await TcpPeer.connect(tcpPort(bench)), await TcpPeer.connect(tcpPort(bench))];
    kept.send(requestText('REGISTER', 'sip:biloxi.example', outbound));
    await kept.sees(/^SIP\/2\.0 200/);
    other.send(requestText('REGISTER', 'sip:biloxi.example', { user: 'carol' }));
    await other.sees(/^SIP\/2\.0 200/);
    await other.hasEnded();
    bench.caller.request(bench.port, 'sip:bob@biloxi.example');
    await kept.sees(/INVITE sip:bob@client\.invalid/);
  });

  test('does not connect to a client that has closed its connection', async () => {
    const bench = await relayBench(script);
    const client = await TcpPeer.connect(tcpPort(bench));
    client.send(requestText('REGISTER', 'sip:biloxi.example', outbound));
    await client.sees(/^SIP\/2\.0 200/);
    client.half();
    await client.hasEnded();
    bench.caller.request(bench.port, 'sip:bob@biloxi.example');
    await bench.caller.next(500); // 503 is not forwarded as it is (RFC 3261, 16.7, 6)
  });
});

describe('a load balancer', () => {
  const script = (from: string) => `proxy_protocol_from = "${from}"
    socket=udp:127.0.0.1:0
    socket=tcp:127.0.0.1:0 allow_proxy_protocol
    route { xlog("print $si $sp"); sl_send_reply(200, "OK"); }`;

  test('tells whose connection it passes on', async () => {
    const bench = await relayBench(script('127.0.0.0/8'));
    const peer = await TcpPeer.connect(tcpPort(bench));
    const header = proxyHeader({ address: '2001:db8::7', port: 5555 }).toString('latin1');
    for (const byte of header) peer.send(byte);
    peer.send(requestText('OPTIONS', 'sip:biloxi.example'));
    await peer.sees(/^SIP\/2\.0 200/);
    expect(bench.prints()).toEqual(['2001:db8::7 5555']);
  });

  test('may send requests of its own', async () => {
    const bench = await relayBench(script('127.0.0.1'));
    const peer = await TcpPeer.connect(tcpPort(bench));
    peer.send(proxyHeader(null).toString('latin1') + requestText('OPTIONS', 'sip:biloxi.example'));
    await peer.sees(/^SIP\/2\.0 200/);
    expect(bench.prints()).toEqual([`127.0.0.1 ${peer.port}`]);
  });

  test('is not served without a header', async () => {
    const bench = await relayBench(script('127.0.0.1'));
    const peer = await TcpPeer.connect(tcpPort(bench));
    peer.send(requestText('OPTIONS', 'sip:biloxi.example'));
    await peer.hasEnded();
    expect(bench.prints()).toEqual([]);
  });

  test('is believed only at its own address', async () => {
    const bench = await relayBench(script('192.0.2.1'));
    const peer = await TcpPeer.connect(tcpPort(bench));
    const header = proxyHeader({ address: '2001:db8::7', port: 5555 }).toString('latin1');
    peer.send(header + requestText('OPTIONS', 'sip:biloxi.example'));
    await peer.hasEnded();
    expect(bench.prints()).toEqual([]);
  });
});
