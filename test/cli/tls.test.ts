/** SIP over TLS with the built program: several processes, and `siprest send`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requestText } from '../sip/simulated.ts';
import { createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { launch } from '../support/launch.ts';
import { callIdOf } from '../support/owner.ts';
import { freePort } from '../support/ports.ts';
import { programPath, startSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { TlsPeer } from '../support/tls-peer.ts';

const authority = createAuthority();
const folder = temporaryFolder('tls-cli');
mkdirSync(folder, { recursive: true });
const own = authority.issue({ names: ['localhost'] });
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const domain = `loadmodule "proto_tls.so"
loadmodule "tls_mgm.so"
modparam("tls_mgm", "server_domain", "main")
modparam("tls_mgm", "certificate", "[main]${file('own.pem', own.cert)}")
modparam("tls_mgm", "private_key", "[main]${file('own.key', own.key)}")
modparam("tls_mgm", "ca_list", "[main]${file('ca.pem', authority.cert)}")
`;

it('two processes know the certificate of a connection that one of them has', async () => {
  const port = await freePort();
  closeLater(
    await startSiprest(
      `socket = udp:127.0.0.1:PORT
socket = tls:127.0.0.1:${port}
${domain}loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "sipmsgops.so"
route {
  append_to_reply("X-Peer: $tls_peer_subject_cn $tls_my_subject_cn $tls_version $tls_peer_verified $pp\\r\\n");
  send_reply(200, "OK");
}
`,
      { args: ['--processes', '2'] },
    ),
  );
  const phone = await TlsPeer.connect(port, { ...authority.issue({ commonName: 'phone' }) });
  for (const owner of [0, 1])
    phone.send(
      requestText({ via: `SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bK${owner}`, callId: callIdOf(owner, 'tls') }),
    );
  const received = await phone.sees(/200 OK[^]*200 OK[^]*\r\n\r\n$/);
  const peers = [...received.matchAll(/X-Peer: (.*) (\d+)\r\n/g)];
  expect(peers.map(([, text]) => text)).toEqual(['phone localhost TLSv1.3 1', 'phone localhost TLSv1.3 1']);
  expect(new Set(peers.map(([, , pid]) => pid)).size).toBe(2);
});

it('siprest send verifies a server for a sips: URI', async () => {
  const port = await freePort();
  closeLater(
    await startSiprest(
      `socket = udp:127.0.0.1:PORT
socket = tls:127.0.0.1:${port}
${domain}modparam("tls_mgm", "verify_cert", "[main]0")
loadmodule "signaling.so"
loadmodule "sl.so"
route { send_reply(200, "Secure"); }
`,
    ),
  );
  const send = (env: NodeJS.ProcessEnv) =>
    launch(process.execPath, [programPath, 'send', 'OPTIONS', `sips:bob@localhost:${port}`], {
      env: { ...process.env, ...env },
    });
  const trusting = send({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });
  expect([await trusting.ended, trusting.stdout]).toEqual([0, expect.stringContaining('200 Secure')]);
  const strict = send({});
  expect([await strict.ended, strict.stdout]).toEqual([
    2,
    expect.stringContaining('CA of its certificate is unknown'),
  ]);
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'each of several processes resumes a session of %s',
  async (version) => {
    const port = await freePort();
    closeLater(
      await startSiprest(
        `socket = udp:127.0.0.1:PORT
socket = tls:127.0.0.1:${port}
${domain}modparam("tls_mgm", "verify_cert", "[main]0")
loadmodule "signaling.so"
loadmodule "sl.so"
route { send_reply(200, "OK"); }
`,
        { args: ['--processes', '2'] },
      ),
    );
    let session: Buffer | undefined;
    const resumed: boolean[] = [];
    // which process accepts a connection is up to the system
    for (let nth = 0; nth < 16; nth++) {
      const phone = await TlsPeer.connect(port, {
        maxVersion: version,
        ...(session === undefined ? {} : { session }),
      });
      const [socket] = phone.sockets;
      if (session !== undefined) resumed.push(socket?.isSessionReused() ?? false);
      phone.send(requestText({ via: `SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKresume${nth}` }));
      await phone.sees(/200 OK/);
      // by now the ticket has arrived
      session ??= socket?.getSession();
      phone.hangUp();
    }
    expect(resumed).toEqual(Array.from({ length: 15 }, () => true));
  },
);
