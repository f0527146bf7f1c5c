/** Opens the administration channels of a script: those of mi_fifo and mi_datagram. */
import { datagramAddress, datagramParameters, fifoParameters } from '../modules/index.ts';
import { type Channel, Fifo, openDatagrams } from '../observe/index.ts';
import type { Program } from '../runtime/index.ts';
import type { Administration } from './administration.ts';
import { AttachedServer } from './attached-server.ts';
import type { SipServer } from './sip-server.ts';

/** One that cannot be opened is logged, and the server serves nevertheless. */
export async function withChannels(
  server: SipServer,
  { answer }: Administration,
  program: Program,
): Promise<SipServer> {
  const { modules, parameters } = program;
  const isLoaded = (name: string) => modules.some((module) => module.name === name);
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

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
