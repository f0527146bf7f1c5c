/**
 * Memory of a server with idle clients of WebSocket that have registered:
 *
 *   npm run bench:websocket [-- --clients 15000 --processes 1 --plain] [--write]
 *
 * `--plain` uses WS instead of WSS. A process holds at most 20,000 descriptors on many systems, so the clients are in
 * processes of their own. `--write` puts the table into the documentation.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createAuthority } from '../test/support/certificates.ts';
import { type Launched, launch } from '../test/support/launch.ts';
import { freePort } from '../test/support/ports.ts';
import { temporaryFolder } from '../test/support/temporary.ts';
import { table, writeBetweenMarks } from './page.ts';
import { residentMemory } from './sip/process-cost.ts';
import { startScript } from './sip/servers.ts';

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
    clients: { type: 'string', default: '15000' },
    processes: { type: 'string', default: '1' },
  },
});
const clients = values.smoke ? 20 : Number(values.clients);
const processes = Number(values.processes);
const protocol = values.plain ? 'ws' : 'wss';
/** In each of the processes with clients. */
const mostClients = 7500;
const addresses = 8;

const folder = temporaryFolder('websocket');
const { cert, key } = createAuthority().issue({ commonName: '127.0.0.1', names: ['127.0.0.1'] });
const [certificate, privateKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
writeFileSync(certificate, cert);
writeFileSync(privateKey, key);

const port = await freePort();
const secured = `loadmodule "tls_mgm.so"
loadmodule "proto_wss.so"
modparam("tls_mgm", "server_domain", "bench")
modparam("tls_mgm", "certificate", "[bench]${certificate}")
modparam("tls_mgm", "private_key", "[bench]${privateKey}")
modparam("tls_mgm", "verify_cert", "[bench]0")
modparam("tls_mgm", "require_cert", "[bench]0")
`;
const server = await startScript(
  `socket=${protocol}:127.0.0.1:${port}
tcp_max_connections=${Math.max(2 * clients, 2048)}
${values.plain ? '' : secured}loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "sl.so"
route { save("location"); }
`,
  { args: ['--processes', String(processes)] },
);

const empty = residentMemory(server.pid);
const groups: Launched[] = [];
const began = performance.now();
for (let left = clients; left > 0; left -= mostClients) {
  const options = {
    port,
    secure: !values.plain,
    count: Math.min(left, mostClients),
    addresses,
    at: groups.length,
  };
  groups.push(
    launch(process.execPath, [
      fileURLToPath(new URL('sip/idle-clients.mjs', import.meta.url)),
      JSON.stringify(options),
    ]),
  );
}
try {
  await Promise.all(groups.map((group) => group.prints('ready', 600)));
  const seconds = (performance.now() - began) / 1000;
  // what the handshakes have left behind is freed once the server is idle
  await new Promise((resolve) => setTimeout(resolve, values.smoke ? 0 : 20_000));
  const full = residentMemory(server.pid);
  const lost = groups.filter(({ stdout }) => stdout.includes('closed')).length;
  if (lost > 0) throw new Error('the server has closed connections of idle clients');
  const text = table(
    ['idle clients, registered', 'processes', 'MiB before', 'MiB', 'KiB a client', 'registered in s'],
    [
      [
        `${clients} over ${protocol.toUpperCase()}`,
        String(processes),
        empty.toFixed(0),
        full.toFixed(0),
        ((1024 * (full - empty)) / clients).toFixed(1),
        seconds.toFixed(0),
      ],
    ],
  );
  console.log(text);
  if (values.write)
    writeBetweenMarks('websocket', { how: 'one run.', text, versions: [`Node ${process.versions.node}`] });
} finally {
  await Promise.all(groups.map((group) => group.stop()));
  await server.stop();
}
