/** Debian's rtpengine, without its kernel module, on ports of 127.0.0.1. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import {
  type Bencoded,
  type Dictionary,
  decode,
  encode,
  isDictionary,
} from '../../src/modules/rtpengine/bencode.ts';
import { closeLater } from './close-later.ts';
import { commandPath } from './commands.ts';
import { launch } from './launch.ts';
import { freePort } from './ports.ts';

export interface RunningRtpengine {
  /** As `rtpengine_sock` has it. */
  readonly sockets: Readonly<Record<'udp' | 'tcp' | 'http', string>>;
  /** Sends it a command past siprest. */
  ask(command: Readonly<Record<string, Bencoded>>): Promise<Dictionary>;
}

/** It ends after the test. */
export async function startRtpengine(): Promise<RunningRtpengine> {
  const [udp, tcp, http] = [await freePort(), await freePort(), await freePort()];
  // Debian's configuration has a fixed one
  const cli = await freePort();
  const program = closeLater(
    launch(commandPath('rtpengine'), [
      ...['--foreground', '--log-stderr', '--table=-1', '--interface=127.0.0.1'],
      ...[
        `--listen-ng=127.0.0.1:${udp}`,
        `--listen-tcp-ng=127.0.0.1:${tcp}`,
        `--listen-http=127.0.0.1:${http}`,
      ],
      ...[
        '--port-min=34000',
        '--port-max=36000',
        '--log-level=6',
        '--delete-delay=0',
        `--listen-cli=127.0.0.1:${cli}`,
      ],
    ]),
  );
  await program.prints(/Startup complete/);
  let count = 0;
  const ask = async (command: Readonly<Record<string, Bencoded>>): Promise<Dictionary> => {
    const socket = dgram.createSocket('udp4');
    socket.send(`test${++count} ${encode(command)}`, udp, '127.0.0.1');
    const [data] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    const text = data.toString('latin1');
    const answer = decode(text.slice(text.indexOf(' ') + 1));
    if (!isDictionary(answer)) throw new Error(`unexpected answer: ${text}`);
    return answer;
  };
  return {
    sockets: {
      udp: `udp:127.0.0.1:${udp}`,
      tcp: `tcp:127.0.0.1:${tcp}`,
      http: `http://127.0.0.1:${http}/ng`,
    },
    ask,
  };
}
