/** Administration commands of tm. Source: modules/tm of the manual, its MI functions. */
import { sendUacRequest } from '../../relay/index.ts';
import { defineCommands } from '../../runtime/index.ts';

const source = 'modules/tm';

export const tmCommands = defineCommands([
  {
    name: 'tm:uac_dlg',
    aliases: ['t_uac_dlg'],
    parameters: [
      { name: 'method', type: 'string', summary: 'Any but those within calls.' },
      { name: 'ruri', type: 'string', summary: 'The request URI.' },
      { name: 'headers', type: 'string', summary: 'Header lines; From and To are required.' },
      { name: 'next_hop', type: 'string', optional: true, summary: 'Where to send it: a SIP URI.' },
      {
        name: 'socket',
        type: 'string',
        optional: true,
        summary: 'Without effect: the socket follows from the destination.',
      },
      {
        name: 'body',
        type: 'string',
        optional: true,
        summary: 'The body; headers must have its Content-Type.',
      },
    ],
    summary: 'Sends a request, and waits for its final response.',
    source,
    run: async ({ method, ruri, headers, next_hop, body }, routing) => {
      const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
      const response = await sendUacRequest(routing, {
        method,
        uri: bytes(ruri),
        headers: bytes(headers),
        nextHop: next_hop,
        body: body === undefined ? undefined : bytes(body),
      });
      return {
        Status: `${response.status} ${response.reason}`,
        Message: Buffer.from(response.raw, 'latin1').toString('utf8'),
      };
    },
  },
  {
    name: 'tm:hash',
    aliases: ['t_hash'],
    parameters: [],
    processes: 'every',
    summary: 'Counts the transactions of each process.',
    source,
    run: (_, { host }) => ({
      Transactions: [
        { Process: host.number, Server: host.transactions.size, Client: host.proxy.clients.size },
      ],
    }),
  },
]);
