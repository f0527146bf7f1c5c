import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** What went one way on a connection, in the order it was seen. */
export interface Piece {
  readonly from: 'client' | 'server';
  /** Bytes, as a byte string. */
  readonly text: string;
  readonly connection: number;
  /** On the clock of `performance.now()`. */
  readonly time: number;
}

export interface Tap {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Pieces that follow each other in the same direction are one. */
  readonly pieces: readonly Piece[];
  close(): Promise<void>;
}

/** Stands between a client and a real server, and writes down what they say. */
export async function startTap(serverOrigin: string): Promise<Tap> {
  const target = Number(new URL(serverOrigin).port);
  const pieces: Piece[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = net.createServer((client) => {
    connections++;
    const connection = connections;
    const server = net.connect(target, '127.0.0.1');
    const join = (from: Piece['from'], source: Socket, sink: Socket): void => {
      sockets.add(source);
      source.on('data', (data) => {
        const last = pieces.at(-1);
        const text = data.toString('latin1');
        if (last?.from === from && last.connection === connection) {
          pieces[pieces.length - 1] = { ...last, text: last.text + text };
        } else {
          pieces.push({ from, text, connection, time: performance.now() });
        }
        sink.write(data);
      });
      source.on('end', () => sink.end());
      source.on('error', () => sink.destroy());
      source.on('close', () => sockets.delete(source));
    };
    join('client', client, server);
    join('server', server, client);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    pieces,
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
