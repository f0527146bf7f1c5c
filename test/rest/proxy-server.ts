/** An HTTP proxy on loopback that notes what it is asked, and can be told to fail. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface ProxyServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** The heads of all requests. */
  readonly heads: string[];
  close(): Promise<void>;
}

/** What it answers in place of doing its work; null: silence. */
export type Refusal = string | null | undefined;

export async function startProxy(refuse: (head: string) => Refusal = () => undefined): Promise<ProxyServer> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    let text = '';
    const onData = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = text.slice(0, end + 4);
      const rest = text.slice(end + 4);
      text = '';
      heads.push(head);
      const refusal = refuse(head);
      if (refusal === null) return;
      if (refusal !== undefined) {
        client.end(refusal, 'latin1');
        return;
      }
      const [method = '', target = ''] = head.split(' ');
      const { hostname, port, pathname, search } = new URL(
        method === 'CONNECT' ? `http://${target}` : target,
      );
      const server = connect(Number(port), hostname.replace(/[[\]]/g, ''), () => {
        if (method === 'CONNECT') client.write('HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n');
        else server.write(head.replace(target, `${pathname}${search}`) + rest, 'latin1');
        client.off('data', onData);
        client.pipe(server).pipe(client);
      });
      sockets.add(server);
      server.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
    };
    client.on('data', onData);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    heads,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
