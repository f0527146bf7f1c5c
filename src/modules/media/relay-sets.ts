/** Sets of media relays: which one a call uses, and another one where it fails. */
import type { Host } from '../../runtime/index.ts';
import type { Definition } from './definition.ts';
import type { RelayNode } from './relay-node.ts';

/** A command, and the call that it is about. */
export interface RelayCommand {
  readonly set: number;
  /** A byte string. */
  readonly callId: string;
  /** The name of the relay that is asked first, if the set has it; null: the one of the call. */
  readonly first: string | null;
  readonly text: string;
  /** Whether another relay should get it, after this answer. */
  readonly isRefusal: (answer: string) => boolean;
  /** Whether the call ends with it. */
  readonly endsCall: boolean;
}

/** The last answer and its relay; without an answer why there is none. */
export type Asked =
  | { readonly node: RelayNode; readonly answer: string }
  | { readonly node: null; readonly reason: string };

/** How long calls are remembered that no command ends, in ms. */
const longestCall = 86_400_000;

export class RelaySets {
  readonly #create: (definition: Definition) => RelayNode;
  #sets = new Map<number, RelayNode[]>();
  /** The relays of calls that are not where their Call-ID leads, for all processes. */
  readonly #moved: ReturnType<Host['store']['values']>;
  /** When this process has stored each. */
  readonly #stored = new Map<string, number>();
  readonly #host: Host;

  constructor(host: Host, space: string, create: (definition: Definition) => RelayNode) {
    this.#host = host;
    this.#create = create;
    this.#moved = host.store.values(space);
  }

  get sets(): ReadonlyMap<number, readonly RelayNode[]> {
    return this.#sets;
  }

  get all(): readonly RelayNode[] {
    return [...this.#sets.values()].flat();
  }

  /** Replaces all relays; with `keeps`, those that are defined as before stay, with their states. */
  load(definitions: readonly Definition[], keeps: boolean): void {
    const before = this.all;
    const next = new Map<number, RelayNode[]>();
    for (const one of definitions) {
      const text = JSON.stringify(one);
      const known = keeps ? before.find(({ definition }) => JSON.stringify(definition) === text) : undefined;
      next.set(one.set, [...(next.get(one.set) ?? []), known ?? this.#create(one)]);
    }
    this.#sets = next;
    const kept = new Set(this.all);
    for (const node of before) if (!kept.has(node)) node.close();
  }

  /** Asks relays of a set in turn, until one gives an answer that does not refuse it. */
  async ask(command: RelayCommand): Promise<Asked> {
    const { set, callId, first } = command;
    const nodes = this.#sets.get(set);
    if (nodes === undefined) return { node: null, reason: `unknown set ${set}` };
    const tried = new Set<RelayNode>();
    const own = first ?? this.#moved.get(callId);
    const named =
      typeof own === 'string' ? nodes.find(({ definition }) => definition.name === own) : undefined;
    let last: Asked = { node: null, reason: `no relay of the set ${set} is active` };
    const usual = choose(nodes, callId, tried, () => true);
    while (tried.size < nodes.length) {
      const isNamed = named !== undefined && !tried.has(named) && named.isCandidate;
      const node = isNamed ? named : choose(nodes, callId, tried, isCandidate);
      if (node === null) break;
      tried.add(node);
      if (!(await node.isUsable())) continue;
      const reply = await node.ask(command.text);
      if (reply.kind !== 'answer') {
        last = { node: null, reason: `${node.definition.name}: ${reply.reason}` };
        continue;
      }
      last = { node, answer: reply.text };
      if (command.isRefusal(reply.text)) continue;
      this.#remember(command, node === usual ? null : node);
      break;
    }
    return last;
  }

  #remember({ callId, endsCall }: RelayCommand, node: RelayNode | null): void {
    if (node === null || endsCall) this.#forget(callId);
    else if (this.#moved.set(callId, node.definition.name)) {
      this.#stored.delete(callId);
      this.#stored.set(callId, this.#host.clock.now());
    }
  }

  #forget(callId: string): void {
    this.#stored.delete(callId);
    if (this.#moved.get(callId) !== undefined) this.#moved.delete(callId);
  }

  /** Forgets calls that have ended unseen. */
  sweep(): void {
    const oldest = this.#host.clock.now() - longestCall;
    for (const [callId, at] of this.#stored) {
      if (at > oldest) return;
      this.#forget(callId);
    }
  }

  close(): void {
    for (const node of this.all) node.close();
  }
}

const isCandidate = (node: RelayNode): boolean => node.isCandidate;

/** By the Call-ID and the weights, so that all processes and later commands choose the same one. */
function choose(
  nodes: readonly RelayNode[],
  callId: string,
  tried: ReadonlySet<RelayNode>,
  may: (node: RelayNode) => boolean,
): RelayNode | null {
  const left = nodes.filter((node) => !tried.has(node) && may(node));
  const total = left.reduce((sum, { definition }) => sum + definition.weight, 0);
  // one with the weight 0 is used when no other is left
  if (total === 0) return left[0] ?? null;
  let place = hashOf(callId) % total;
  for (const node of left) {
    if (place < node.definition.weight) return node;
    place -= node.definition.weight;
  }
  return null;
}

/** As in OpenSIPS, so that both choose the same relay. */
function hashOf(callId: string): number {
  let sum = 0;
  for (let at = 0; at < callId.length; at++) sum = (sum + callId.charCodeAt(at)) & 0xff;
  return sum;
}
