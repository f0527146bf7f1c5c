/** Branches of the message, and sending on without a transaction. Source: the manual's Script-CoreFunctions. */

import { forceSocket, forwardStateless, messageBranches, sendOriginal } from '../../relay/index.ts';
import { defineFunction, defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument } from '../../script/index.ts';
import { headerText } from '../../sip/index.ts';

/** Functions count from the first branch that was added, variables (`$msg.branch`) from that of the request URI. */
const index = (name: string) =>
  defineArgument({
    name,
    type: 'int',
    optional: true,
    summary: 'A branch; 0 is the first that was added, -1 that of the request URI, which is the default.',
  });

/** move_msg_branch(), and its name of OpenSIPS 3.5. */
const moving = (name: string, summary: string, source: string) =>
  defineFunction({
    name,
    arguments: [
      index('src_idx'),
      index('dst_idx'),
      { name: 'keep', type: 'static', oneOf: ['keep'], optional: true, summary: 'The branch is copied.' },
    ],
    summary,
    source,
    run: (run, from = -1, to = -1, keep) => {
      const branches = run.state(messageBranches);
      if (!branches.copy(from + 1, to + 1)) return -1;
      if (keep === undefined) branches.remove(from + 1);
      return 1;
    },
  });

/** swap_msg_branches(), and its name of OpenSIPS 3.5. */
const swapping = (name: string, summary: string, source: string) =>
  defineFunction({
    name,
    arguments: [index('br1_idx'), index('br2_idx')],
    summary,
    source,
    run: (run, one = -1, other = -1) => (run.state(messageBranches).swap(one + 1, other + 1) ? 1 : -1),
  });

/** Adds the URI, or the request's own if none is given. */
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

const appending = (name: string) =>
  defineFunction({
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
    summary: 'Adds a branch, of the request URI if none is given.',
    run: (run, uri, q) => append(run, uri, q, uri === undefined),
  });

export const relayFunctions = defineFunctions([
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
    summary: 'Adds a branch: the request is sent there as well.',
    run: (run, uri, q, flags = '') => append(run, uri, q, flags.includes('inherit')),
  },
  appending('append_branch'),
  appending('append_branch_old'),
  {
    name: 'remove_branch',
    arguments: [{ name: 'branch_idx', type: 'int', summary: 'A branch; 0 is the first that was added.' }],
    summary: 'Like `remove_msg_branch()`, under the name of OpenSIPS 3.',
    source: 'Script-CoreFunctions of 3.4',
    run: (run, branch) => (run.state(messageBranches).remove(branch + 1) ? 1 : -1),
  },
  {
    name: 'remove_msg_branch',
    arguments: [{ name: 'branch_idx', type: 'int', summary: 'A branch; 0 is the first that was added.' }],
    summary: 'Removes a branch; later ones move up.',
    run: (run, branch) => (run.state(messageBranches).remove(branch + 1) ? 1 : -1),
  },
  moving(
    'move_msg_branch',
    'Replaces a branch by another; later ones move up. That of the request URI is copied.',
    'Script-CoreFunctions',
  ),
  swapping('swap_msg_branches', 'Swaps two branches.', 'Script-CoreFunctions'),
  moving(
    'move_branch',
    'Like `move_msg_branch()`, under the name of OpenSIPS 3.5.',
    'Script-CoreFunctions of 3.5',
  ),
  swapping(
    'swap_branches',
    'Like `swap_msg_branches()`, under the name of OpenSIPS 3.5.',
    'Script-CoreFunctions of 3.5',
  ),
  {
    name: 'force_send_socket',
    arguments: [
      { name: 'socket', type: 'string', summary: '`[proto:]host[:port]` of a socket of the server.' },
    ],
    summary:
      'Sends the request by this socket, or by one with the transport that its destination needs. -1 if there is none.',
    run: (run, socket) => {
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
    summary: 'Forwards the request without a transaction.',
    source: 'vector routes-stateless-forward',
    run: (run, destination) => forwardStateless(run, destination),
  },
  {
    name: 'send',
    arguments: [
      { name: 'destination', type: 'string', summary: '`[proto:]host[:port]`' },
      {
        name: 'headers',
        type: 'string',
        optional: true,
        intoHeaders: true,
        summary: 'Header lines to add, each with its CRLF.',
      },
    ],
    summary: 'Sends the received message there unchanged, without adding a Via, and without a transaction.',
    source: 'Script-CoreFunctions',
    run: (run, destination, text = '') => {
      const headers = headerText(text);
      if (headers !== null) return sendOriginal(run, destination, headers);
      run.complain('send(): expected header lines, each "Name: value" with \\r\\n');
      return -1;
    },
  },
]);
