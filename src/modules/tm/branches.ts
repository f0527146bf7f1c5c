/**
 * Branches beside those of t_relay(): injected into a running transaction, or sent as copies. Source: modules/tm of the
 * manual.
 */
import { eventSubscriber } from '../../engine/index.ts';
import {
  awaitBranches,
  injectBranches,
  type MessageBranch,
  messageBranches,
  relaying,
  replicate,
} from '../../relay/index.ts';
import { defineFunctions, findSocket, Run } from '../../runtime/index.ts';
import { parseNameAddr, parseUri } from '../../sip/index.ts';

/** The branch to a contact, from the AVPs that the event of its registration has set; null without a URI. */
function registeredBranch({ request, routing }: Run): MessageBranch | null {
  const text = (name: string): string | null => {
    const value = request.avps.get(name);
    return value === null || value === '' ? null : String(value);
  };
  const [uri, path, socket] = [text('uri'), text('path'), text('socket')];
  const next = path === null ? text('received') : (parseNameAddr(path)?.uri ?? null);
  if (uri === null || parseUri(uri) === null || (next !== null && parseUri(next) === null)) return null;
  const attribute = text('attr');
  return {
    uri,
    destinationUri: next,
    q: text('qval') === '-1' ? null : text('qval'),
    path,
    socket: socket !== null && findSocket(routing.host.sockets, socket) !== null ? socket : null,
    flags: new Set(text('bflags')?.split(' ')),
    attributes: new Map(attribute === null ? [] : [['attr', attribute]]),
    isMarked: true,
  };
}

export const branchFunctions = defineFunctions([
  {
    name: 't_inject_branches',
    arguments: [
      {
        name: 'source',
        type: 'static',
        oneOf: ['msg', 'event'],
        summary:
          '`msg`: the request URI and the added branches; `event`: the contact of a registration, which the AVPs of its event have.',
      },
      {
        name: 'flags',
        type: 'string',
        optional: true,
        summary:
          '`cancel` (`c`): cancels ringing branches first; `last` (`l`): no more branches will follow.',
      },
    ],
    summary:
      'Adds branches to a running transaction and sends them; in a route of notify_on_event(), to that of the request that has called it. 1 success, -1 no transaction, -3 already answered or cancelled, -4 destination not found.',
    source: 'modules/tm',
    run: (run, source, text = '') => {
      const flags = new Set(text.split(',').map((flag) => flag.trim()));
      const subscriber = run.request.knownState(eventSubscriber)?.request ?? null;
      const own = run.state(messageBranches);
      const contact = source === 'event' ? registeredBranch(run) : null;
      if (source === 'event' && contact === null) {
        run.complain('t_inject_branches("event"): $avp(uri) has no URI');
        return -1;
      }
      const all = run.request.requestUri === '' ? own.added : own.all;
      return injectBranches(
        subscriber === null ? run : new Run(run.worker, subscriber),
        {
          cancelsOthers: flags.has('cancel') || flags.has('c'),
          isLast: flags.has('last') || flags.has('l'),
        },
        contact === null ? all : [contact],
      );
    },
  },
  {
    name: 't_wait_for_new_branches',
    arguments: [
      {
        name: 'branches',
        type: 'int',
        optional: true,
        summary: 'The maximum number; default: unlimited.',
      },
    ],
    summary:
      'Makes an INVITE transaction wait for injected branches until its ringing timeout, even if all other branches have ended. -1 without such a transaction.',
    source: 'modules/tm',
    run: (run, limit = Number.POSITIVE_INFINITY) => (limit > 0 && awaitBranches(run, limit) ? 1 : -1),
  },
  {
    name: 't_wait_no_more_branches',
    arguments: [],
    summary: 'Ends the wait of t_wait_for_new_branches(). -1 if nothing was forwarded.',
    source: 'modules/tm',
    run: (run) => {
      const { proxy } = run.state(relaying);
      proxy?.stopAwaiting();
      return proxy === null ? -1 : 1;
    },
  },
  {
    name: 't_replicate',
    arguments: [
      {
        name: 'URI',
        type: 'string',
        summary: 'The destination of a copy; further copies go to the added branches.',
      },
      { name: 'flags', type: 'string', optional: true, summary: '`no-dns-failover`, or 0x4.' },
    ],
    routes: ['route', 'failure_route'],
    summary:
      'Sends copies of the request and discards their responses. 1 success; 0 for a retransmission, which ends the script; negative codes like t_relay().',
    source: 'modules/tm',
    run: (run, uri, flags = '') => {
      if (parseUri(uri) === null) {
        run.complain(`t_replicate(): no URI: ${uri}`);
        return -4;
      }
      const single = flags.includes('no-dns-failover') || (Number(flags) & 0x04) !== 0;
      return replicate(run, uri, !single);
    },
  },
]);
