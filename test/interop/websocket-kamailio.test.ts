/** WebSocket between siprest and Debian's Kamailio, each as the server of the other. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { launch } from '../support/launch.ts';
import { freePort } from '../support/ports.ts';
import { startServer } from '../support/server.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A server of WebSocket that relays to a port of UDP, and sends requests to the client that has connected. */
async function startKamailio(next: number): Promise<{ readonly udp: number; readonly ws: number }> {
  const [udp, ws] = [await freePort(), await freePort()];
  const folder = temporaryFolder('kamailio');
  const run = join(folder, 'run');
  mkdirSync(run);
  const file = join(folder, 'kamailio.cfg');
  const modules = [
    'tm',
    'sl',
    'rr',
    'pv',
    'textops',
    'siputils',
    'maxfwd',
    'xhttp',
    'websocket',
    'nathelper',
    'htable',
  ];
  writeFileSync(
    file,
    `#!KAMAILIO
debug=1
log_stderror=yes
children=2
tcp_children=2
auto_aliases=no
tcp_accept_no_cl=yes
listen=udp:127.0.0.1:${udp}
listen=tcp:127.0.0.1:${ws}
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("htable", "htable", "flow=>size=4;")
request_route {
  if ($pr == "ws") {
    force_rport();
    $sht(flow=>client) = "sip:" + $si + ":" + $sp + ";transport=ws";
    $du = "sip:127.0.0.1:${next}";
  } else {
    $du = $sht(flow=>client);
  }
  t_relay();
}
event_route[xhttp:request] {
  if ($hdr(Upgrade) =~ "websocket" && $hdr(Connection) =~ "Upgrade") {
    if (ws_handle_handshake()) exit;
  }
  xhttp_reply("404", "Not Found", "", "");
}
`,
  );
  const args = ['-DD', '-E', '-f', file, '-Y', run, '-w', run, '-m', '32', '-M', '4'];
  const program = closeLater(launch(commandPath('kamailio'), args, { cwd: folder }));
  await program.prints(/Listening on/i);
  await new Promise((resolve) => setTimeout(resolve, 500)); // its workers start after that line
  return { udp, ws };
}

it('siprest connects to Kamailio, and both send requests by that connection', async () => {
  const phone = await SipPeer.open();
  const behind = await SipPeer.open();
  const kamailio = await startKamailio(behind.port);
  const { port } = closeLater(
    await startServer(`socket=udp:127.0.0.1:0
      socket=ws:127.0.0.1:0
      loadmodule "tm.so"
      loadmodule "sl.so"
      route {
        if ($socket_in(proto) == "ws") $du = "sip:127.0.0.1:${phone.port}";
        else $du = "sip:127.0.0.1:${kamailio.ws};transport=ws";
        t_relay();
      }`),
  );
  const replies = sendSip({ method: 'OPTIONS' }, { port });
  const there = await behind.next('OPTIONS');
  expect(there.all('via').map((via) => via.split(' ')[0])).toEqual([
    'SIP/2.0/UDP',
    'SIP/2.0/WS',
    'SIP/2.0/UDP',
  ]);
  behind.reply(there, 200);
  expect((await replies).at(-1)?.status).toBe(200);

  const back = sendSip({ method: 'OPTIONS', body: 'x'.repeat(3000) }, { port: kamailio.udp });
  const here = await phone.next('OPTIONS');
  expect(here.body).toBe('x'.repeat(3000));
  phone.reply(here, 200);
  expect((await back).at(-1)?.status).toBe(200);
});
