import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { relayBench } from '../support/relay-bench.ts';

test.each(['INVITE', 'OPTIONS'])('%s to a closed UDP port is tried elsewhere at once', async (method) => {
  const { port, caller, callees, prints } = await relayBench(
    `modparam("tm", "T1_timer", 100)
     route { $du = "sip:127.0.0.1:${await freePort()}"; t_on_failure("f"); t_relay(); }
     failure_route[f] { xlog("print $T_reply_code"); $du = "sip:CALLEE0"; t_relay(); }`,
  );
  const [callee] = callees;
  caller.request(port, 'sip:bob@biloxi.example', { method });
  const got = await callee?.next(method);
  if (got !== undefined) callee?.reply(got, 200);
  await caller.next(200);
  expect(prints()).toEqual(['503']);
});

test('a phone behind a NAT is not given up because of an ICMP error', async () => {
  const phone = createSocket('udp4').bind(0, '127.0.0.1');
  await once(phone, 'listening');
  const { port: mapped } = phone.address();
  const { port, caller, prints } = await relayBench(
    `modparam("tm", "T1_timer", 50)
     modparam("tm", "fr_timeout", 1)
     route {
       if (is_method("REGISTER")) { sl_send_reply(200, "OK"); exit; }
       t_on_failure("f"); t_relay();
     }
     failure_route[f] { xlog("print $T_reply_code"); }`,
  );
  phone.send(
    'REGISTER sip:biloxi.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bKphone\r\n' +
      'From: <sip:bob@biloxi.example>;tag=1\r\nTo: <sip:bob@biloxi.example>\r\nCall-ID: phone\r\nCSeq: 1 REGISTER\r\n' +
      'Content-Length: 0\r\n\r\n',
    port,
    '127.0.0.1',
  );
  await once(phone, 'message');
  phone.close();
  caller.request(port, `sip:bob@127.0.0.1:${mapped}`);
  await caller.next(408);
  expect(prints()).toEqual(['408']);
});
