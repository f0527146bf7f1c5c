/**
 * Branches beside those of t_relay(): injected into a running transaction, or sent as copies. Source: modules/tm of the
 * manual.
 */
import { awaitBranches, injectBranches, relaying, replicate } from '../../relay/index.ts';
import { defineFunctions } from '../../runtime/index.ts';
import { parseUri } from '../../sip/index.ts';

export const branchFunctions = defineFunctions([
  {
    name: 't_inject_branches',
    arguments: [
      {
        name: 'source',
        type: 'static',
        oneOf: ['msg'],
        absent: { event: 'event_routing' },
        summary:
          '`msg`: the request URI and the added branches. `event` is not supported, since it needs event_routing.',
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
      'Adds branches to a running transaction and sends them. 1 success, -1 no transaction, -3 already answered or cancelled, -4 destination not found.',
    source: 'modules/tm',
    run: (run, source, text = '') => {
      if (source === 'event') {
        run.complain('t_inject_branches(): siprest does not have the module event_routing');
        return -1;
      }
      const flags = new Set(text.split(',').map((flag) => flag.trim()));
      return injectBranches(run, {
        cancelsOthers: flags.has('cancel') || flags.has('c'),
        isLast: flags.has('last') || flags.has('l'),
      });
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
