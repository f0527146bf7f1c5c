import { describe, expect, test } from 'vitest';
import { type RelayBench, relayBench } from '../support/relay-bench.ts';
import { TcpPeer } from '../support/tcp-peer.ts';

const sockets = 'socket=udp:127.0.0.1:0\nsocket=tcp:127.0.0.1:0\n';

const tcpPort = ({ server }: RelayBench): number =>
  Number(
    server.server.sockets
      .find((name) => name.startsWith('tcp:'))
      ?.split(':')
      .at(-1),
  );

describe('a next hop that closes its TCP connection', () => {
  test('before it has answered is treated like a 503: the next one is tried', async () => {
    const peer = await TcpPeer.listen();
    const { port, caller, callees, prints } = await relayBench(
      `${sockets}
       route { $du = "sip:127.0.0.1:${peer.port};transport=tcp"; t_on_failure("f"); t_relay(); }
       failure_route[f] { xlog("print $T_reply_code"); $du = "sip:CALLEE0"; t_relay(); }`,
    );
    const [callee] = callees;
    caller.request(port, 'sip:bob@biloxi.example');
    await peer.sees(/INVITE/);
    peer.half();
    const got = await callee?.next('INVITE');
    if (got !== undefined) callee?.reply(got, 200);
    await caller.next(200);
    expect(prints()).toEqual(['503']);
  });

  test('after a provisional response may continue on another connection', async () => {
    const peer = await TcpPeer.listen();
    const bench = await relayBench(
      `${sockets} route { $du = "sip:127.0.0.1:${peer.port};transport=tcp"; t_relay(); }`,
    );
    bench.caller.request(bench.port, 'sip:bob@biloxi.example');
    const invite = (await peer.sees(/\r\n\r\n/)).split('\r\n');
    const reply = (status: string): string =>
      [`SIP/2.0 ${status}`, ...invite.filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/.test(line))].join(
        '\r\n',
      );
    peer.send(`${reply('180 Ringing')}\r\nContent-Length: 0\r\n\r\n`);
    await bench.caller.next(180);
    peer.hangUp();
    const again = await TcpPeer.connect(tcpPort(bench));
    again.send(`${reply('486 Busy Here')}\r\nContent-Length: 0\r\n\r\n`);
    await bench.caller.next(486);
  });
});

describe('a request over TCP', () => {
  const request = (length: string): string =>
    'OPTIONS sip:bob@biloxi.example SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKx\r\n' +
    `From: <sip:a@b>;tag=1\r\nTo: <sip:bob@biloxi.example>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n${length}\r\n`;

  test.each([
    ['without a Content-Length', ''],
    ['with one that is not a number', 'Content-Length: many\r\n'],
    ['with two that differ', 'Content-Length: 0\r\nl: 4\r\n'],
    ['with a body above the limit', 'Content-Length: 1000000\r\n'],
  ])('%s is answered 400 before its connection is closed', async (_, length) => {
    const bench = await relayBench(`${sockets} route { xlog("print ran"); sl_send_reply(200, "OK"); }`);
    const peer = await TcpPeer.connect(tcpPort(bench));
    // what follows is dropped, and does not reset the connection before the reply was read
    peer.send(request(length) + 'x'.repeat(100_000));
    expect(await peer.sees(/\r\n\r\n/)).toMatch(/^SIP\/2\.0 400 Bad Request\r\nVia: [^]*CSeq: 1 OPTIONS\r\n/);
    await peer.hasEnded();
    expect(bench.prints()).toEqual([]);
  });

  test('is answered by an error_route, even by a slow one', async () => {
    const bench = await relayBench(
      `${sockets} loadmodule "cfgutils.so"
       route { exit; } error_route { usleep(50000); xlog("print $err.rcode"); sl_send_reply(400, "No Length"); }`,
    );
    const peer = await TcpPeer.connect(tcpPort(bench));
    peer.send(request(''));
    await peer.sees(/^SIP\/2\.0 400 No Length\r\n/);
    await peer.hasEnded();
    expect(bench.prints()).toEqual(['400']);
  });

  test('gets its reply even if its client has half-closed', async () => {
    const bench = await relayBench(`${sockets} route { $ru = "sip:a@CALLEE0"; t_relay(); }`);
    const [callee] = bench.callees;
    const peer = await TcpPeer.connect(tcpPort(bench));
    peer.send(request('Content-Length: 0\r\n'));
    peer.half();
    const got = await callee?.next('OPTIONS');
    if (got !== undefined) callee?.reply(got, 200);
    await peer.sees(/^SIP\/2\.0 200 /);
    await peer.hasEnded();
  });
});
