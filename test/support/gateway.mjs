// A gateway that answers every request over UDP with 200 at once, in a process of its own: `node gateway.mjs PORT`. Prints
// `ready`.
import dgram from 'node:dgram';

const own = Number(process.argv[2]);
const socket = dgram.createSocket('udp4');
const kept = /^(?:Via|From|To|Call-ID|CSeq|Record-Route):/i;

socket.on('message', (data, { address, port }) => {
  const text = data.toString('latin1');
  if (!/^[A-Z]+ sip/.test(text) || text.startsWith('ACK')) return;
  const headers = text
    .split('\r\n')
    .filter((line) => kept.test(line))
    .map((line) => (/^To:(?!.*;tag=)/i.test(line) ? `${line};tag=${own}` : line));
  const contact = `Contact: <sip:gateway@127.0.0.1:${own}>`;
  const reply = ['SIP/2.0 200 OK', ...headers, contact, 'Content-Length: 0', '', ''].join('\r\n');
  socket.send(Buffer.from(reply, 'latin1'), port, address);
});
socket.bind(own, '127.0.0.1', () => console.log('ready'));
