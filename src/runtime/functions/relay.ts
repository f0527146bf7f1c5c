/** Branches of the message, and sending on without a transaction. Source: the manual's Script-CoreFunctions. */
import type { ArgumentSpec, FunctionSpec } from '../../script/index.ts';
import { messageBranches } from '../message-branches.ts';
import { forceSocket } from '../record-route.ts';
import { forwardStateless } from '../relay.ts';
import type { Run } from '../run.ts';

const index = (name: string, optional = false): ArgumentSpec => ({
  name,
  type: 'int',
  summary: 'A branch; 0 is that of the request URI.',
  ...(optional ? { optional } : {}),
});
const routes = ['route', 'failure_route'] as const;

/** Adds the URI, or the request's own where none is given. */
function append(run: Run, uri: string | undefined, q: string | undefined, inherit: boolean): 1 | -1 {
  const branches = run.state(messageBranches);
  const main = branches.at(0);
  const inherited =
    inherit && main !== undefined
      ? {
          destinationUri: main.destinationUri,
          path: main.path,
          socket: main.socket,
          flags: new Set(main.flags),
        }
      : {};
  return branches.add(uri ?? run.request.requestUri, { q: q ?? null, ...inherited }) ? 1 : -1;
}

export const relayFunctions: readonly FunctionSpec<Run>[] = [
  {
    name: 'append_msg_branch',
    arguments: [
      { name: 'uri', type: 'string', summary: "The branch's URI." },
      { name: 'qvalue', type: 'string', optional: true, summary: 'Its q, 0 to 1.' },
      {
        name: 'flags',
        type: 'string',
        optional: true,
        summary: '`inherite`: with the destination of the request.',
      },
    ],
    routes,
    summary: 'Adds a branch: the request is sent there as well.',
    run: (run, uri: string, q?: string, flags: string = '') => append(run, uri, q, flags.includes('inherit')),
  },
  ...['append_branch', 'append_branch_old'].map(
    (name): FunctionSpec<Run> => ({
      name,
      arguments: [
        {
          name: 'uri',
          type: 'string',
          optional: true,
          summary: "The branch's URI; default: the request URI.",
        },
        { name: 'qvalue', type: 'string', optional: true, summary: 'Its q, 0 to 1.' },
      ],
      routes,
      summary: 'Adds a branch, of the request URI where none is given.',
      run: (run, uri?: string, q?: string) => append(run, uri, q, uri === undefined),
    }),
  ),
  {
    name: 'remove_msg_branch',
    arguments: [index('branch_idx')],
    routes,
    summary: 'Removes a branch; those behind it move up.',
    run: (run, branch: number) => (run.state(messageBranches).remove(branch) ? 1 : -1),
  },
  {
    name: 'force_send_socket',
    arguments: [{ name: 'socket', type: 'string', summary: '`[proto:]host[:port]` of one of the server.' }],
    routes: ['route', 'branch_route', 'failure_route'],
    summary:
      'The request goes out by this socket, or by one of the transport that its destination needs. -1 where there is none.',
    run: (run, socket: string) => {
      if (forceSocket(run.request, socket)) return 1;
      run.complain(`force_send_socket(): the server has no socket ${socket}`);
      return -1;
    },
  },
  {
    name: 'forward',
    arguments: [
      {
        name: 'destination',
        type: 'string',
        optional: true,
        summary: '`[proto:]host[:port]`; default: by the request URI.',
      },
    ],
    routes: ['route'],
    summary: 'Sends the request on without a transaction.',
    source: 'vector routes-stateless-forward',
    run: (run, destination?: string) => forwardStateless(run, destination),
  },
];
