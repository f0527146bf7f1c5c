/** Where phones are: names and addresses as tests write them. */
import { isIP } from '../net/index.ts';
import { parseHostPort, splitProtocol } from '../sip/index.ts';
import { isSimulated, type SimulatedProtocol } from './network.ts';
import { SimulationError } from './simulation-error.ts';

/** The parts of a place such as `tcp:gw1.example:5070`, `192.0.2.7`, `bob`. */
export interface WrittenPlace {
  readonly protocol: SimulatedProtocol;
  /** A host or an address; null for a bare name such as `bob`. */
  readonly host: string | null;
  readonly port: number | null;
  /** As ladders show it. */
  readonly name: string;
}

/** @throws SimulationError */
export function readPlace(text: string): WrittenPlace {
  const { protocol, rest } = splitProtocol(text);
  const place = parseHostPort(rest);
  if (place === null || (protocol !== null && !isSimulated(protocol)))
    throw new SimulationError(`invalid place "${text}": use a name, host:port, or tcp:host:port`);
  const host = place.host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const isHost = isIP(host) !== 0 || host.includes('.');
  return { protocol: protocol ?? 'udp', host: isHost ? host : null, port: place.port, name: rest };
}
