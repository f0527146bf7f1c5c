/** A script on a simulated clock and a socket that records: hours of registrations pass in a moment. */
import { Receiver } from '../../src/engine/index.ts';
import type { Source } from '../../src/sip/index.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { type CommandCall, runCommand } from '../../src/workers/administered.ts';
import { bytes, RecordingTransport, type RequestParts, requestText, SOURCE } from '../sip/simulated.ts';
import { poolOf } from './script-bench.ts';
import { programOf } from './server.ts';

export interface SimulatedServer {
  readonly clock: SimulatedClock;
  readonly socket: RecordingTransport;
  /** What xlog() printed. */
  readonly prints: string[];
  /** Lines of the server's own log. */
  readonly log: string[];
  receive(request: RequestParts | string, source?: Source): void;
  /** What was sent since the last call, with its time and port. */
  sent(): readonly { readonly at: number; readonly text: string; readonly port: number }[];
  /** The result of an administration command. */
  command(name: string, args?: CommandCall['args']): Promise<unknown>;
  close(): Promise<void>;
}

let count = 0;

export async function simulatedServer(script: string, names: readonly string[]): Promise<SimulatedServer> {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  const prints: string[] = [];
  const log: string[] = [];
  const modules = names.map((name) => `loadmodule "${name}.so"\n`).join('');
  const { routing } = poolOf(
    programOf(`${modules}${script}`),
    'json',
    (line) => {
      const { origin, msg, level } = JSON.parse(line.toString()) as Record<
        'origin' | 'msg' | 'level',
        string
      >;
      if (origin === 'script') prints.push(msg);
      else if (level !== 'debug') log.push(msg);
    },
    { host: { clock } },
  );
  const socket = new RecordingTransport(clock);
  const name = 'udp:127.0.0.1:5060';
  routing.host.registry.add(socket);
  routing.host.sockets = [{ transport: socket, name, configured: name, advertised: null }];
  routing.takeEffect();
  await routing.begin({ isFirst: false });
  const receiver = new Receiver(routing);
  return {
    clock,
    socket,
    prints,
    log,
    receive: (request, source = SOURCE) => {
      count += 1;
      const via = `SIP/2.0/UDP ${source.address}:${source.port};branch=z9hG4bKsim${count};rport`;
      const text = typeof request === 'string' ? request : requestText({ via, ...request });
      receiver.receive(bytes(text), source, socket);
    },
    sent: () => socket.sent.splice(0),
    command: (name, args = {}) => runCommand({ name, args, step: 'run' }, routing.modules, routing),
    close: async () => {
      await routing.settled();
      await routing.close();
      await routing.host.close();
    },
  };
}

/** 200 to a request that was sent, as its receiver would answer. */
export function okTo(request: string, lines = ''): string {
  const kept = request
    .split('\r\n')
    .filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/i.test(line))
    .map((line) => (line.startsWith('To:') && !line.includes(';tag=') ? `${line};tag=ok` : line));
  return `SIP/2.0 200 OK\r\n${kept.join('\r\n')}\r\n${lines}Content-Length: 0\r\n\r\n`;
}
