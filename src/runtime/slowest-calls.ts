/** The calls of a process that have waited longest, for whoever asks what is slow. */
import type { LadderStep } from './call-history.ts';
import type { Host } from './host.ts';
import { StateKey } from './state.ts';

/** A REST call that took long, or a handler that did, and the SIP call that waited for it. */
export interface SlowCall {
  /** How long it took. */
  readonly milliseconds: number;
  /** The kind of its outcome, or the status of its answer; `handler` for a handler that waited for something else. */
  readonly outcome: string;
  /** The HTTP method, or the handler: `onInvite()`. */
  readonly method: string;
  /** Without passwords; '' for a handler. */
  readonly url: string;
  /** The Call-ID; '' outside of calls. */
  readonly call: string;
  /** What has happened to the SIP request. */
  readonly ladder: readonly LadderStep[];
}

const most = 10;
/** How long a call is kept, in ms. */
const kept = 300_000;
/** Longest texts kept of a call. */
const longestText = 300;

/** The slowest calls of the last five minutes, with what is needed to find them. */
export class SlowestCalls {
  /** The slowest first; `at`: when it ended. */
  #calls: { readonly call: SlowCall; readonly at: number }[] = [];

  /** @param about is called if the call is among the slowest; its ladder may still grow */
  add(milliseconds: number, now: number, about: () => Omit<SlowCall, 'milliseconds'>): void {
    const fastest = this.#calls.at(-1);
    const isFull = this.#calls.length >= most && this.#calls.every(({ at }) => now - at < kept);
    if (isFull && fastest !== undefined && milliseconds <= fastest.call.milliseconds) return;
    const { url, call: id, ...others } = about();
    const call = {
      milliseconds,
      ...others,
      url: url.slice(0, longestText),
      call: id.slice(0, longestText),
    };
    this.#calls = [...this.#recent(now), { call, at: now }]
      .sort((a, b) => b.call.milliseconds - a.call.milliseconds)
      .slice(0, most);
  }

  list(now: number): readonly SlowCall[] {
    return this.#recent(now).map(({ call }) => ({
      ...call,
      // a REST call is noted when it has ended
      ladder: call.ladder.toSorted((a, b) => a.at - b.at),
    }));
  }

  #recent(now: number) {
    return this.#calls.filter(({ at }) => now - at < kept);
  }
}

/** The slowest calls of a process. */
export const slowest = new StateKey<Host, SlowestCalls>('slowest calls', () => new SlowestCalls());
