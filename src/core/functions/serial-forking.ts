/**
 * serialize_branches() and next_branches(): tries branches one after another, highest q first. Pending branches are
 * kept in an AVP, which outlives the route. Source: the manual's Script-CoreFunctions.
 */

import { type MessageBranch, messageBranches } from '../../relay/index.ts';
import { defineFunctions, type Run } from '../../runtime/index.ts';

const avpName = 'serial_branch';

/** A pending branch, as JSON in the AVP. */
interface Waiting {
  readonly uri: string;
  readonly destinationUri: string | null;
  readonly q: string | null;
  readonly path: string | null;
  readonly socket: string | null;
  readonly flags: readonly string[];
  /** Branches with the same number are tried together. */
  readonly group: number;
}

const weight = ({ q }: { readonly q: string | null }) => (q === null ? 0 : Number(q));

function serialize(run: Run, clear: number, keepOrder = 0): 1 | -1 {
  const branches = run.state(messageBranches);
  const { avps } = run.request;
  if (clear !== 0) avps.replace(avpName, null);
  const all = [...branches.all];
  if (keepOrder === 0) all.sort((a, b) => weight(b) - weight(a));
  let group = avps.all(avpName).length;
  let last: MessageBranch | null = null;
  for (const branch of all) {
    if (last !== null && (keepOrder !== 0 || weight(branch) !== weight(last))) group++;
    last = branch;
    const { uri, destinationUri, q, path, socket, flags } = branch;
    avps.append(
      avpName,
      JSON.stringify({ uri, destinationUri, q, path, socket, flags: [...flags], group } satisfies Waiting),
    );
  }
  branches.clear();
  return 1;
}

/** 1 if more branches are pending, 2 if these were the last, -1 if none was. */
function next(run: Run): 1 | 2 | -1 {
  const { avps } = run.request;
  const waiting = avps.all(avpName).map((text) => JSON.parse(String(text)) as Waiting);
  const [first] = waiting;
  if (first === undefined) return -1;
  const now = waiting.filter(({ group }) => group === first.group);
  for (let i = 0; i < now.length; i++) avps.remove(avpName, 0);
  const branches = run.state(messageBranches);
  branches.clear();
  assign(branches.main, first);
  // t_relay() in a failure route tries the request URI only if it has changed
  const isUnchanged = run.subject.failure !== undefined && first.uri === run.request.message?.requestUri;
  for (const { uri, destinationUri, q, path, socket, flags } of isUnchanged ? now : now.slice(1))
    branches.add(uri, { destinationUri, q, path, socket, flags: new Set(flags) });
  return waiting.length > now.length ? 1 : 2;
}

function assign(main: MessageBranch, { uri, destinationUri, q, path, socket, flags }: Waiting): void {
  Object.assign(main, { uri, destinationUri, q, path, socket });
  main.flags.clear();
  for (const flag of flags) main.flags.add(flag);
}

export const serialForkingFunctions = defineFunctions([
  {
    name: 'serialize_branches',
    arguments: [
      {
        name: 'clear_previous',
        type: 'int',
        summary: 'Non-zero: discards branches still queued by an earlier call.',
      },
      {
        name: 'keep_order',
        type: 'int',
        optional: true,
        summary: 'Non-zero: queues branches in the order they were added, not by q.',
      },
    ],
    summary:
      'Queues all branches for next_branches(), highest q first; branches with the same q are tried together.',
    source: 'Script-CoreFunctions',
    run: serialize,
  },
  {
    name: 'next_branches',
    arguments: [],
    summary:
      'Takes the next branches from the queue: 1 if more are left, 2 if these are the last, -1 if the queue is empty.',
    source: 'Script-CoreFunctions',
    run: next,
  },
]);
