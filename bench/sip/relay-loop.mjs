// The limit of relaying in Node: datagrams between a caller and a called party, and a 100 for each INVITE. Nothing is
// read but the first byte.
//   node relay-loop.mjs PORT CALLEE
import { createSocket } from 'node:dgram';

const [port, callee] = process.argv.slice(2).map(Number);
const socket = createSocket('udp4');
const trying = Buffer.from('SIP/2.0 100 Trying');
const invite = 'I'.charCodeAt(0);
let caller = 0;
socket.on('message', (data, source) => {
  if (source.port === callee) {
    socket.send(data, caller, '127.0.0.1');
    return;
  }
  caller = source.port;
  if (data[0] === invite) socket.send([trying, data.subarray(data.indexOf('\r\n'))], caller, '127.0.0.1');
  socket.send(data, callee, '127.0.0.1');
});
socket.bind(port, '127.0.0.1', () => {
  socket.setRecvBufferSize(4 * 1024 * 1024);
  console.log('listening');
});
