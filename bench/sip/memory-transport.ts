/** A SIP server without sockets: messages go in as bytes, and what it sends is handed to a function. */

import { Receiver } from '../../src/engine/receive.ts';
import type { Policy } from '../../src/routing/index.ts';
import { Log } from '../../src/runtime/log.ts';
import type { Source, Transport } from '../../src/sip/transport.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { LoadedPolicy } from '../../src/workers/load-policy.ts';
import { loadScript } from '../../src/workers/load-script.ts';
import { ProcessHost } from '../../src/workers/process-host.ts';
import { RunningPolicy } from '../../src/workers/running-policy.ts';
import { RunningScript } from '../../src/workers/running-script.ts';

export const SERVER = { address: '127.0.0.1', port: 5060 } as const;

export interface MemoryServer {
  readonly host: ProcessHost;
  readonly clock: SimulatedClock;
  /** A datagram arrives from this port of 127.0.0.1. */
  receive(data: Buffer, port: number): void;
}

/** Runs a script that lacks its socket, as on udp:127.0.0.1:5060, by a simulated clock. */
export async function startInMemory(
  script: string | Policy,
  sent: (data: Uint8Array, port: number) => void,
): Promise<MemoryServer> {
  const transport: Transport = {
    protocol: 'udp',
    reliable: false,
    local: SERVER,
    send: (data, _address, port) => sent(data, port),
    close: async () => undefined,
  };
  const clock = new SimulatedClock();
  const loaded =
    typeof script === 'string'
      ? loadScript(`socket = udp:${SERVER.address}:${SERVER.port}\n${script}`)
      : new LoadedPolicy(script, null);
  const { program } = loaded;
  const host = new ProcessHost({ clock });
  const log = new Log({ logLevel: -1, xlogLevel: -1, outputs: [(_level, text) => console.error(text)] });
  const routing =
    loaded instanceof LoadedPolicy
      ? new RunningPolicy(loaded.policy, program, log, host)
      : new RunningScript(program, log, host);
  host.registry.add(transport);
  routing.takeEffect();
  await routing.begin({ isFirst: true });
  host.readiness = 'running';
  const receiver = new Receiver(routing);
  return {
    host,
    clock,
    receive(data, port) {
      // a copy: whoever receives must not depend on a source that others share
      const source: Source = { address: SERVER.address, port, transport: 'udp' };
      receiver.receive(data, source, transport);
    },
  };
}
