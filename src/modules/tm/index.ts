/** The tm module: transactions and sending on with state. Source: modules/tm of the manual; vectors pvar-provisional, async-*, routes-*. */
import { type RelayOptions, relay, relaying, sendNewRequest, showLocalMessage } from '../../relay/index.ts';
import { defineFunction, defineModule, type Run, tmParameters } from '../../runtime/index.ts';
import { defineArgument, type RouteKind } from '../../script/index.ts';
import { splitProtocol } from '../../sip/index.ts';
import { cachedRegex } from '../../text/index.ts';
import { code, isStatusLine, reason } from '../replies.ts';
import { branchFunctions } from './branches.ts';
import { transactionFunctions } from './transaction.ts';
import { replyCode, tmVariables } from './variables.ts';

/** A reply by the transaction, which is made if there is none yet; 0 where it turns out to be a retransmission. */
function reply(run: Run, name: string, status: number, phrase: string, body?: string): 1 | 0 | -1 {
  if (!isStatusLine(run, name, status, phrase)) return -1;
  const outcome = run.request.createTransaction();
  if (outcome === 'absorbed') return 0;
  return outcome !== 'refused' && run.request.reply(status, phrase, body) ? 1 : -1;
}

type RouteField = 'failureRoute' | 'replyRoute' | 'branchRoute';

/** t_on_failure() and its kin: the route is looked up once for each call, its existence checked before the start. */
function arming(
  name: string,
  routeKind: RouteKind,
  field: RouteField,
  routes: readonly RouteKind[],
  summary: string,
) {
  return defineFunction({
    name,
    arguments: [{ name: routeKind, type: 'route', routeKind, summary: 'The name of the route.' }],
    routes,
    summary,
    source: 'modules/tm',
    run: (run, route) => {
      const found = run.routing.script.find(routeKind, route);
      const { relayed } = run.subject;
      // in a branch route a reply route is that branch's own
      if (field === 'replyRoute' && run.routeKind === 'branch_route' && relayed !== undefined)
        relayed.replyRoute = found;
      else run.state(relaying)[field] = found;
      return 1;
    },
  });
}

const flags = defineArgument({
  name: 'flags',
  type: 'string',
  optional: true,
  summary:
    '`no-auto-477`, `no-dns-failover`, `pass-reason-hdr`, `allow-no-cancel`, with commas; or a destination, as in the older dialect.',
});

/** With the number that the older dialect has for each. */
const relayFlags: readonly { readonly name: string; readonly bit: number; readonly option: RelayOptions }[] =
  [
    { name: 'no-auto-477', bit: 0x02, option: { auto477: false } },
    { name: 'no-dns-failover', bit: 0x04, option: { failover: false } },
    { name: 'pass-reason-hdr', bit: 0x08, option: { passReason: true } },
    { name: 'allow-no-cancel', bit: 0x10, option: { allowNoCancel: true } },
  ];

interface ReadFlags {
  readonly options: RelayOptions;
  /** Unknown flags. */
  readonly unknown: readonly string[];
}

function readRelayFlags(text: string): ReadFlags {
  // the older dialect, and the manual's Script-Routes, have the destination first
  const { protocol, rest } = splitProtocol(text);
  if (protocol !== null && rest !== '') return { options: { outboundProxy: text }, unknown: [] };
  const isNumber = /^(0x[0-9a-f]+|\d+)$/i.test(text.trim());
  const number = isNumber ? Number(text) : 0;
  const names = isNumber ? [] : text.split(',').map((name) => name.trim());
  let options: RelayOptions = {};
  for (const { name, bit, option } of relayFlags)
    if (names.includes(name) || (number & bit) !== 0) options = { ...options, ...option };
  const unknown = names.filter((name) => name !== '' && !relayFlags.some((flag) => flag.name === name));
  return { options, unknown };
}

const noFlags: RelayOptions = {};
/** Scripts write a few. */
const knownFlags = new Map<string, ReadFlags>();

function relayOptions(run: Run, text: string): RelayOptions {
  let read = knownFlags.get(text);
  if (read === undefined) {
    read = readRelayFlags(text);
    if (knownFlags.size < 100) knownFlags.set(text, read);
  }
  for (const name of read.unknown) run.complain(`t_relay(): unknown flag ${name}`);
  return read.options;
}

const newRequest = defineFunction({
  name: 't_new_request',
  arguments: [
    { name: 'method', type: 'string', summary: 'Any but INVITE, ACK and CANCEL.' },
    { name: 'RURI', type: 'string', summary: 'Its destination.' },
    { name: 'from', type: 'string', summary: '`[display ]URI`' },
    { name: 'to', type: 'string', summary: '`[display ]URI`' },
    { name: 'body', type: 'string', optional: true, summary: 'The content type, a space, and the body.' },
    { name: 'ctx', type: 'string', optional: true, summary: 'What local_route finds in $avp(uac_ctx).' },
  ],
  summary: 'Sends a new request. -1 if it cannot be sent.',
  source: 'modules/tm',
  run: (run, method, uri, from, to, body, context) =>
    sendNewRequest(run, { method, uri, from, to, body: body ?? null, context: context ?? null }),
});

