import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { reply, startRawServer } from '../rest/raw-server.ts';
import { createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { launch } from '../support/launch.ts';
import { startNameServer } from '../support/name-server.ts';
import { startSiprest } from '../support/program.ts';
import { startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWatched } from '../support/watched.ts';

const restModule = new URL('../../dist/rest.js', import.meta.url).href;
const preload = fileURLToPath(new URL('../support/name-server-preload.mjs', import.meta.url));

it('a changed /etc/resolv.conf affects SIP, REST and {ip.resolve} alike', async () => {
  const [old, changed] = await Promise.all(
    ['127.0.0.2', '127.0.0.1'].map(async (address) =>
      closeLater(await startNameServer(() => ({ addresses: [address], ttl: 0 }))),
    ),
  );
  const service = closeLater(await startService((_, response) => response.end('x')));
  const peer = await SipPeer.open();
  const resolvConf = join(temporaryFolder('resolv'), 'resolv.conf');
  const use = (server: { address: string } | undefined) =>
    writeFileSync(resolvConf, `# changed\nnameserver ${server?.address}\n`);
  use(old);
  const siprest = closeLater(
    await startSiprest(
      `
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rest_client.so"
modparam("tm", "fr_timeout", 1)
route {
  if ($rU == "call") {
    $ru = "sip:x@gw.test:${peer.port}";
    t_relay();
    exit;
  }
  $var(name) = "gw.test";
  $var(rc) = rest_get("${service.origin.replace('127.0.0.1', 'gw.test')}/", $var(body));
  send_reply(480, "$(var(name){ip.resolve}) $var(rc)");
}
`,
      { env: { RESOLV_CONF: resolvConf, NODE_OPTIONS: `--import=${preload}` } },
    ),
  );
  const ask = async () => (await sendSip({ method: 'OPTIONS' }, { port: siprest.port })).at(-1)?.reason;
  expect(await ask()).toBe('127.0.0.2 -1');
  use(changed);
  await delay(2_100);
  expect(await ask()).toBe('127.0.0.1 1');
  const call = sendSip(
    { method: 'OPTIONS', uri: `sip:call@127.0.0.1:${siprest.port}` },
    { port: siprest.port },
  );
  peer.reply(await peer.next('OPTIONS'), 200);
  expect((await call).at(-1)?.status).toBe(200);
});

it('without a free descriptor, a lookup and a new connection replace an idle connection', async () => {
  const names = closeLater(await startNameServer(() => ({ addresses: ['127.0.0.1'], ttl: 0 })));
  const service = closeLater(await startService((_, response) => response.end('x')));
  const { port } = new URL(service.origin);
  const program = `
import { openSync } from 'node:fs';
import { NameResolver, RestClient, RestShared } from ${JSON.stringify(restModule)};
const shared = new RestShared({ resolver: new NameResolver({ servers: ['${names.address}'] }) });
const client = new RestClient({ shared, timeout: 5_000 });
const first = await client.get('http://first.a.test:${port}/');
try {
  for (;;) openSync('/dev/null');
} catch ({ code }) {
  const second = await client.get('http://second.a.test:${port}/');
  console.log(first.rc, code, second.kind, 'done');
}
process.exit();
`;
  const launched = launch('sh', [
    '-c',
    'ulimit -n 64; exec "$0" --input-type=module -e "$1"',
    process.execPath,
    program,
  ]);
  await launched.prints('done');
  expect(launched.stdout.trim()).toBe('1 EMFILE response done');
});

it('a reload reads CA files again, and removed ones are no longer trusted', async () => {
  const authority = createAuthority();
  const { key, cert } = authority.issue({ names: ['localhost'] });
  const server = closeLater(
    await startRawServer((socket) => socket.write(reply('x')), { tls: { key, cert } }),
  );
  const folder = temporaryFolder('ca');
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
  const siprest = closeLater(
    await startWatched(`
socket=udp:127.0.0.1:PORT
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "rest_client.so"
modparam("rest_client", "ssl_capath", "${folder}")
route {
  $var(rc) = rest_get("${server.origin}/", $var(body));
  send_reply(480, "$var(rc)");
}
`),
  );
  const ask = async () => (await sendSip({ method: 'OPTIONS' }, { port: siprest.port })).at(-1)?.reason;
  expect([await ask(), await ask()]).toEqual(['1', '1']);
  rmSync(join(folder, 'ca.pem'));
  expect(await siprest.command('reload').ended).toBe(0);
  expect(await ask()).toBe('-10');
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
  expect(await siprest.command('reload').ended).toBe(0);
  expect(await ask()).toBe('1');
});

it.each([
  ['no', '127.0.0.9'],
  ['yes', '127.0.0.1'],
])('mhomed=%s: a request received on 127.0.0.9 goes out by %s', async (setting, address) => {
  const peer = await SipPeer.open();
  const siprest = closeLater(
    await startSiprest(`
socket=udp:127.0.0.9:PORT
socket=udp:127.0.0.1:PORT
mhomed=${setting}
loadmodule "tm.so"
route { $ru = "sip:x@127.0.0.1:${peer.port}"; t_relay(); }
`),
  );
  const call = sendSip(
    { method: 'OPTIONS', uri: `sip:127.0.0.9:${siprest.port}` },
    { port: siprest.port, host: '127.0.0.9' },
  );
  const request = await peer.next('OPTIONS');
  expect(request.header('via')).toContain(` ${address}:${siprest.port};`);
  peer.reply(request, 200);
  expect((await call).at(-1)?.status).toBe(200);
});
