/** Branches of the message, and stateless forwarding. Source: the manual's Script-CoreFunctions. */

import { forceSocket, forwardStateless, messageBranches, sendOriginal } from '../../relay/index.ts';
import { defineFunction, defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument } from '../../script/index.ts';
import { headerText } from '../../sip/index.ts';

/** Functions count from the first added branch, variables (`$msg.branch`) from the branch of the request URI. */
const index = (name: string) =>
  defineArgument({
    name,
    type: 'int',
    optional: true,
    summary: 'The number of a branch; 0 is the first added branch, -1 (default) the request URI.',
  });

/** move_msg_branch(), also under its OpenSIPS 3.5 name. */
const moving = (name: string, summary: string, source: string) =>
  defineFunction({
    name,
    arguments: [
      index('src_idx'),
      index('dst_idx'),
      {
        name: 'keep',
        type: 'static',
        oneOf: ['keep'],
        optional: true,
        summary: 'Copies the branch instead of moving it.',
      },
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

/** swap_msg_branches(), also under its OpenSIPS 3.5 name. */
const swapping = (name: string, summary: string, source: string) =>
  defineFunction({
    name,
    arguments: [index('br1_idx'), index('br2_idx')],
    summary,
    source,
    run: (run, one = -1, other = -1) => (run.state(messageBranches).swap(one + 1, other + 1) ? 1 : -1),
  });

/** Adds a branch for this URI, or for the request URI if omitted. */
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
      { name: 'qvalue', type: 'string', optional: true, summary: 'Its q value, 0 to 1.' },
    ],
    summary: 'Adds a branch; without a URI, for the request URI.',
    run: (run, uri, q) => append(run, uri, q, uri === undefined),
  });

export const relayFunctions = defineFunctions([
  {
    name: 'append_msg_branch',
    arguments: [
      { name: 'uri', type: 'string', summary: "The branch's URI." },
      { name: 'qvalue', type: 'string', optional: true, summary: 'Its q value, 0 to 1.' },
      {
        name: 'flags',
        type: 'string',
        optional: true,
        summary: '`inherite`: the branch gets the destination URI of the request.',
      },
    ],
    summary: 'Adds a branch: the request is also sent to this URI.',
    run: (run, uri, q, flags = '') => append(run, uri, q, flags.includes('inherit')),
  },
  appending('append_branch'),
  appending('append_branch_old'),
  {
    name: 'remove_branch',
    arguments: [
      { name: 'branch_idx', type: 'int', summary: 'The number of a branch; 0 is the first added branch.' },
    ],
    summary: 'Like `remove_msg_branch()`, under its OpenSIPS 3 name.',
    source: 'Script-CoreFunctions of 3.4',
    run: (run, branch) => (run.state(messageBranches).remove(branch + 1) ? 1 : -1),
  },
  {
    name: 'remove_msg_branch',
    arguments: [
      { name: 'branch_idx', type: 'int', summary: 'The number of a branch; 0 is the first added branch.' },
    ],
    summary: 'Removes a branch; later branches move up.',
    run: (run, branch) => (run.state(messageBranches).remove(branch + 1) ? 1 : -1),
  },
  moving(
    'move_msg_branch',
    'Replaces a branch with another; later branches move up. The branch of the request URI is copied, not moved.',
    'Script-CoreFunctions',
  ),
  swapping('swap_msg_branches', 'Swaps two branches.', 'Script-CoreFunctions'),
  moving(
    'move_branch',
    'Like `move_msg_branch()`, under its OpenSIPS 3.5 name.',
    'Script-CoreFunctions of 3.5',
  ),
  swapping(
    'swap_branches',
    'Like `swap_msg_branches()`, under its OpenSIPS 3.5 name.',
    'Script-CoreFunctions of 3.5',
  ),
  {
    name: 'force_send_socket',
    arguments: [
      { name: 'socket', type: 'string', summary: '`[proto:]host[:port]` of a socket of the server.' },
    ],
    summary:
      'Sends the request from this socket, or from one with the transport that its destination needs. -1 if the server has no such socket.',
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
        summary: '`[proto:]host[:port]`; default: the destination of the request.',
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
        summary: 'Header lines to add, each ending with CRLF.',
      },
    ],
    summary: 'Sends the received message unchanged, without adding a Via and without a transaction.',
    source: 'Script-CoreFunctions',
    run: (run, destination, text = '') => {
      const headers = headerText(text);
      if (headers !== null) return sendOriginal(run, destination, headers);
      run.complain('send(): expected header lines, each "Name: value" with \\r\\n');
      return -1;
    },
  },
]);
