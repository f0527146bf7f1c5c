/** An rtpengine that relays nothing: it says where media would go, and may misbehave. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import {
  answerLength,
  at,
  type Dictionary,
  decode,
  encode,
  isDictionary,
} from '../../src/modules/rtpengine/bencode.ts';
import { closeLater } from './close-later.ts';

export interface NgCommand {
  readonly cookie: string;
  readonly command: string;
  readonly fields: Dictionary;
}

/** A dictionary is an answer with the cookie, text is sent as it is, null is silence. */
export type NgAnswer = Dictionary | string | null;

export interface FakeRtpengine {
  /** As `rtpengine_sock` has it. */
  readonly name: string;
  /** All commands but pings. */
  readonly commands: readonly NgCommand[];
  readonly pings: number;
  /** What it answers from now on; undefined: as rtpengine does. */
  answer: (command: NgCommand) => NgAnswer | undefined;
  /** The last command's names and fields, for a short expectation. */
  readonly verbs: readonly string[];
  close(): void;
}

let media = 40_000;

/** What rtpengine answers. */
function usual({ command, fields }: NgCommand): Dictionary {
  if (command === 'ping') return { result: 'pong' };
  const { sdp } = fields;
  if (typeof sdp !== 'string')
    return { result: 'ok', created: 1, totals: { RTP: { packets: 1, bytes: 2, errors: 0 } } };
  const changed = sdp
    .replace(/^c=.*$/gm, 'c=IN IP4 203.0.113.9')
    .replace(/^(m=\w+) \d+/gm, (_, kind: string) => `${kind} ${(media += 2)}`);
  return { result: 'ok', sdp: changed };
}

class Fake implements FakeRtpengine {
  name = '';
  readonly commands: NgCommand[] = [];
  pings = 0;
  answer: FakeRtpengine['answer'] = () => undefined;
  close: () => void = () => {};

  get verbs(): readonly string[] {
    return this.commands.map(({ command }) => command);
  }

  /** The text of an answer; null for silence. */
  receive(text: string): string | null {
    const blank = text.indexOf(' ');
    const fields = decode(text.slice(blank + 1));
    const verb = at(fields, 'command');
    if (!isDictionary(fields) || typeof verb !== 'string') throw new Error(`not a command: ${text}`);
    const command = { cookie: text.slice(0, blank), command: verb, fields };
    if (command.command === 'ping') this.pings++;
    else this.commands.push(command);
    const answer = this.answer(command);
    if (answer === null || typeof answer === 'string') return answer;
    return `${command.cookie} ${encode(answer ?? usual(command))}`;
  }
}

/** Closed after the test. */
export async function fakeRtpengine(transport: 'udp' | 'tcp' | 'http' = 'udp'): Promise<FakeRtpengine> {
  const fake = new Fake();
  if (transport === 'udp') {
    const socket = dgram.createSocket('udp4');
    socket.on('message', (data, { port, address }) => {
      const answer = fake.receive(data.toString('latin1'));
      if (answer !== null) socket.send(Buffer.from(answer, 'latin1'), port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    fake.name = `udp:127.0.0.1:${socket.address().port}`;
    fake.close = () => socket.close();
  } else {
    const server = transport === 'tcp' ? tcpServer(fake) : httpServer(fake);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    fake.name = transport === 'tcp' ? `tcp:127.0.0.1:${port}` : `http://127.0.0.1:${port}/ng`;
    fake.close = () => server.close();
  }
  return closeLater(fake);
}

const tcpServer = (fake: Fake) =>
  createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.unref();
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      for (let length = answerLength(received); length > 0; length = answerLength(received)) {
        const answer = fake.receive(received.toString('latin1', 0, length));
        received = received.subarray(length);
        if (answer !== null) socket.write(Buffer.from(answer, 'latin1'));
      }
    });
  });

const httpServer = (fake: Fake) =>
  createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = fake.receive(Buffer.concat(chunks).toString('latin1'));
      if (answer !== null) response.end(Buffer.from(answer, 'latin1'));
    });
  });
