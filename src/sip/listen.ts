/** Opens the sockets of the supported transports. */
import { type StreamOptions, StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';
import { PROTOCOLS, type Protocol, TRANSPORTS } from './transports.ts';
import { type UdpOptions, UdpTransport } from './udp-transport.ts';

/** For all transports; each uses the options that apply to it. */
export type ListenOptions = Omit<StreamOptions, 'protocol'> & Pick<UdpOptions, 'findsClosedPorts'>;

const opened: { readonly [P in Protocol]?: (options: ListenOptions) => Promise<Transport> } = {
  udp: (options) => UdpTransport.bind(options),
  tcp: (options) => StreamTransport.bind({ ...options, protocol: 'tcp' }),
  tls: (options) => StreamTransport.bind({ ...options, protocol: 'tls' }),
  ws: (options) => StreamTransport.bind({ ...options, protocol: 'ws' }),
  wss: (options) => StreamTransport.bind({ ...options, protocol: 'wss' }),
};

export const canListen = (protocol: Protocol): boolean => opened[protocol] !== undefined;

/** For messages, such as `UDP and TCP`. */
export const spokenTransports: string = new Intl.ListFormat('en').format(
  PROTOCOLS.filter(canListen).map((name) => TRANSPORTS[name].label),
);

/** Binds a socket, which outgoing connections use as well. Rejects with the system's error. */
export async function listen(protocol: Protocol, options: ListenOptions): Promise<Transport> {
  const open = opened[protocol];
  if (open === undefined) throw new RangeError(`siprest cannot listen on ${TRANSPORTS[protocol].label}`);
  return open(options);
}
