/** Opens the administration channels of a script: those of mi_fifo, mi_datagram and mi_http. */
import {
  datagramAddress,
  datagramParameters,
  fifoParameters,
  miHttpParameters,
  readToken,
} from '../modules/index.ts';
import { type Channel, Fifo, type HttpEndpoint, miEndpoint, openDatagrams } from '../observe/index.ts';
import { messageOf, type Program } from '../runtime/index.ts';
import type { Administration } from './administration.ts';
import { AttachedServer } from './attached-server.ts';
import type { SipServer } from './sip-server.ts';

/** One that cannot be opened is logged, and the server serves nevertheless. */
export async function withChannels(
  server: SipServer,
  { answer }: Administration,
  program: Program,
): Promise<SipServer> {
  const { parameters } = program;
  const isLoaded = (name: string) => hasModule(program, name);
  const onError = (message: string) => server.log.warning(message);
  const opening: Promise<Channel>[] = [];
  if (isLoaded('mi_fifo')) {
    const fifo = parameters.get(fifoParameters);
    opening.push(
      Fifo.open({
        path: fifo.fifo_name,
        mode: fifo.fifo_mode,
        user: fifo.fifo_user,
        group: fifo.fifo_group,
        replyDirectory: fifo.reply_dir,
        isPretty: fifo.pretty_printing,
        answer,
        onError,
      }),
    );
  }
  const { socket_name, pretty_printing } = parameters.get(datagramParameters);
  const place = isLoaded('mi_datagram') && socket_name !== null ? datagramAddress(socket_name) : null;
  if (place !== null) opening.push(openDatagrams({ ...place, isPretty: pretty_printing, answer, onError }));
  const channels: Channel[] = [];
  for (const opened of await Promise.allSettled(opening)) {
    if (opened.status === 'fulfilled') channels.push(opened.value);
    else onError(`administration is not available there: ${messageOf(opened.reason)}`);
  }
  if (channels.length === 0) return server;
  return new AttachedServer(server, {
    close: () => {
      for (const channel of channels) channel.close();
    },
  });
}

/** What the HTTP server serves for mi_http. */
export function miEndpoints({ answer }: Administration, program: Program): readonly HttpEndpoint[] {
  if (!hasModule(program, 'mi_http')) return [];
  const { root, token_file, pretty_printing } = program.parameters.get(miHttpParameters);
  const token = token_file === null ? null : readToken(token_file);
  return [miEndpoint({ path: `/${root}`, token, isPretty: pretty_printing, answer })];
}

const hasModule = ({ modules }: Program, name: string) => modules.some((module) => module.name === name);
