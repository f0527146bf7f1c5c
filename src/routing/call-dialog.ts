/** A call as a whole, as handlers see it. */
import {
  createDialog,
  type Dialog,
  type DialogEnd,
  type Dialogs,
  dialogEnded,
  dialogOf,
  dialogsOf,
  optionSet,
} from '../dialog/index.ts';
import { recordRoute } from '../relay/index.ts';
import { type Request, StateKey, stackOf } from '../runtime/index.ts';
import { headerText } from '../sip/index.ts';
import { type HeaderValues, headerLines } from './message-view.ts';
import type { PolicyRouting } from './policy-routing.ts';
import { decode, encode } from './text.ts';

/** How a call as a whole has ended. */
export interface DialogEnding {
  /**
   * `bye`: one of the sides has hung up; `timeout`: its time was over; `ping`: a side no longer answers; `command`:
   * {@link CallDialog.end}, or an administrator; `race`: it was answered while it was cancelled; `failed`: it was never answered.
   */
  readonly cause: 'bye' | 'timeout' | 'ping' | 'command' | 'race' | 'failed';
  /** Who has hung up, for `bye`. */
  readonly by: 'caller' | 'callee' | undefined;
  /** The final status, for `failed`. */
  readonly status: number | undefined;
  /** When, in ms since 1970. */
  readonly at: number;
  /** How long it lasted since it was answered, in ms; 0 if it never was. */
  readonly duration: number;
}

/** The `state` of a call as a whole, in this process. */
const callState = new StateKey<Dialog, object | null>('call state', () => null);

/** A call as a whole, from its INVITE to its end: `call.dialog`. */
export class CallDialog<State extends object> {
  readonly #routing: PolicyRouting;
  readonly #dialog: Dialog;

  /** @internal */
  constructor(routing: PolicyRouting, dialog: Dialog) {
    this.#routing = routing;
    this.#dialog = dialog;
  }

  get #dialogs(): Dialogs {
    return this.#routing.host.states.get(dialogsOf);
  }

  /** Identifies it, for administration commands as well. */
  get id(): string {
    return this.#dialog.did;
  }

  /** `ringing` until it is answered. */
  get status(): 'ringing' | 'answered' | 'ended' {
    if (!this.#dialog.isActive) return 'ended';
    return this.#dialog.isAnswered ? 'answered' : 'ringing';
  }

  /** The policy's data for the call: `call.state` of its INVITE and of all requests within it. A restart loses it. */
  get state(): State {
    return stateOf(this.#routing, this.#dialog) as State;
  }

  /** How long ago it was answered, or how long it has lasted, in ms; 0 before. */
  get duration(): number {
    const { answeredAt, endedAt } = this.#dialog;
    return answeredAt === null ? 0 : Math.max(0, (endedAt ?? this.#dialogs.now) - answeredAt);
  }

  /**
   * Ends the call this many ms after its answer, or from now if it was answered already, by BYE to both sides. A later
   * call replaces the limit. Default: 12 hours.
   * @throws RangeError unless it is a number above 0
   */
  limit(milliseconds: number): void {
    if (!(milliseconds > 0 && milliseconds < longest))
      throw new RangeError(`invalid limit ${milliseconds}: use milliseconds above 0`);
    this.#dialog.options = optionSet([...this.#dialog.options, 'bye-on-timeout']);
    this.#dialogs.change(this.#dialog, { kind: 'lifetime', seconds: milliseconds / 1000 });
  }

  /**
   * Ends the call: by BYE to both sides, or by CANCEL and 487 while it rings. Does nothing after its end.
   * @throws TypeError for invalid headers
   */
  end({ headers }: { readonly headers?: HeaderValues } = {}): void {
    const lines = headers === undefined ? '' : headerText(headerLines(headers));
    this.#dialogs.change(this.#dialog, { kind: 'end', reason: 'MI Termination', headers: lines ?? '' });
  }

  /** Calls the function once when the call has ended, however it ends; what it throws is logged. */
  onEnd(listener: (ending: DialogEnding) => unknown): void {
    if (!this.#dialog.isActive) return;
    const { log, kept } = this.#routing;
    const { callId } = this.#dialog;
    // after a reload the policy that has asked stays open for it
    kept.begin();
    const failed = (error: unknown) =>
      log.error(`a function for the end of the call ${callId} failed: ${stackOf(error)}`);
    this.#dialog.state(dialogEnded).add(async (end) => {
      try {
        await listener(endingOf(end));
      } catch (error) {
        failed(error);
      } finally {
        kept.end();
      }
    });
  }

  /** A value that is stored with the call, which scripts have as `$dlg_val(name)`; null if there is none. */
  getValue(name: string): string | number | null {
    const value = this.#dialog.values.get(encode(name)) ?? null;
    return typeof value === 'string' ? decode(value) : value;
  }

  /** Stores a value with the call; null removes it. */
  setValue(name: string, value: string | number | null): void {
    const stored = typeof value === 'string' ? encode(value) : value;
    this.#dialogs.change(this.#dialog, { kind: 'value', name: encode(name), value: stored });
  }

  /** Counts the call among those of a profile, with a value if one is given, until it ends or leaves. */
  join(profile: string, value?: string): void {
    this.#dialogs.change(this.#dialog, { kind: 'join', ...membership(profile, value) });
  }

  /** Takes the call out of a profile; without a value, whatever its values are. */
  leave(profile: string, value?: string): void {
    this.#dialogs.change(this.#dialog, { kind: 'leave', ...membership(profile, value) });
  }

  /** Whether the call belongs to a profile, with this value if one is given. */
  isIn(profile: string, value?: string): boolean {
    const wanted = membership(profile, value);
    return this.#dialog.memberships.some(
      (one) => one.profile === wanted.profile && (wanted.value === null || one.value === wanted.value),
    );
  }

  /** The number of calls of a profile, with this value if one is given, in all processes of the server. */
  count(profile: string, value?: string): number {
    const wanted = membership(profile, value);
    return this.#dialogs.profiles.size(wanted.profile, wanted.value);
  }
}

/** Beyond this, timers would be those of centuries, in ms. */
const longest = 2 ** 41;

const membership = (profile: string, value: string | undefined) => ({
  profile: encode(profile),
  value: value === undefined ? null : encode(value),
});

function endingOf({ cause, reason, status, at, duration }: DialogEnd): DialogEnding {
  const by = reason === 'Upstream BYE' ? 'callee' : 'caller';
  return { cause, by: cause === 'bye' ? by : undefined, status: status ?? undefined, at, duration };
}

const beginsDialog = ({ message }: Request): boolean =>
  message !== null && message.method === 'INVITE' && message.toTag === null;

/** The state of a call as a whole, which the policy creates on first use. */
export function stateOf(routing: PolicyRouting, dialog: Dialog): object {
  const known = dialog.knownState(callState) ?? null;
  if (known !== null) return known;
  const made = routing.newState();
  dialog.setState(callState, made);
  return made;
}

/**
 * The dialog of a request: an INVITE outside of dialogs begins one, and gets a Record-Route, so that the requests within
 * it pass here. Null for any other request outside of dialogs.
 */
export function dialogFor(routing: PolicyRouting, request: Request, state: object | null): Dialog | null {
  const known = dialogOf(request);
  if (known !== null || !beginsDialog(request)) return known;
  recordRoute(request, { params: '', fromTag: true, double: true, user: null });
  const dialog = createDialog(routing.host.states.get(dialogsOf), request, optionSet(['bye-on-timeout']));
  if (dialog !== null && state !== null) dialog.setState(callState, state);
  return dialog;
}
