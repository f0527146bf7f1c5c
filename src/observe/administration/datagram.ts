/** JSON-RPC over UDP datagrams, on loopback addresses only: a datagram proves nothing about its sender. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type Channel, type ChannelOptions, written } from './channel.ts';

export interface DatagramOptions extends ChannelOptions {
  readonly address: string;
  readonly port: number;
  readonly isPretty: boolean;
}

/** The longest answer that fits into a datagram, in bytes. */
const longestAnswer = 65_507;

/** Rejects with the system's error if the port cannot be opened. */
export async function openDatagrams(options: DatagramOptions): Promise<Channel> {
  const { isPretty, answer, onError } = options;
  const socket = createSocket(isIPv6(options.address) ? 'udp6' : 'udp4');
  socket.bind(options.port, options.address);
  await once(socket, 'listening');
  socket.on('error', (error) => onError(`mi_datagram: ${error.message}`));
  socket.on('message', (data, { address, port }) => {
    void answer(data.toString('utf8')).then((text) => {
      if (text === null || port === 0) return;
      const bytes = Buffer.from(written(text, isPretty));
      const fits = bytes.length <= longestAnswer;
      const tooLarge = `{"jsonrpc":"2.0","error":{"code":500,"message":"the answer does not fit into a datagram"},"id":null}`;
      socket.send(fits ? bytes : tooLarge, port, address, () => undefined);
    });
  });
  socket.unref();
  return { close: () => socket.close() };
}
