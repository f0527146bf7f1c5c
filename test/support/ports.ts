import dgram from 'node:dgram';
import net from 'node:net';

/** A TCP port of 127.0.0.1 that nobody listens on, for servers that cannot choose one themselves. */
export function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** A UDP port of 127.0.0.1 that nobody is bound to. */
export function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

/** Resolves once something accepts TCP connections there; rejects after `seconds`. */
export async function acceptsTcp(port: number, seconds = 10): Promise<void> {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    if (await connects(port)) return;
    if (Date.now() > limit) throw new Error(`nothing listens on 127.0.0.1:${port} after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
