// The limit: a datagram comes in, undici asks, a datagram goes out. No script, no transactions, no check of anything.
//   node bare-loop.mjs PORT ORIGIN
import { createSocket } from 'node:dgram';
import { Pool } from 'undici';

const [port, origin] = process.argv.slice(2);
const pool = new Pool(origin, { connections: 64 });
const socket = createSocket('udp4');
const copied = /^(?:Via|From|To|Call-ID|CSeq):/;
async function answer(data, { address, port: from }) {
  const lines = data.toString('latin1').split('\r\n');
  const { body } = await pool.request({ path: '/credit/alice', method: 'GET' });
  await body.text();
  const headers = lines.filter((line) => copied.test(line)).join('\r\n');
  socket.send(`SIP/2.0 200 OK\r\n${headers}\r\nContent-Length: 0\r\n\r\n`, from, address);
}
socket.on('message', (data, source) => void answer(data, source));
socket.bind(Number(port), '127.0.0.1', () => {
  socket.setRecvBufferSize(4 * 1024 * 1024);
  console.log('listening');
});
