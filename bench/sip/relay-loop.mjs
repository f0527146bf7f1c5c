// The limit of relaying in Node: datagrams between a caller and a called party, and a 100 for each INVITE. Nothing is
// read but the first byte. With an origin, each INVITE waits for a query, whose answer is not read either.
//   node relay-loop.mjs PORT CALLEE [ORIGIN]
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const [port, callee] = process.argv.slice(2, 4).map(Number);
const origin = process.argv[4] === undefined ? null : new URL(process.argv[4]);
const socket = createSocket('udp4');
const trying = Buffer.from('SIP/2.0 100 Trying');
const invite = 'I'.charCodeAt(0);
let caller = 0;

/** Connections to the service that wait for nothing. */
const idle = [];

/** Has one query answered on a connection of its own, as a pool would. */
function ask(then) {
  const connection = idle.pop() ?? open();
  connection.answered = then;
  connection.write(`GET /credit/alice HTTP/1.1\r\nHost: ${origin.host}\r\n\r\n`);
}

function open() {
  const connection = connect(Number(origin.port), origin.hostname);
  connection.setNoDelay(true);
  connection.on('data', () => {
    idle.push(connection);
    connection.answered();
  });
  connection.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  return connection;
}

socket.on('message', (data, source) => {
  if (source.port === callee) {
    socket.send(data, caller, '127.0.0.1');
    return;
  }
  caller = source.port;
  const onward = () => socket.send(data, callee, '127.0.0.1');
  if (data[0] !== invite) {
    onward();
    return;
  }
  socket.send([trying, data.subarray(data.indexOf('\r\n'))], caller, '127.0.0.1');
  if (origin === null) onward();
  else ask(onward);
});
socket.bind(port, '127.0.0.1', () => {
  socket.setRecvBufferSize(4 * 1024 * 1024);
  console.log('listening');
});
