/** Scripts with WebSockets. A browser and a phone that call each other are in test/interop. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { IPV6_TORTURE, TORTURE } from '../sip/torture.ts';
import { closeLater } from '../support/close-later.ts';
import { type RelayBench, relayBench } from '../support/relay-bench.ts';
import { requestText } from '../support/sip-client.ts';
import { until } from '../support/until.ts';

const ports = ({ server }: RelayBench): readonly number[] =>
  server.server.sockets
    .filter((name) => name.startsWith('ws:'))
    .map((name) => Number(name.split(':').at(-1)));

async function browser(port: number | undefined) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sip', { origin: 'http://127.0.0.1' });
  const received: string[] = [];
  socket.on('message', (data: Buffer) => received.push(data.toString()));
  closeLater({ close: () => socket.terminate() });
  await once(socket, 'open');
  return { socket, received };
}

const viaWebSocket = (text: string): string =>
  text.replace(/SIP\/2\.0\/UDP [^;]*/, 'SIP/2.0/WS browser.invalid').replace(/;rport/, '');

test('survives the torture messages of RFC 4475 and RFC 5118', async () => {
  const bench = await relayBench(
    'socket=udp:127.0.0.1:0\nsocket=ws:127.0.0.1:0\nroute { sl_send_reply(200, "OK"); }',
  );
  const { socket, received } = await browser(ports(bench)[0]);
  for (const { text } of [...TORTURE, ...IPV6_TORTURE]) socket.send(Buffer.from(text, 'latin1'));
  socket.send(viaWebSocket(requestText({ callId: 'after-all' }, 1)));
  await until(() => received.some((text) => text.includes('Call-ID: after-all')));
});

test('a request finds the socket that a browser is connected to', async () => {
  const bench = await relayBench(`socket=udp:127.0.0.1:0
    socket=ws:127.0.0.1:0
    socket=ws:127.0.0.1:0
    loadmodule "usrloc.so"
    loadmodule "registrar.so"
    loadmodule "nathelper.so"
    modparam("registrar|nathelper", "received_avp", "$avp(received)")
    route {
      if (is_method("REGISTER")) { fix_nated_register(); save("location"); exit; }
      if (lookup("location")) t_relay(); else sl_send_reply(404, "Not Found");
    }`);
  const { socket, received } = await browser(ports(bench)[1]);
  socket.send(
    viaWebSocket(
      requestText({ method: 'REGISTER', to: '<sip:bob@biloxi.example>', uri: 'sip:biloxi.example' }, 1),
    ).replace(/^Contact: .*$/m, 'Contact: <sip:bob@browser.invalid;transport=ws>'),
  );
  await until(() => received.length === 1);
  expect(received[0]).toMatch(/^SIP\/2\.0 200/);
  bench.caller.request(bench.port, 'sip:bob@biloxi.example');
  await until(() => received.length === 2);
  expect(received[1]).toMatch(/^INVITE sip:bob@browser\.invalid;transport=ws /);
});

test.each([
  ['proto_ws', 'allowed_origin', 'phone.example.com', /invalid allowed_origin "phone\.example\.com"/],
  ['proto_ws', 'ws_resource', 'sip', /invalid ws_resource "sip"/],
])('%s refuses the %s %s', async (module, name, value, message) => {
  const script = `loadmodule "${module}.so"\nmodparam("${module}", "${name}", "${value}")\nroute { exit; }`;
  await expect(relayBench(script)).rejects.toThrow(message);
});

test.each([
  ['socket=ws:127.0.0.1:0 allow_proxy_protocol', /allow_proxy_protocol needs the addresses of the proxies/],
  [
    'proxy_protocol_from = "nobody"\nsocket=ws:127.0.0.1:0 allow_proxy_protocol',
    /invalid address "nobody" in proxy_protocol_from/,
  ],
])('%s is an error', async (settings, message) => {
  await expect(relayBench(`${settings}\nroute { exit; }`)).rejects.toThrow(message);
});
