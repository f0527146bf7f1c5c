import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { relayBench } from '../support/relay-bench.ts';
import { TcpPeer } from '../support/tcp-peer.ts';

const external = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

describe('a server on all addresses', () => {
  const script = (socket: string) => `
    socket=${socket}
    route {
      xlog("print $socket_in(ip) $socket_in");
      if (has_totag()) { loose_route(); xlog("print du $du"); t_relay(); exit; }
      record_route();
      $ru = "sip:a@CALLEE0";
      t_relay();
    }`;

  test.each(['udp:*:0', 'udp:0.0.0.0:0'])(
    '%s knows itself by the address it is reached at',
    async (socket) => {
      const { port, caller, callees, prints } = await relayBench(script(socket));
      const [callee] = callees;
      if (callee === undefined) throw new Error('no callee');
      caller.request(port, 'sip:bob@biloxi.example');
      const got = await callee.next('INVITE');
      expect(prints()).toEqual([`127.0.0.1 udp:127.0.0.1:${port}`]);
      expect(got.header('record-route')).toBe(`<sip:127.0.0.1:${port};lr;ftag=alice1>`);
      expect(got.header('via')).toContain(`SIP/2.0/UDP 127.0.0.1:${port};`);
      caller.request(port, callee.uri('a'), {
        method: 'BYE',
        to: '<sip:bob@biloxi.example>;tag=b',
        headers: [`Route: <sip:127.0.0.1:${port};lr;ftag=alice1>`],
      });
      expect((await callee.next('BYE')).all('route')).toEqual([]);
      expect(prints().at(-1)).toBe('du <null>');
    },
  );

  test('is_myself() is true for the addresses of the machine, and no others', async () => {
    const asks = (host: string, port?: number) =>
      `if (is_myself("${host}"${port === undefined ? '' : `, ${port}`})) xlog("print ${host} ${port ?? ''}");`;
    const { caller, port, prints, server } = await relayBench(`
      socket=udp:*:0
      alias=other.example
      route {
        ${asks('127.0.0.1')} ${asks('127.0.0.1', 1)} ${asks('192.0.2.77')} ${asks('other.example')}
        ${external === undefined ? '' : asks(external)}
        if (is_myself("127.0.0.1", $socket_in(port))) xlog("print with port");
        $ru = "sip:bob@127.0.0.1:" + $socket_in(port);
        if (uri == myself && dst_ip == myself && !($ru != myself)) xlog("print former words");
        xlog("end");
      }`);
    caller.request(port, 'sip:bob@biloxi.example');
    await server.logs('end');
    expect(prints()).toEqual([
      '127.0.0.1',
      'other.example',
      ...(external === undefined ? [] : [external]),
      'with port',
      'former words',
    ]);
  });

  test('works with [::] as well', async () => {
    const { port, caller, prints, server } = await relayBench(`
      socket=udp:127.0.0.1:0
      socket=udp:[::]:0
      route {
        if (is_myself("::1")) xlog("print six");
        if (is_myself("[::1]")) xlog("print in brackets");
        xlog("end");
      }`);
    caller.request(port, 'sip:bob@biloxi.example');
    await server.logs('end');
    expect(prints()).toEqual(['six', 'in brackets']);
  });
});

test('after a doubled Record-Route a request uses the transport that the second Route names', async () => {
  const peer = await TcpPeer.listen();
  const { port, caller, prints, server } = await relayBench(`
    socket=udp:127.0.0.1:0
    socket=tcp:127.0.0.1:0
    route { loose_route(); xlog("print $socket_out"); t_relay(); }`);
  const tcp = server.server.sockets.find((name) => name.startsWith('tcp:'))?.slice(4);
  caller.request(port, `sip:bob@127.0.0.1:${peer.port}`, {
    method: 'BYE',
    to: '<sip:bob@biloxi.example>;tag=b',
    headers: [`Route: <sip:127.0.0.1:${port};lr;r2=on>, <sip:${tcp};transport=tcp;lr;r2=on>`],
  });
  const got = await peer.sees(/\r\n\r\n/);
  expect(got).toMatch(
    new RegExp(`^BYE sip:bob@127\\.0\\.0\\.1:${peer.port} SIP/2\\.0\r\nVia: SIP/2\\.0/TCP `),
  );
  expect(got).not.toMatch(/^Route:/m);
  expect(prints()).toEqual([`tcp:${tcp}`]);
});
