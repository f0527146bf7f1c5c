/**
 * The tm module: transactions and stateful forwarding. Source: modules/tm of the manual; vectors pvar-provisional,
 * async-*, routes-*.
 */
import { type RelayOptions, relay, relaying, sendNewRequest, showLocalMessage } from '../../relay/index.ts';
import { defineFunction, defineModule, type Run, tmParameters } from '../../runtime/index.ts';
import { defineArgument, type RouteKind } from '../../script/index.ts';
import { splitProtocol } from '../../sip/index.ts';
import { cachedRegex } from '../../text/index.ts';
import { code, isStatusLine, reason } from '../replies.ts';
import { branchFunctions } from './branches.ts';
import { tmCommands } from './commands.ts';
import { transactionFunctions } from './transaction.ts';
import { replyCode, tmVariables } from './variables.ts';

/** Replies through the transaction, creating it if necessary; 0 if the request is a retransmission. */
function reply(run: Run, name: string, status: number, phrase: string, body?: string): 1 | 0 | -1 {
  if (!isStatusLine(run, name, status, phrase)) return -1;
  const outcome = run.request.createTransaction();
  if (outcome === 'absorbed') return 0;
  return outcome !== 'refused' && run.request.reply(status, phrase, body) ? 1 : -1;
}

type RouteField = 'failureRoute' | 'replyRoute' | 'branchRoute';

/** t_on_failure() and the like: the checker has verified that the route exists, and each call looks it up once. */
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
      // in a branch route, a reply route applies to that branch only
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
    'Comma-separated: `no-auto-477`, `no-dns-failover`, `pass-reason-hdr`, `allow-no-cancel`; or a destination, as in older scripts.',
});

/** With their numbers in older scripts. */
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
  // older scripts, and the manual's Script-Routes, put the destination first
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
/** Scripts contain only a few different flag texts. */
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
    { name: 'RURI', type: 'string', summary: 'The request URI.' },
    { name: 'from', type: 'string', summary: '`[display ]URI`' },
    { name: 'to', type: 'string', summary: '`[display ]URI`' },
    { name: 'body', type: 'string', optional: true, summary: 'The content type, a space, and the body.' },
    { name: 'ctx', type: 'string', optional: true, summary: 'The value of $avp(uac_ctx) in local_route.' },
  ],
  summary: 'Sends a new request. -1 if it cannot be sent.',
  source: 'modules/tm',
  run: (run, method, uri, from, to, body, context) =>
    sendNewRequest(run, { method, uri, from, to, body: body ?? null, context: context ?? null }),
});

export const tm = defineModule({
  name: 'tm',
  summary:
    'Transactions: absorbs retransmissions, repeats replies, and forwards requests to one or several targets.',
  source: 'modules/tm',
  start: (routing, { local_reply_route }) => {
    if (local_reply_route !== null)
      routing.listeners.reply.add((reply) => showLocalMessage(routing, 'local_reply_route', reply));
  },
  parameters: tmParameters,
  variables: tmVariables,
  commands: tmCommands,
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
        'Forwards the request to all its branches. 1 success; 0 for a retransmission, which ends the script; -1 internal error, -2 message no longer available, -3 no destination or cancelled, -4 destination not found, -5 destination filtered, -6 sending failed. If it creates the transaction itself and cannot send, it answers 473, 476, 477 or 500 and returns 1, unless `no-auto-477` is set.',
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
      summary: 'Sends a reply through the transaction, which it creates if necessary, like t_newtran().',
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
          summary: 'The body; use append_to_reply() to add its Content-Type.',
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
        'Whether the request belongs to a transaction; a retransmission ends the script. Also true for a CANCEL and for the ACK to a negative reply; -2 for the ACK to a 2xx.',
      source: 'modules/tm',
      run: (run) => run.request.checkTransaction(),
    },
    {
      name: 't_check_status',
      arguments: [{ name: 're', type: 'regex', summary: 'A regular expression, as `(486)|(408)`.' }],
      summary: 'Whether the status matches: that of the reply, of the failure, or of the last reply sent.',
      source: 'modules/tm; vector routes-failure-status-regex',
      run: (run, pattern) =>
        cachedRegex(pattern, { ignoreCase: true })?.test(String(replyCode(run))) ? 1 : -1,
    },
    {
      name: 't_local_replied',
      arguments: [
        { name: 'reply', type: 'static', oneOf: ['all', 'last'], summary: '`all` replies, or the `last`.' },
      ],
      summary: 'Whether siprest generated all replies and received none, not even a provisional one.',
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
          summary: '`a`: all branches, `o`: all others; default: this branch.',
        },
      ],
      routes: ['onreply_route'],
      summary: 'Cancels pending branches.',
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
      summary: 'Always -1, since siprest does not form clusters.',
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
      'Sets the route to run when all branches have failed.',
    ),
    arming(
      't_on_reply',
      'onreply_route',
      'replyRoute',
      ['route', 'branch_route', 'onreply_route', 'failure_route', 'local_route'],
      'Sets the route to run for each reply; in a branch route, for replies of that branch.',
    ),
    arming(
      't_on_branch',
      'branch_route',
      'branchRoute',
      ['route', 'branch_route', 'onreply_route', 'failure_route'],
      'Sets the route to run for each branch before it is sent.',
    ),
  ],
});
