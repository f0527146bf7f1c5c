/**
 * Live traces of calls: SIP in both directions, REST requests, and steps of the script. Each viewer asks for what has
 * happened since it last asked; one that stops asking is forgotten, and without viewers nothing is recorded.
 */
import { formatHostPort, type SipMessage } from '../sip/index.ts';
import type { Clock } from '../timers/index.ts';
import type { LadderStep } from './call-history.ts';
import { isAbout } from './logging/log-levels.ts';
import type { MessageTap, WireEnd, WireMessage } from './message-tap.ts';

export interface TraceEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly callId: string;
  readonly kind: LadderStep['kind'];
  /** One line for people. */
  readonly text: string;
  /** For SIP: the whole message, as a byte string. */
  readonly message?: string;
  /** For SIP: `udp`, and both ends. */
  readonly transport?: string;
  readonly local?: WireEnd;
  readonly peer?: WireEnd;
}

/** Which calls a viewer wants; all conditions must hold. */
export interface TraceFilter {
  readonly callId: string | null;
  readonly user: string | null;
  /** The IP address of the peer of the first message. */
  readonly address: string | null;
}

/** What a viewer gets. */
export interface TraceBatch {
  readonly events: readonly TraceEvent[];
  /** Events that did not fit. */
  readonly lost: number;
}

/** How long a viewer may be silent, in ms. */
const lease = 10_000;
const mostViewers = 8;
/** Limits on what waits for a viewer: bytes by estimate, and calls. */
const mostBytes = 4 * 1024 * 1024;
const mostCalls = 10_000;
const overhead = 200;

class Viewer {
  readonly filter: TraceFilter;
  expires = 0;
  #events: TraceEvent[] = [];
  #bytes = 0;
  #lost = 0;
  /** The calls that it sees. */
  readonly #calls = new Set<string>();

  constructor(filter: TraceFilter) {
    this.filter = filter;
  }

  /** Whether it sees a call; a message may begin one. */
  sees(callId: string, message: SipMessage | null, address: string): boolean {
    if (this.#calls.has(callId)) return true;
    const { filter } = this;
    if (message === null || !isAbout(filter, message)) return false;
    if (filter.address !== null && filter.address !== address) return false;
    if (this.#calls.size >= mostCalls) this.#calls.clear();
    this.#calls.add(callId);
    return true;
  }

  add(event: TraceEvent): void {
    const size = overhead + event.text.length + (event.message?.length ?? 0);
    if (this.#bytes + size > mostBytes) {
      this.#lost++;
      return;
    }
    this.#bytes += size;
    this.#events.push(event);
  }

  take(): TraceBatch {
    const batch = { events: this.#events, lost: this.#lost };
    this.#events = [];
    this.#bytes = 0;
    this.#lost = 0;
    return batch;
  }
}

export class Tracing {
  /** Whether anybody looks. */
  isOn = false;
  readonly #clock: Clock;
  readonly #tap: MessageTap;
  readonly #viewers = new Map<string, Viewer>();

  constructor(clock: Clock, tap: MessageTap) {
    this.#clock = clock;
    this.#tap = tap;
  }

  /** What has happened since this viewer last asked, which it must do every few seconds. Null: there are too many. */
  view(id: string, filter: TraceFilter): TraceBatch | null {
    this.#forget();
    let viewer = this.#viewers.get(id);
    if (viewer === undefined) {
      if (this.#viewers.size >= mostViewers) return null;
      viewer = new Viewer(filter);
      this.#viewers.set(id, viewer);
    }
    viewer.expires = this.#clock.now() + lease;
    this.isOn = true;
    this.#tap.add(this.#seen);
    this.#clock.setTimer(lease + 1, () => this.#forget());
    return viewer.take();
  }

  /** The script begins a statement, or REST does something, for a call. */
  note(callId: string, kind: 'script' | 'HTTP out' | 'HTTP in', text: string): void {
    for (const viewer of this.#viewers.values())
      if (viewer.sees(callId, null, '')) viewer.add({ at: this.#clock.date(), callId, kind, text });
  }

  readonly #seen = ({ direction, message, transport, local, peer }: WireMessage): void => {
    const { callId, raw } = message;
    const { address, port } = peer;
    const at = this.#clock.date();
    const event: TraceEvent = {
      at,
      callId,
      kind: direction === 'in' ? 'SIP in' : 'SIP out',
      text: `${firstLine(raw)} ${direction === 'in' ? 'from' : 'to'} ${formatHostPort(address, port)}`,
      message: raw,
      transport,
      ...(local === null ? {} : { local }),
      peer: { address, port },
    };
    for (const viewer of this.#viewers.values()) if (viewer.sees(callId, message, address)) viewer.add(event);
  };

  #forget(): void {
    const now = this.#clock.now();
    for (const [id, { expires }] of this.#viewers) if (expires <= now) this.#viewers.delete(id);
    this.isOn = this.#viewers.size > 0;
    if (!this.isOn) this.#tap.remove(this.#seen);
  }
}

const firstLine = (raw: string) =>
  raw.slice(0, Math.min(raw.indexOf('\r\n') >>> 0, 300)).replace(/ SIP\/2\.0$|^SIP\/2\.0 /, '');
