/** Destinations of a request: the one that it is sent to, and those that are tried after it. */
import { forceSocket, messageBranches } from '../../relay/index.ts';
import { type Request, type Run, StateKey } from '../../runtime/index.ts';
import { formatUri, withHost, withPort } from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { algorithm, type Order } from './algorithms.ts';
import { Choices } from './choices.ts';
import type { Destination } from './destination.ts';
import type { DestinationSet } from './destination-set.ts';
import type { SelectFlags } from './flags.ts';
import type { Partition } from './partition.ts';

/** What a destination replaces: the destination URI, or host and port of the request URI. */
export type Place = 'destination' | 'domain';

/** Destinations in the order in which they are tried. */
class Queue {
  readonly #order: Order;
  readonly #last: Destination | null;
  #taken = 0;
  readonly #most: number;

  constructor(order: Order, last: Destination | null, most: number) {
    this.#order = order;
    this.#last = last;
    this.#most = Math.min(most, order.list.length + (last === null ? 0 : 1));
  }

  get left(): number {
    return this.#most - this.#taken;
  }

  /** Null after the last one. */
  take(): Destination | null {
    if (this.left <= 0) return null;
    this.#taken++;
    return this.#at(this.#taken - 1);
  }

  /** Those that are left. */
  *rest(): Generator<Destination> {
    for (let i = this.#taken; i < this.#most; i++) {
      const one = this.#at(i);
      if (one !== null) yield one;
    }
  }

  #at(index: number): Destination | null {
    const { list, first } = this.#order;
    return index < list.length ? (list[(first + index) % list.length] ?? null) : this.#last;
  }
}

/** What was selected with the flag `f`, by partition. */
interface Selection {
  readonly queues: readonly Queue[];
  current: Destination | null;
}

const selections = new StateKey<Request, Map<string, Selection>>('dispatcher selections', () => new Map(), {
  isShared: true,
});

export interface Selecting {
  readonly set: number;
  readonly algorithm: number;
  readonly flags: SelectFlags;
  /** Null: no limit. */
  readonly most: number | null;
}

/** Selects a destination and directs the request to it. -1: the set has none that is active. */
export function select(
  run: Run,
  partition: Partition,
  place: Place,
  { set: id, algorithm: number, flags, most }: Selecting,
): Awaitable<1 | -1> {
  const set = partition.sets.get(id);
  if (set === undefined || set.active.list.length === 0) return -1;
  const { choices, last } = choicesOf(set, flags);
  const chosen = algorithm(number)({ run, partition, set, choices, isUserOnly: flags.isUserOnly });
  return andThen(chosen, (order) => {
    const queue = new Queue(order, last, most === null ? Number.POSITIVE_INFINITY : Math.max(1, most));
    const all = run.state(selections);
    const current = queue.take();
    if (current === null || !direct(run, place, current)) return -1;
    const before = all.get(partition.name);
    if (flags.isFailover) {
      const queues = [queue, ...(flags.appends && before !== undefined ? pending(before) : [])];
      all.set(partition.name, { queues, current });
      showPending(run, partition, true);
    } else if (before !== undefined) before.current = null;
    showAttributes(run, partition, current);
    return 1;
  });
}

/** What was selected before, the destination of that time included. */
const pending = ({ queues, current }: Selection): readonly Queue[] =>
  current === null ? queues : [new Queue({ list: [current], first: 0 }, null, 1), ...queues];

/** With the flag `d` the last one is chosen only if there is no other, and tried last. */
function choicesOf(set: DestinationSet, { usesDefault }: SelectFlags) {
  const { active } = set;
  if (!usesDefault || active.list.length < 2) return { choices: active, last: null };
  return { choices: new Choices(active.list.slice(0, -1)), last: active.list.at(-1) ?? null };
}

/** Directs the request to the next destination that is active. -1: there is none, or nothing was selected with `f`. */
export function next(run: Run, partition: Partition, place: Place): 1 | -1 {
  const selection = run.state(selections).get(partition.name);
  if (selection === undefined) return -1;
  selection.current = takeActive(run, partition, place, selection);
  showPending(run, partition, false);
  showAttributes(run, partition, selection.current);
  return selection.current === null ? -1 : 1;
}

function takeActive(run: Run, partition: Partition, place: Place, { queues }: Selection): Destination | null {
  for (const queue of queues)
    for (let one = queue.take(); one !== null; one = queue.take())
      // one that has failed meanwhile would cost this call
      if (partition.stateOf(one) === 'active' && direct(run, place, one)) return one;
  return null;
}

/** The destination that was selected last with `f`. */
export const currentOf = (run: Run, partition: Partition): Destination | null =>
  run.state(selections).get(partition.name)?.current ?? null;

function direct(run: Run, place: Place, { uri, parts, socket }: Destination): boolean {
  const { request } = run;
  if (place === 'destination') {
    if (!request.setDestinationUri(uri)) return false;
  } else {
    const moved = request.uri === null ? null : withHost(request.uri, parts.host ?? '');
    const whole = moved === null ? null : withPort(moved, parts.port);
    if (whole === null) return false;
    request.requestUri = formatUri(whole);
  }
  if (socket === null) run.state(messageBranches).main.socket = null;
  else if (!forceSocket(request, socket))
    run.complain(`dispatcher: ${uri} wants the unknown socket "${socket}"`);
  return true;
}

/** Sets the AVPs with the attributes of the destination; null: there is none left. */
export function showAttributes(run: Run, partition: Partition, one: Destination | null): void {
  const { attrs, script_attrs } = partition.settings.avps;
  const { avps } = run.request;
  if (attrs !== null) avps.replace(attrs, one === null ? null : (one.attrs ?? ''));
  if (script_attrs !== null)
    avps.replace(script_attrs, one === null ? null : (partition.scriptAttrs(one) ?? ''));
}

/** Sets the AVPs with the destinations to be tried, and with their set and number if they were just selected. */
function showPending(run: Run, partition: Partition, isNew: boolean): void {
  const { dst, grp, cnt, sock } = partition.settings.avps;
  const selection = run.state(selections).get(partition.name);
  if (selection === undefined || (dst ?? grp ?? cnt ?? sock) === null) return;
  const { queues, current } = selection;
  const all = current === null ? [] : [current, ...queues.flatMap((queue) => [...queue.rest()])];
  const { avps } = run.request;
  if (dst !== null)
    avps.set(
      dst,
      all.map(({ uri }) => uri),
    );
  if (sock !== null)
    avps.set(
      sock,
      all.map(({ socket }) => socket ?? ''),
    );
  if (!isNew) return;
  if (grp !== null) avps.replace(grp, current?.set ?? null);
  if (cnt !== null) avps.replace(cnt, all.length);
}
