// Opens WebSockets that register and then stay idle, in a process of its own: `node idle-clients.mjs OPTIONS`, as JSON:
// { port, secure, count, addresses, at }: from `addresses` local addresses, beginning with 127.0.`at`.1. Prints `ready`.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

const { port, secure, count, addresses, at } = JSON.parse(process.argv[2] ?? '{}');
const atOnce = 50;

const handshake = [
  'GET / HTTP/1.1',
  `Host: 127.0.0.1:${port}`,
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: sip',
  'Origin: https://127.0.0.1',
  '\r\n',
].join('\r\n');

/** A masked text frame of at most 65,535 bytes. */
function frame(opcode, text) {
  const payload = Buffer.from(text);
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  // the mask is zero, so the payload stays as it is
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

const register = (number) =>
  [
    'REGISTER sip:127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/WS client${number}.invalid;branch=z9hG4bK${randomBytes(8).toString('hex')}`,
    `From: <sip:user${number}@127.0.0.1>;tag=${number}`,
    `To: <sip:user${number}@127.0.0.1>`,
    `Call-ID: ${process.pid}x${number}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:user${number}@client${number}.invalid;transport=ws>;expires=3600`,
    'Max-Forwards: 70',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');

/** Resolves once the client is registered. */
function open(number) {
  const localAddress = `127.0.${at}.${1 + (number % addresses)}`;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, localAddress };
    const begin = () => socket.write(handshake);
    const socket = secure
      ? connectSecurely({ ...options, rejectUnauthorized: false }, begin)
      : connect(options, begin);
    socket.setNoDelay(true);
    let text = '';
    let isRegistered = false;
    socket.on('data', (chunk) => {
      if (isRegistered) {
        // a ping, which has no payload
        if (chunk[0] === 0x89) socket.write(frame(0x0a, ''));
        return;
      }
      text += chunk.toString('latin1');
      if (/^HTTP\/1\.1 101 [^]*\r\n\r\n$/.test(text)) {
        text = '';
        socket.write(frame(0x01, register(number)));
      } else if (/SIP\/2\.0 200 [^]*\r\n\r\n/.test(text)) {
        isRegistered = true;
        text = '';
        resolve();
      } else if (/SIP\/2\.0 [3-6]|^HTTP\/1\.1 [2-5]/.test(text)) reject(new Error(text));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (isRegistered) console.log('closed');
      reject(new Error('the server has closed the connection'));
    });
  });
}

let next = 0;
async function openSome() {
  while (next < count) await open(next++);
}
await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openSome));
console.log('ready');
