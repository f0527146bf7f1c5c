/** The choice of a destination for a call, and of others after it. */
import { createDialog, dialogContext, dialogsOf, optionSet } from '../../dialog/index.ts';
import { type Request, type Run, StateKey } from '../../runtime/index.ts';
import type { VariableReference } from '../../script/index.ts';
import { type Balancer, profileOf } from './balancer.ts';
import { type Destination, resourcesIn } from './destination.ts';

/** -1 an error, -2 no capacity, -3 no destination, -4 unknown resources. */
export type Code = 1 | -1 | -2 | -3 | -4;

interface Session {
  readonly group: number;
  readonly resources: readonly string[];
  readonly flags: string;
  readonly used: Set<string>;
  current: Destination | null;
}

const sessions = new StateKey<Request, { session: Session | null }>(
  'load_balancer session',
  () => ({ session: null }),
  { isShared: true },
);

const noOptions = optionSet([]);

const sessionOf = (run: Run): Session | null => run.state(sessions).session;

export const isStarted = (run: Run): boolean => sessionOf(run) !== null;

export const currentOf = (run: Run): Destination | null => sessionOf(run)?.current ?? null;

/** Counts the call as load of a destination, or no longer. False if the call cannot be followed. */
export function count(
  run: Run,
  { id: value }: Destination,
  resources: readonly string[],
  kind: 'join' | 'leave',
): boolean {
  const dialogs = run.routing.host.states.get(dialogsOf);
  const own = run.state(dialogContext).own;
  const dialog = own ?? (kind === 'join' ? createDialog(dialogs, run.request, noOptions) : null);
  if (dialog === null) return false;
  for (const resource of resources) dialogs.change(dialog, { kind, profile: profileOf(resource), value });
  return true;
}

/** Ends the session: the call is no longer counted for its destination. False if there is none. */
export function reset(run: Run): boolean {
  const state = run.state(sessions);
  const { session } = state;
  if (session !== null) release(run, session);
  state.session = null;
  return session !== null;
}

function release(run: Run, session: Session): void {
  if (session.current !== null) count(run, session.current, session.resources, 'leave');
  session.current = null;
}

type Attributes = VariableReference<Run> | undefined;

/** Begins to choose, and directs the request to the destination that has most left. */
export function start(
  run: Run,
  balancer: Balancer,
  group: number,
  text: string,
  flags: string,
  attributes: Attributes,
): Code {
  reset(run);
  attributes?.set(run, '');
  const resources = resourcesIn(text);
  const { message } = run.request;
  const isCall =
    run.state(dialogContext).own !== null || (message?.method === 'INVITE' && message.toTag === null);
  if (resources.length === 0 || !isCall) {
    run.complain(
      `lb_start(): ${isCall ? 'no resources are given' : 'only an INVITE that begins a call has a load'}`,
    );
    return -1;
  }
  if (!resources.every((one) => balancer.knows(one))) return -4;
  const session: Session = { group, resources, flags, used: new Set(), current: null };
  const code = choose(run, balancer, session, attributes);
  if (code === 1) run.state(sessions).session = session;
  return code;
}

/** Directs the request to the next best destination; -1 without a session. */
export function next(run: Run, balancer: Balancer, attributes: Attributes): Code {
  const session = sessionOf(run);
  if (session === null) return -1;
  release(run, session);
  return choose(run, balancer, session, attributes);
}

function choose(run: Run, balancer: Balancer, session: Session, attributes: Attributes): Code {
  const { group, resources, flags, used } = session;
  attributes?.set(run, '');
  const found = balancer
    .contest(group, resources, flags.includes('r'))
    .best(used, { takesFull: flags.includes('n'), isRandom: flags.includes('s') });
  if (found === 'full') return -2;
  if (found === 'none') return -3;
  if (!run.request.setDestinationUri(found.uri) || !count(run, found, resources, 'join')) return -1;
  session.current = found;
  used.add(found.id);
  attributes?.set(run, found.attrs ?? '');
  return 1;
}
