/** A peer with a TCP connection to the server, and a UDP port that answers each request 202. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

export async function startPeer(port: number) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const udp = createSocket('udp4');
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const received: string[] = [];
  udp.on('message', (data, from) => {
    const text = data.toString('utf8');
    received.push(text);
    const copied = text.split('\r\n').filter((line) => /^(?:Via|From|Call-ID|CSeq):/i.test(line));
    const to = `${/^To: .*$/im.exec(text)?.[0]};tag=peer`;
    udp.send(
      ['SIP/2.0 202 Accepted', ...copied, to, 'Content-Length: 0', '', ''].join('\r\n'),
      from.port,
      from.address,
    );
  });
  return {
    tcp: `127.0.0.1:${socket.localPort}`,
    udp: `127.0.0.1:${udp.address().port}`,
    received,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      udp.close();
    },
  };
}
