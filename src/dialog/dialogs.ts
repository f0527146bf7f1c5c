/**
 * The dialogs of a process, by their identifiers and by Call-ID. A request belongs to the process that its Call-ID
 * selects, so all requests of a dialog meet it there; {@link SharedDialogs} has those of the other processes.
 */
import { type Host, type RunRouting, StateKey } from '../runtime/index.ts';
import { type TimerWheel, timersOf } from '../timers/index.ts';
import { applyChange, type DataChange, type DialogChange, leftBy } from './changes.ts';
import type { Dialog, DialogStatus, Membership } from './dialog.ts';
import type { DialogTable } from './dialog-table.ts';
import { end, expire, restore } from './ending.ts';
import { identifierIn } from './identifier.ts';
import { type DialogListeners, dialogListeners } from './listeners.ts';
import { dialogParameters, profileNames } from './parameters.ts';
import { pingAgain, pingDue } from './pings.ts';
import { ProfileCounts } from './profiles.ts';
import { ProfilesElsewhere } from './profiles-elsewhere.ts';
import { sendWithin } from './send-within.ts';
import { SharedDialogs, type SharedDialogsUser } from './shared-dialogs.ts';

/** How long an ended dialog is matched at least, in ms: its BYE may be repeated. */
const leastDelay = 5000;

export class Dialogs implements DialogTable, SharedDialogsUser {
  readonly host: Host;
  readonly profiles = new ProfileCounts();
  readonly totals = { processed: 0, expired: 0, failed: 0 };
  readonly #timers: TimerWheel;
  readonly #byDid = new Map<string, Dialog>();
  /** Most Call-IDs have one dialog; a call that passes several times has more. */
  readonly #byCall = new Map<string, Dialog | readonly Dialog[]>();
  readonly #counts: Record<DialogStatus, number> = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 };
  #shared: SharedDialogs | null;
  readonly #elsewhere: ProfilesElsewhere | null;
  #routing: RunRouting | null = null;
  #hasBegun = false;

  constructor(host: Host) {
    this.host = host;
    this.#timers = timersOf(host.clock);
    this.#shared = host.count > 1 ? new SharedDialogs(host, this) : null;
    const { cluster } = host.store;
    this.#elsewhere = cluster === null ? null : new ProfilesElsewhere(host, cluster, this.profiles);
  }

