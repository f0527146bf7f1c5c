/** Administration commands of tm. Source: modules/tm of the manual, its MI functions. */
import { cancelRequest, readHeaderLines, sendUacRequest } from '../../relay/index.ts';
import { CommandError, defineCommands } from '../../runtime/index.ts';
import { isStatus, type ServerTransaction } from '../../sip/index.ts';
import { bytesOf, textOf } from '../command-text.ts';

const source = 'modules/tm';

/** A pending transaction; throws a {@link CommandError} if this process has none that passes the test. */
function pending(
  transactions: Iterable<ServerTransaction>,
  test: (transaction: ServerTransaction) => boolean,
): ServerTransaction {
  for (const one of transactions) if (one.request !== null && !one.isFinal && test(one)) return one;
  throw new CommandError(481, 'No such transaction');
}

/** opensips-cli writes `.` for nothing. */
const given = (text: string | undefined) => (text === undefined || text === '.' ? '' : text);

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
      const response = await sendUacRequest(routing, {
        method,
        uri: bytesOf(ruri),
        headers: bytesOf(headers),
        nextHop: next_hop,
        body: body === undefined ? undefined : bytesOf(body),
      });
      return { Status: `${response.status} ${response.reason}`, Message: textOf(response.raw) };
    },
  },
  {
    name: 'tm:uac_cancel',
    aliases: ['t_uac_cancel'],
    parameters: [
      { name: 'callid', type: 'string', summary: 'The Call-ID of the INVITE.' },
      { name: 'cseq', type: 'string', summary: 'Its CSeq: `1 INVITE`.' },
    ],
    processes: 'owner',
    summary:
      'Cancels an INVITE that has no final reply, as its caller would: all its branches are cancelled, and the caller gets 487.',
    source,
    run: ({ callid, cseq }, { host, replyDefaults }) => {
      const [, digits] = /^\s*(\d{1,10})(?:\s+INVITE)?\s*$/i.exec(cseq) ?? [];
      if (digits === undefined) throw new CommandError(400, `invalid cseq "${cseq}": use "1 INVITE"`);
      const callId = bytesOf(callid);
      const found = pending(
        host.transactions,
        ({ isInvite, request }) =>
          isInvite && request?.callId === callId && request.cseq.number === Number(digits),
      );
      cancelRequest(found, replyDefaults);
    },
  },
  {
    name: 'tm:reply',
    aliases: ['t_reply'],
    parameters: [
      { name: 'code', type: 'int', minimum: 100, maximum: 699, summary: 'The status.' },
      { name: 'reason', type: 'string', summary: 'The reason phrase.' },
      { name: 'trans_id', type: 'string', summary: 'The transaction: its `$T_id`.' },
      { name: 'to_tag', type: 'string', summary: 'The tag of the To header; `.`: that of siprest.' },
      {
        name: 'new_headers',
        type: 'string',
        optional: true,
        summary: 'Further header lines; `.` for none.',
      },
      {
        name: 'body',
        type: 'string',
        optional: true,
        summary: 'The body; new_headers must have its Content-Type.',
      },
    ],
    processes: 'owner',
    summary:
      'Replies to a request that has no final reply; a final one cancels its branches. 481 for an unknown transaction.',
    source,
    run: ({ code, reason, trans_id, to_tag, new_headers, body }, { host, replyDefaults }) => {
      const tag = given(to_tag);
      if (!isStatus(code) || /[\r\n]/.test(reason) || !/^[\w.!%*+`'~-]*$/.test(tag))
        throw new CommandError(400, 'invalid reason or to_tag');
      const found = pending(host.transactions, ({ toTag }) => toTag === trans_id);
      const sent = (found.user ?? found).reply(
        {
          ...replyDefaults,
          status: code,
          reason: bytesOf(reason),
          toTag: tag === '' ? undefined : tag,
          headers: readHeaderLines(bytesOf(given(new_headers))),
          body: bytesOf(body ?? ''),
        },
        { untilAck: true },
      );
      if (!sent) throw new CommandError(500, 'the transaction takes no reply any more');
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
