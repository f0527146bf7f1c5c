/** Bodies that go on to the end of TLS, which is cut at each byte around those at which one read of a socket ends. */
import net, { type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { later } from '../support/steady-clock.ts';
import { closeLater, newClient } from './fixture.ts';

const { key, cert } = createAuthority().issue({ names: ['localhost'] });
const secureContext = tls.createSecureContext({ key, cert });

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n';
/** Longer than what one read of a socket takes. */
const BODY = 'x'.repeat(80_000);

/** What goes out of the records of an answer, close_notify included. */
type HandOn = (wire: net.Socket, answer: Buffer) => void;

/** A TLS server whose answer is collected, and handed on as a test wants. */
async function server(version: tls.SecureVersion, handOn: (nth: number) => HandOn): Promise<string> {
  const wires = new Set<net.Socket>();
  let nth = 0;
  const listener = net.createServer((wire) => {
    const send = handOn(nth++);
    const answer: Buffer[] = [];
    let isAnswering = false;
    wires.add(wire.on('error', () => {}));
    const records = new Duplex({
      read() {},
      write(piece: Buffer, _encoding, done) {
        if (isAnswering) answer.push(piece);
        else wire.write(piece);
        done();
      },
      final(done) {
        done();
        send(wire, Buffer.concat(answer));
      },
    });
    wire.on('data', (data) => records.push(data));
    const secure = new tls.TLSSocket(records, {
      isServer: true,
      secureContext,
      minVersion: version,
      maxVersion: version,
    });
    secure.on('error', () => {});
    secure.once('data', () => {
      isAnswering = true;
      secure.end(HEAD + BODY);
    });
  });
  closeLater({
    close: async () => {
      for (const wire of wires) wire.destroy();
      listener.close();
    },
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return `https://localhost:${(listener.address() as AddressInfo).port}/`;
}

const insecure = { tls: { verifyPeer: false, verifyHost: false }, httpVersion: '1.1' } as const;

it.each(['TLSv1.2', 'TLSv1.3'] as const)('takes no cut for the end of a body (%s)', async (version) => {
  const cuts = [1, 30, 16_384, 65_000];
  for (let at = 65_440; at <= 65_640; at += 3) cuts.push(at);
  const url = await server(version, (nth) => (wire, answer) => wire.end(answer.subarray(0, cuts[nth] ?? 0)));
  const client = newClient(insecure);
  const taken: number[] = [];
  for (const at of cuts) if ((await client.get(url)).rc !== -10) taken.push(at);
  expect(taken).toEqual([]);
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)('takes each orderly end (%s)', async (version) => {
  const pieces: HandOn[] = [
    (wire, answer) => wire.end(answer),
    // close_notify in a packet of its own, with the end of the connection or well before it
    (wire, answer) => {
      wire.write(answer.subarray(0, -40));
      later(() => wire.write(answer.subarray(-40)), 20);
    },
    ...[1, 5, 12, 23].map(
      (split): HandOn =>
        (wire, answer) => {
          wire.write(answer.subarray(0, -split));
          later(() => wire.end(answer.subarray(-split)), 20);
        },
    ),
  ];
  const url = await server(version, (nth) => pieces[nth] ?? ((wire) => wire.destroy()));
  const client = newClient(insecure);
  for (const _ of pieces) expect(await client.get(url)).toMatchObject({ rc: 1, retcode: 200 });
});