  /** The policy in force, whose routes and listeners serve all dialogs: it may be newer than they are. */
  get routing(): RunRouting {
    if (this.#routing === null) throw new Error('no policy with dialogs is in force');
    return this.#routing;
  }

  /** A policy that follows dialogs is about to come into force. */
  expect(routing: RunRouting): void {
    this.#routing ??= routing;
  }

  /** From now on its routes and listeners are used; the first one goes on with what a restart has left. */
  serve(routing: RunRouting): void {
    this.#routing = routing;
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#shared?.begin((did, text) => restore(this, did, text));
  }

  /** From now on the records of dialogs are written, for other processes or for the time after a restart. */
  share(): void {
    if (this.#shared !== null) return;
    this.#shared = new SharedDialogs(this.host, this);
    if (!this.#hasBegun) return;
    this.#shared.begin((did, text) => this.find(did) === null && restore(this, did, text));
    for (const dialog of this.own()) this.#shared.write(dialog);
  }

  get listeners(): DialogListeners {
    return this.routing.states.get(dialogListeners);
  }

  get parameters() {
    return this.routing.parameters(dialogParameters);
  }

  /** In ms since 1970. */
  get now(): number {
    return this.host.clock.date();
  }

  // --- finding ---

  /** A dialog of this process, ended ones included. */
  find(did: string): Dialog | null {
    return this.#byDid.get(did) ?? null;
  }

  /** Those of this process with a Call-ID. */
  ofCall(callId: string): readonly Dialog[] {
    const found = this.#byCall.get(callId);
    if (found === undefined) return [];
    return Array.isArray(found) ? (found as readonly Dialog[]) : [found as Dialog];
  }

  /** By identifier or Call-ID, in any process; one of another process is a copy. */
  lookUp(id: string, by: 'did' | 'call' | 'either' = 'either'): Dialog | null {
    const did = identifierIn(id) ?? id;
    const byDid = by === 'call' ? null : (this.find(did) ?? this.#shared?.find(did) ?? null);
    if (byDid !== null || by === 'did') return byDid;
    const own = this.ofCall(id);
    return own.find(({ isActive }) => isActive) ?? own[0] ?? this.#shared?.findCall(id) ?? null;
  }

  /** All that have not ended, those of this process first; others are copies, whose records have `part` in them. */
  *active(part = ''): Generator<Dialog> {
    for (const dialog of this.#byDid.values()) if (dialog.isActive) yield dialog;
    if (this.#shared !== null) yield* this.#shared.withText(part);
  }

  /** Those of this process that have not ended. */
  *own(): Generator<Dialog> {
    for (const dialog of this.#byDid.values()) if (dialog.isActive) yield dialog;
  }

  /** How many have one of these statuses, in all processes. */
  count(...statuses: readonly DialogStatus[]): number {
    return statuses.reduce((sum, one) => sum + this.#counts[one] + (this.#shared?.count(one) ?? 0), 0);
  }

  /** The same for this process alone. */
  countHere(...statuses: readonly DialogStatus[]): number {
    return statuses.reduce((sum, one) => sum + this.#counts[one], 0);
  }

  // --- what happens to a dialog of this process ---

  /** Whether there is memory for another one. */
  get hasRoom(): boolean {
    const { calls } = this.host.memory;
    if (calls.used + baseSize <= calls.limit) return true;
    calls.refused++;
    return false;
  }

  add(dialog: Dialog): void {
    this.host.memory.calls.charge(sizeOf(dialog));
    this.#byDid.set(dialog.did, dialog);
    const others = this.ofCall(dialog.callId);
    this.#byCall.set(dialog.callId, others.length === 0 ? dialog : [...others, dialog]);
    this.#counts[dialog.status]++;
    for (const one of dialog.memberships) this.#join(one);
    this.write(dialog);
  }

  /** Its data has changed: others will know. */
  write(dialog: Dialog): void {
    if (dialog.isActive) this.#shared?.write(dialog);
  }

  setStatus(dialog: Dialog, status: DialogStatus): void {
    const before = dialog.status;
    if (before === status) return;
    this.#counts[before]--;
    this.#counts[status]++;
    dialog.status = status;
    if (status === 5) this.#leave(dialog);
    else this.write(dialog);
    this.listeners.changed.emit(dialog, before);
  }

  /** It has ended: nobody counts it any more, but late requests still find it for a time. */
  #leave(dialog: Dialog): void {
    for (const one of dialog.memberships) this.#part(one);
    this.#shared?.remove(dialog);
    dialog.transaction = null;
    this.#linger(dialog);
  }

  #join(membership: Membership): void {
    this.profiles.add(membership);
    if (this.#elsewhere !== null && this.routing.states.get(profileNames).shared.has(membership.profile))
      this.#elsewhere.join(membership);
  }

  #part(membership: Membership): void {
    this.profiles.remove(membership);
    this.#elsewhere?.leave(membership);
  }

  #linger(dialog: Dialog): void {
    const delay = 1000 * (dialog.deleteDelay ?? this.parameters.delete_delay);
    this.#timers.start(dialog, Math.max(delay, leastDelay));
  }

  /** Waits for whatever is due next. */
  schedule(dialog: Dialog): void {
    if (!dialog.isActive) return;
    const { expiresAt, racedUntil, pings } = dialog;
    const due = Math.min(
      expiresAt ?? Number.POSITIVE_INFINITY,
      racedUntil ?? Number.POSITIVE_INFINITY,
      pings?.nextOptions ?? Number.POSITIVE_INFINITY,
      pings?.nextReinvite ?? Number.POSITIVE_INFINITY,
    );
    if (due === Number.POSITIVE_INFINITY) this.#timers.stop(dialog);
    else this.#timers.start(dialog, Math.max(0, due - this.now));
  }

  due(dialog: Dialog): void {
    if (!dialog.isActive) return this.#forget(dialog);
    const { now } = this;
    if (dialog.racedUntil !== null && dialog.racedUntil <= now)
      return end(this, dialog, { cause: 'race', reason: 'SIP Race Condition', byes: true });
    if (dialog.expiresAt !== null && dialog.expiresAt <= now) return expire(this, dialog);
    pingDue(this, dialog, now, (reason) => end(this, dialog, { cause: 'ping', reason, byes: true }));
    this.schedule(dialog);
  }

  #forget(dialog: Dialog): void {
    this.host.memory.calls.release(sizeOf(dialog));
    this.#byDid.delete(dialog.did);
    this.#counts[dialog.status]--;
    const others = this.ofCall(dialog.callId).filter((one) => one !== dialog);
    const [first, second] = others;
    if (first === undefined) this.#byCall.delete(dialog.callId);
    else this.#byCall.set(dialog.callId, second === undefined ? first : others);
  }

  // --- changes ---

  /** Makes a change, in the process that has the dialog; one that has ended keeps data only. False if that is impossible. */
  change(dialog: Dialog, change: DialogChange): boolean {
    if (!dialog.isActive && !isData(change)) return false;
    if (this.#byDid.get(dialog.did) === dialog) {
      this.#change(dialog, change);
      return true;
    }
    // a copy: what runs here sees the change, and the owner makes it
    if (isData(change)) applyChange(dialog, change, this.now);
    else if (change.kind === 'join') dialog.memberships = [...dialog.memberships, memberOf(change)];
    else if (change.kind === 'leave') {
      const left = leftBy(dialog, change);
      dialog.memberships = dialog.memberships.filter((one) => !left.includes(one));
    }
    return this.#shared?.order(dialog.did, change) === true;
  }

  obey(did: string, change: DialogChange): void {
    const dialog = this.find(did);
    if (dialog !== null) this.change(dialog, change);
  }

  notShared(dialog: Dialog): void {
    this.routing.log.warning(
      `the dialog of ${dialog.callId} is unknown to other processes: the memory for shared data is full`,
    );
  }

  #change(dialog: Dialog, change: DialogChange): void {
    switch (change.kind) {
      case 'end':
        end(this, dialog, { cause: 'command', reason: change.reason, byes: true, headers: change.headers });
        return;
      case 'send':
        void sendWithin(this, dialog, change);
        return;
      case 'join': {
        const membership = memberOf(change);
        dialog.memberships = [...dialog.memberships, membership];
        this.#join(membership);
        break;
      }
      case 'leave': {
        const left = leftBy(dialog, change);
        dialog.memberships = dialog.memberships.filter((one) => !left.includes(one));
        for (const one of left) this.#part(one);
        break;
      }
      default: {
        const { calls } = this.host.memory;
        if (change.kind === 'value') calls.release(lengthOf(dialog.values.get(change.name)));
        applyChange(dialog, change, this.now);
        if (change.kind === 'value') calls.charge(lengthOf(change.value));
        if (change.kind === 'delete-delay' && !dialog.isActive) this.#linger(dialog);
        if (change.kind === 'ping') pingAgain(dialog, this.now);
        if (change.kind === 'ping' || change.kind === 'lifetime') this.schedule(dialog);
      }
    }
    this.write(dialog);
  }
}

/** What a dialog takes without its values, in bytes. */
const baseSize = 2048;

const lengthOf = (value: string | number | null | undefined): number =>
  typeof value === 'string' ? value.length : 0;

function sizeOf({ values }: Dialog): number {
  let size = baseSize;
  for (const value of values.values()) size += lengthOf(value);
  return size;
}

const memberOf = ({ profile, value }: Membership): Membership => ({ profile, value });

const isData = (change: DialogChange): change is DataChange =>
  change.kind !== 'join' && change.kind !== 'leave' && change.kind !== 'end' && change.kind !== 'send';

/** The dialogs of a process. */
export const dialogsOf = new StateKey<Host, Dialogs>('dialogs', (host) => new Dialogs(host));
