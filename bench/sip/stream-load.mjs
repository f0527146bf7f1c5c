/**
 * SIP load over TCP or TLS, one process for both parties:
 *
 *   node stream-load.mjs '{"mode": "calls", "transport": "tls", "port": 5061, "callee": 5071, "rate": 500, "seconds": 5, ...}'
 *
 * `calls`: so many calls a second over one connection to the server, which relays them over one connection to the callee:
 * INVITE, 180, 200, ACK, BYE, 200. `connections`: so many new connections a second, each with one OPTIONS; all stay open.
 * `cert`, `key` and `ca` are PEM texts. Prints one line of JSON.
 */
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';

const { mode, transport, port, callee, rate, seconds, cert, key, ca } = JSON.parse(process.argv[2]);
const secure = transport === 'tls' ? { cert, key, ca, checkServerIdentity: () => undefined } : {};
const name = transport.toUpperCase();

const open = (ready) => {
  const to = { host: '127.0.0.1', port };
  const socket = transport === 'tls' ? connectTls({ ...to, ...secure }) : connectTcp(to);
  socket.setNoDelay(true);
  return socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => ready(socket));
};

/** Calls back with each message; none has a body. */
const messages = (socket, each) => {
  let rest = '';
  socket.on('data', (data) => {
    const parts = (rest + data.toString('latin1')).split('\r\n\r\n');
    rest = parts.pop();
    for (const part of parts) each(part.trimStart());
  });
};

const fields = (text, ...names) =>
  text
    .split('\r\n')
    .filter((line) => names.includes(line.slice(0, line.indexOf(':'))))
    .join('\r\n');
const field = (text, wanted) => {
  const at = text.indexOf(`\r\n${wanted}: `);
  return at < 0 ? '' : text.slice(at + wanted.length + 4, text.indexOf('\r\n', at + 2));
};

const request = (method, uri, id, more) =>
  `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/${name} 127.0.0.1:9;branch=z9hG4bK${method}${id}\r\nFrom: <sip:alice@a.test>;tag=a${id}\r\n` +
  `Call-ID: ${id}\r\nMax-Forwards: 70\r\nContact: <sip:alice@127.0.0.1:9;transport=${transport}>\r\n${more}\r\nContent-Length: 0\r\n\r\n`;

const began = new Map();
const took = [];
const failures = [];
const ended = (id) => {
  const at = began.get(id);
  if (at === undefined) return;
  began.delete(id);
  took.push(performance.now() - at);
};

const total = Math.round(rate * seconds);
let nth = 0;

/** Starts what is due; calls back when all is over, or nothing happens any more. */
const drive = (begin, done) => {
  const from = performance.now();
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - from) * rate) / 1000));
    while (nth < due) {
      const id = `${process.pid}-${nth++}`;
      began.set(id, performance.now());
      begin(id);
    }
    const isOver = nth === total && began.size === 0;
    if (!isOver && performance.now() - from < 1000 * seconds + 5000) return;
    clearInterval(timer);
    done();
  }, 2);
};

const report = () => {
  took.sort((a, b) => a - b);
  const at = (part) => took[Math.min(took.length - 1, Math.floor(part * took.length))] ?? 0;
  console.log(
    JSON.stringify({
      offered: total,
      served: took.length,
      p50: at(0.5),
      p99: at(0.99),
      failures: failures.slice(0, 3),
    }),
  );
  process.exit();
};

if (mode === 'connections') {
  drive((id) => {
    const socket = open(() =>
      socket.write(request('OPTIONS', 'sip:a.test', id, 'To: <sip:a.test>\r\nCSeq: 1 OPTIONS')),
    );
    socket.on('error', (error) => failures.push(error.message));
    messages(socket, (text) => {
      if (text.startsWith('SIP/2.0 200')) ended(id);
    });
  }, report);
} else {
  const answer = (socket) =>
    messages(socket, (text) => {
      const method = text.slice(0, text.indexOf(' '));
      if (method === 'ACK') return;
      const kept = fields(text, 'Via', 'Record-Route', 'From', 'Call-ID', 'CSeq');
      const to = field(text, 'To');
      const tagged = to.includes(';tag=') ? to : `${to};tag=b`;
      const reply = (status) =>
        socket.write(
          `SIP/2.0 ${status} OK\r\n${kept}\r\nTo: ${tagged}\r\nContact: <sip:bob@127.0.0.1:${callee};transport=${transport}>\r\nContent-Length: 0\r\n\r\n`,
        );
      if (method === 'INVITE') reply(180);
      reply(200);
    });
  const server = transport === 'tls' ? createTlsServer({ cert, key }, answer) : createTcpServer(answer);
  server.listen(callee, '127.0.0.1', () => {
    open((socket) => {
      messages(socket, (text) => {
        if (!text.startsWith('SIP/2.0 200')) return;
        const id = field(text, 'Call-ID');
        if (field(text, 'CSeq').endsWith('BYE')) return ended(id);
        const more = (method) =>
          `Route: ${field(text, 'Record-Route')}\r\nTo: ${field(text, 'To')}\r\nCSeq: ${method === 'ACK' ? '1 ACK' : '2 BYE'}`;
        const uri = `sip:bob@127.0.0.1:${callee};transport=${transport}`;
        socket.write(request('ACK', uri, id, more('ACK')) + request('BYE', uri, id, more('BYE')));
      });
      drive(
        (id) =>
          socket.write(request('INVITE', 'sip:bob@b.test', id, 'To: <sip:bob@b.test>\r\nCSeq: 1 INVITE')),
        report,
      );
    });
  });
}
