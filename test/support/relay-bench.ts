import { closeLater } from './close-later.ts';
import { startServer, type TestServer, type TestServerOptions } from './server.ts';
import { SipPeer } from './sip-peer.ts';

/** A server between a caller and callees. */
export interface RelayBench {
  readonly server: TestServer;
  /** The server's UDP port. */
  readonly port: number;
  readonly caller: SipPeer;
  readonly callees: readonly SipPeer[];
  /** What xlog() has printed. */
  prints(): readonly string[];
}

/** Starts a script, in which `CALLEE0`, `CALLEE1` … are the callees' `127.0.0.1:port`; it has tm, rr, sl, maxfwd and sipmsgops. */
export async function relayBench(
  script: string,
  callees = 1,
  options: TestServerOptions = {},
): Promise<RelayBench> {
  const caller = await SipPeer.open();
  const others: SipPeer[] = [];
  for (let i = 0; i < callees; i++) others.push(await SipPeer.open());
  const modules = ['tm', 'rr', 'sl', 'maxfwd', 'sipmsgops', 'rest_client'];
  const text = modules
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('')
    .concat(script)
    .replace(/CALLEE(\d)/g, (_, i: string) => `127.0.0.1:${others[Number(i)]?.port}`);
  const server = closeLater(await startServer(text, options));
  return {
    server,
    port: server.port,
    caller,
    callees: others,
    prints: () =>
      server.log.flatMap((line) => (line.includes('print ') ? line.slice(line.indexOf('print ') + 6) : [])),
  };
}