export const tm = defineModule({
  name: 'tm',
  summary:
    'Transactions: retransmissions absorbed, replies repeated, requests forwarded to one or several targets.',
  source: 'modules/tm',
  start: (routing, { local_reply_route }) => {
    if (local_reply_route !== null)
      routing.listeners.reply.add((reply) => showLocalMessage(routing, 'local_reply_route', reply));
  },
  parameters: tmParameters,
  variables: tmVariables,
  functions: [
    {
      name: 't_newtran',
      arguments: [],
      routes: ['route'],
      summary:
        'Creates a transaction for the request; a retransmission, or the ACK to its reply, ends the script. -10 if the request already has a transaction.',
      source: 'modules/tm; vectors pvar-provisional, routes-newtran-provisional',
      run: (run) => {
        switch (run.request.createTransaction()) {
          case 'created':
            return 1;
          case 'absorbed':
            return 0;
          case 'exists':
            run.complain('t_newtran(): the request already has a transaction');
            return -10;
          case 'refused':
            return -1;
        }
      },
    },
    {
      name: 't_relay',
      arguments: [
        flags,
        {
          name: 'outbound_proxy',
          type: 'string',
          optional: true,
          summary:
            '`[proto:]host[:port]`; $du takes precedence. May be the only argument, instead of the flags.',
        },
      ],
      routes: ['route', 'failure_route'],
      summary:
        'Forwards the request, to all its branches. 1; 0 for a retransmission, which ends the script; -1 internal, -2 the message is gone, -3 no destination or cancelled, -4 the destination cannot be found, -6 it could not be sent. If it creates the transaction itself and nothing can be sent, it answers 476, 477 or 500 and returns 1, unless `no-auto-477` is given.',
      source: 'modules/tm; vectors routes-*',
      run: (run, flagText, outboundProxy) => {
        const options = flagText === undefined ? noFlags : relayOptions(run, flagText);
        return relay(run, outboundProxy === undefined ? options : { ...options, outboundProxy });
      },
    },
    {
      name: 't_reply',
      arguments: [code, { ...reason, name: 'reason_phrase' }],
      routes: ['route', 'failure_route'],
      summary: 'Sends a reply by the transaction; creates one, like t_newtran(), if there is none.',
      source: 'modules/tm',
      run: (run, status, phrase) => reply(run, 't_reply', status, phrase),
    },
    {
      name: 't_reply_with_body',
      arguments: [
        code,
        { ...reason, name: 'reason_phrase' },
        {
          name: 'body',
          type: 'string',
          summary: 'The body; its Content-Type is added with append_to_reply().',
        },
      ],
      routes: ['route', 'failure_route'],
      summary: 'Like t_reply(), with a body.',
      source: 'modules/tm',
      run: (run, status, phrase, text) => reply(run, 't_reply_with_body', status, phrase, text),
    },
    {
      name: 't_check_trans',
      arguments: [],
      routes: ['route', 'branch_route'],
      summary:
        'Whether the request belongs to a transaction: a retransmission ends the script here; true for a CANCEL of one and for the ACK to its negative reply, -2 for the ACK to a 2xx.',
      source: 'modules/tm',
      run: (run) => run.request.checkTransaction(),
    },
    {
      name: 't_check_status',
      arguments: [{ name: 're', type: 'regex', summary: 'A regular expression, as `(486)|(408)`.' }],
      summary: 'Whether the status matches: of the reply, of the failure, or of the last reply sent.',
      source: 'modules/tm; vector routes-failure-status-regex',
      run: (run, pattern) =>
        cachedRegex(pattern, { ignoreCase: true })?.test(String(replyCode(run))) ? 1 : -1,
    },
    {
      name: 't_local_replied',
      arguments: [
        { name: 'reply', type: 'static', oneOf: ['all', 'last'], summary: '`all` replies, or the `last`.' },
      ],
      summary: 'Whether all replies were generated here and none received, not even a provisional one.',
      source: 'modules/tm',
      run: (run, which) => {
        const branches = run.state(relaying).proxy?.branches ?? [];
        const local =
          which === 'all'
            ? branches.every(({ lastReceivedStatus }) => lastReceivedStatus === 0)
            : run.subject.response === undefined && run.subject.failure?.response == null;
        return local ? 1 : -1;
      },
    },
    {
      name: 't_was_cancelled',
      arguments: [],
      summary: 'Whether the caller has cancelled the INVITE.',
      source: 'modules/tm',
      run: (run) => (run.state(relaying).proxy?.wasCancelled ? 1 : -1),
    },
    {
      name: 't_cancel_branch',
      arguments: [
        {
          name: 'flags',
          type: 'string',
          optional: true,
          summary: '`a` all branches, `o` all others; without, this one.',
        },
      ],
      routes: ['onreply_route'],
      summary: 'Cancels branches that are pending.',
      source: 'modules/tm',
      run: (run, which = '') => {
        const { proxy } = run.state(relaying);
        const { branch } = run.subject;
        if (proxy === null || branch === undefined) return -1;
        for (const other of proxy.branches) {
          const isThis = other.index === branch.index;
          if (which.includes('a') || (which.includes('o') ? !isThis : isThis)) proxy.cancelBranch(other);
        }
        return 1;
      },
    },
    {
      name: 't_anycast_replicate',
      arguments: [],
      summary: 'Always -1: there are no other nodes to hand the message to.',
      source: 'modules/tm',
      run: () => -1,
    },
    newRequest,
    ...transactionFunctions,
    ...branchFunctions,
    arming(
      't_on_failure',
      'failure_route',
      'failureRoute',
      ['route', 'branch_route', 'onreply_route', 'failure_route', 'local_route'],
      'Names the running route when all branches have failed.',
    ),
    arming(
      't_on_reply',
      'onreply_route',
      'replyRoute',
      ['route', 'branch_route', 'onreply_route', 'failure_route', 'local_route'],
      'Names the running route for each reply; in a branch route, for the replies of that branch.',
    ),
    arming(
      't_on_branch',
      'branch_route',
      'branchRoute',
      ['route', 'branch_route', 'onreply_route', 'failure_route'],
      'Names the running route for each branch before it is sent.',
    ),
  ],
});
