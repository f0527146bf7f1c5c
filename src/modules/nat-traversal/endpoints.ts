/**
 * Addresses behind NATs that are kept alive, each as long as one of its conditions holds. All processes know all of them;
 * each pings its share.
 */
import { type Host, type ReplicatedValues, StateKey, StoreError } from '../../runtime/index.ts';
import { type Awaitable, andThen, isPending } from '../../timers/index.ts';
import { InForce } from '../in-force.ts';

export type Condition = 'registration' | 'subscription' | 'dialog';

/** Until when conditions hold, in milliseconds since 1970; those of dialogs by Call-ID. */
interface Endpoint {
  /** The socket towards it, `udp:192.0.2.1:5060`. */
  readonly socket: string;
  readonly registration: number;
  readonly subscription: number;
  readonly dialogs: Readonly<Record<string, number>>;
}

export const space = 'nat_traversal';
/** Further dialogs of an endpoint need no place: others keep it alive. */
const mostDialogs = 100;

const none: Endpoint = { socket: '', registration: 0, subscription: 0, dialogs: {} };

export class Endpoints {
  readonly inForce = new InForce();
  readonly #host: Host;
  readonly #values: ReplicatedValues;

  constructor(host: Host) {
    this.#host = host;
    this.#values = host.store.values(space);
  }

  /** The endpoint of a URI, `sip:192.0.2.7:5062`, while any of its conditions holds. */
  find(uri: string): Endpoint | null {
    const text = this.#values.get(uri);
    const endpoint = typeof text === 'string' ? (JSON.parse(text) as Endpoint) : null;
    return endpoint !== null && this.#lastsUntil(endpoint) > this.#host.clock.date() ? endpoint : null;
  }

  #lastsUntil({ registration, subscription, dialogs }: Endpoint): number {
    return Math.max(registration, subscription, ...Object.values(dialogs));
  }

  /** Sets until when a condition holds; for a dialog with its Call-ID. */
  keep(uri: string, socket: string, condition: Condition, until: number, callId = ''): void {
    this.#change(uri, (before) => {
      const endpoint = { ...(before ?? none), socket };
      if (condition !== 'dialog') return { ...endpoint, [condition]: until };
      const now = this.#host.clock.date();
      const others = Object.entries(endpoint.dialogs).filter(([id, end]) => id !== callId && end > now);
      return { ...endpoint, dialogs: Object.fromEntries([...others.slice(-mostDialogs), [callId, until]]) };
    });
  }

  /** Ends the condition of a dialog. */
  endDialog(uri: string, callId: string): void {
    this.#change(uri, (before) => {
      if (before === null || before.dialogs[callId] === undefined) return before;
      const { [callId]: _, ...dialogs } = before.dialogs;
      return { ...before, dialogs };
    });
  }

  #change(uri: string, next: (before: Endpoint | null) => Endpoint | null, attempts = 20): void {
    const changed = this.#replace(uri, next, attempts);
    if (isPending(changed))
      changed.catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error;
      });
  }

  #replace(
    uri: string,
    next: (before: Endpoint | null) => Endpoint | null,
    attempts: number,
  ): Awaitable<void> {
    const value = this.#values.get(uri);
    const text = typeof value === 'string' ? value : null;
    const endpoint = next(text === null ? null : (JSON.parse(text) as Endpoint));
    const isOver = endpoint === null || this.#lastsUntil(endpoint) <= this.#host.clock.date();
    const after = isOver ? null : JSON.stringify(endpoint);
    if (after === text) return;
    return andThen(this.#values.replace(uri, text, after).result, (result) =>
      result === 'changed' && attempts > 0 ? this.#replace(uri, next, attempts - 1) : undefined,
    );
  }

  /** Removes an endpoint without a condition. */
  forget(uri: string): void {
    this.#change(uri, (before) => before);
  }

  /** Calls `changed` for all endpoints, and for those that are new or gone later, until the result is called. */
  watch(changed: (uri: string, isThere: boolean) => void): () => void {
    let isOver = false;
    const tell = (uri: string) => {
      if (!isOver) changed(uri, typeof this.#values.get(uri) === 'string');
    };
    for (const uri of this.#values.keys()) tell(uri);
    this.#values.watch(tell);
    return () => {
      isOver = true;
    };
  }

  /** How many there are, of all conditions together and of each. */
  get counts(): Readonly<Record<'keepalive' | 'registered' | 'subscribed' | 'dialog', number>> {
    const now = this.#host.clock.date();
    const counts = { keepalive: 0, registered: 0, subscribed: 0, dialog: 0 };
    for (const uri of this.#values.keys()) {
      const endpoint = this.find(uri);
      if (endpoint === null) continue;
      counts.keepalive++;
      if (endpoint.registration > now) counts.registered++;
      if (endpoint.subscription > now) counts.subscribed++;
      if (Object.values(endpoint.dialogs).some((until) => until > now)) counts.dialog++;
    }
    return counts;
  }
}

export const endpoints = new StateKey<Host, Endpoints>('nat_traversal', (host) => new Endpoints(host));
