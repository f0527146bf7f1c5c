/** What TLS costs: calls over one connection beside TCP, and new connections with client certificates. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '../../test/support/certificates.ts';
import { launch } from '../../test/support/launch.ts';
import { freePort } from '../../test/support/ports.ts';
import { relayScript } from '../../test/support/relay-script.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { median } from '../statistics.ts';
import { cpuMicroseconds, residentMemory } from './process-cost.ts';
import type { ScenarioPlan, Verdict } from './scenarios.ts';
import { type MeasuredServer, startScript } from './servers.ts';

type StreamTransport = 'tcp' | 'tls';

interface Outcome {
  readonly offered: number;
  readonly served: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: readonly string[];
}

const generator = fileURLToPath(new URL('./stream-load.mjs', import.meta.url));
const authority = createAuthority();
const [own, phone] = [
  authority.issue({ names: ['127.0.0.1', 'server.test'] }),
  authority.issue({ names: ['phone.test'] }),
];

/** A server that clients with certificates use, and that presents its own. */
function tlsSettings(port: number): string {
  const folder = temporaryFolder('bench-tls');
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const values = {
    certificate: file('own.pem', own.cert),
    private_key: file('own.key', own.key),
    ca_list: file('ca.pem', authority.cert),
  };
  const domain = (kind: string) =>
    [
      `modparam("tls_mgm", "${kind}_domain", "${kind}")`,
      ...Object.entries(values).map(([name, value]) => `modparam("tls_mgm", "${name}", "[${kind}]${value}")`),
    ].join('\n');
  return `socket = tls:127.0.0.1:${port}\nloadmodule "tls_mgm.so"\n${domain('server')}\n${domain('client')}\n`;
}

async function startStreams(
  onward: string,
): Promise<{ server: MeasuredServer; ports: Record<StreamTransport, number> }> {
  const ports = { tcp: await freePort(), tls: await freePort() };
  const settings = `tcp_max_connections = 8192\nsocket = tcp:127.0.0.1:${ports.tcp}\n${tlsSettings(ports.tls)}`;
  return { server: await startScript(relayScript({ settings, onward })), ports };
}

async function load(options: object): Promise<Outcome> {
  const program = launch(process.execPath, [
    generator,
    JSON.stringify({ ...phone, ca: authority.cert, ...options }),
  ]);
  await program.ended;
  if (program.stderr !== '') throw new Error(program.stderr);
  return JSON.parse(program.stdout) as Outcome;
}

/** Calls over one connection of each side, TCP and TLS in turn. */
export async function tlsCalls({ smoke }: ScenarioPlan): Promise<Verdict> {
  const [rate, seconds, rounds] = smoke ? [20, 0.5, 1] : [500, 5, 5];
  const callees = { tcp: await freePort(), tls: await freePort() };
  const relay = (transport: StreamTransport) =>
    `$du = "sip:127.0.0.1:${callees[transport]};transport=${transport}";`;
  const { server, ports } = await startStreams(
    `if ($socket_in(proto) == "TLS" || $socket_in(proto) == "tls") ${relay('tls')} else ${relay('tcp')} t_relay();`,
  );
  const cost: Record<StreamTransport, number[]> = { tcp: [], tls: [] };
  let [offered, served] = [0, 0];
  const round = async (transport: StreamTransport, isMeasured: boolean) => {
    const before = cpuMicroseconds(server.pid);
    const outcome = await load({
      mode: 'calls',
      transport,
      port: ports[transport],
      callee: callees[transport],
      rate,
      seconds,
    });
    if (!isMeasured) return;
    cost[transport].push((cpuMicroseconds(server.pid) - before) / outcome.served);
    offered += outcome.offered;
    served += outcome.served;
  };
  try {
    for (const transport of ['tcp', 'tls'] as const) await round(transport, false); // the warm-up
    for (let i = 0; i < rounds; i++)
      for (const transport of ['tcp', 'tls'] as const) await round(transport, true);
  } finally {
    await server.stop();
  }
  const ratio = median(cost.tls.map((tls, i) => tls / (cost.tcp[i] ?? Number.NaN)));
  return {
    scenario: `${rate} relayed calls a second over one TLS connection of each side, and over TCP, in ${rounds} turns of ${seconds} s`,
    result: `${served} of ${offered} served, ${Math.round(median(cost.tls))} us of CPU a call over TLS, ${Math.round(median(cost.tcp))} over TCP: ${ratio.toFixed(2)} of it`,
    aim: 'all served, at most 1.3 of TCP',
    met: served === offered && ratio <= 1.3,
  };
}

/** New connections, each with a client certificate and one request. */
export async function tlsConnections({ smoke }: ScenarioPlan): Promise<Verdict> {
  const [rate, seconds] = smoke ? [10, 1] : [2000 / 60, 30];
  const { server, ports } = await startStreams('send_reply(200, "OK");');
  try {
    const options = { mode: 'connections', transport: 'tls', port: ports.tls, rate, seconds };
    await load({ ...options, seconds: smoke ? 0.5 : 5 }); // the warm-up
    const [before, memory] = [cpuMicroseconds(server.pid), residentMemory(server.pid)];
    const measuring = load(options);
    await new Promise((resolve) => setTimeout(resolve, 900 * seconds));
    const grown = residentMemory(server.pid) - memory;
    const { offered, served, p99 } = await measuring;
    const cpu = (cpuMicroseconds(server.pid) - before) / served;
    return {
      scenario: `${Math.round(60 * rate)} new TLS connections a minute with client certificates (P-256), which stay open, for ${seconds} s`,
      result: `${served} of ${offered} served, p99 ${p99.toFixed(1)} ms from the connect to the reply, ${(cpu / 1000).toFixed(2)} ms of CPU and ${((1024 * grown) / (0.9 * offered)).toFixed(0)} KiB each`,
      aim: 'all served, p99 below 100 ms',
      met: served === offered && p99 < 100,
    };
  } finally {
    await server.stop();
  }
}
