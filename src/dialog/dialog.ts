/** A dialog: the state of a call that is going on (RFC 3261, 12), which siprest follows as a proxy. */

import { type StateKey, States } from '../runtime/index.ts';
import type { ServerTransaction } from '../sip/index.ts';
import { Deadline } from '../timers/index.ts';
import type { Leg } from './leg.ts';
import type { DialogOption } from './options.ts';

/**
 * 1 unconfirmed: no reply yet; 2 early: a provisional reply; 3 answered, the ACK is missing; 4 confirmed; 5 ended. The
 * numbers are those of `$DLG_status`.
 */
export type DialogStatus = 1 | 2 | 3 | 4 | 5;

/** Where a request of the dialog goes: `downstream` is from the caller to the callee. */
export type Direction = 'downstream' | 'upstream';

/** That it belongs to a profile; the value is null in a profile without values. */
export interface Membership {
  readonly profile: string;
  readonly value: string | null;
}

/** The routes of the script that run for it, by name. */
export interface DialogRoutes {
  readonly answer?: string | null;
  readonly timeout?: string | null;
  readonly hangup?: string | null;
}

/** How often its sides are asked whether they still are in the call. */
export interface PingTimes {
  /** In seconds. */
  options: number;
  reinvite: number;
  /** When the next ones are due, in ms since 1970; Infinity: never. */
  nextOptions: number;
  nextReinvite: number;
  /** The sides that have not answered the last one. */
  readonly pending: Set<string>;
}

/** Told when a dialog is due. */
export interface DialogOwner {
  due(dialog: Dialog): void;
}

export interface DialogFacts {
  readonly did: string;
  readonly callId: string;
  /** The URIs of From and To of the INVITE. */
  readonly from: string;
  readonly to: string;
  /** The CSeq number of the INVITE. */
  readonly number: number;
  readonly caller: Leg;
  readonly options: ReadonlySet<DialogOption>;
  /** In ms since 1970. */
  readonly createdAt: number;
  /** How long it may last once answered, in seconds. */
  readonly lifetime: number;
}

const none: readonly never[] = [];

export class Dialog extends Deadline {
  readonly did: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly number: number;
  readonly caller: Leg;
  /** Those that have answered; most calls have one. */
  callees: readonly Leg[] = none;
  options: ReadonlySet<DialogOption>;
  status: DialogStatus = 1;
  readonly createdAt: number;
  /** In ms since 1970; null before. */
  answeredAt: number | null = null;
  endedAt: number | null = null;
  lifetime: number;
  /** In ms since 1970; null before it is answered. */
  expiresAt: number | null = null;
  /** As `$DLG_end_reason`; null while it goes on. */
  endReason: string | null = null;
  /** How long it is still matched after its end, in seconds; null: as the parameter says. */
  deleteDelay: number | null = null;
  // few calls have all of them
  #values: Map<string, string | number> | null = null;
  #flags: Set<string> | null = null;
  #states: States<Dialog> | null = null;
  memberships: readonly Membership[] = none;
  routes: DialogRoutes | null = null;
  pings: PingTimes | null = null;
  /** Why it ends as soon as it is answered: it was ended while it rang, and the CANCEL came too late. */
  endsByAnswer: string | null = null;
  /** Whether its caller has sent a BYE before it was answered (RFC 5407, 3.1.2). */
  hasEarlyBye = false;
  /** When a call that raced with its own end is ended, in ms since 1970. */
  racedUntil: number | null = null;
  /** That of the INVITE, until it is answered. */
  transaction: ServerTransaction | null = null;
  readonly #owner: DialogOwner;

  constructor(owner: DialogOwner, facts: DialogFacts) {
    super();
    this.#owner = owner;
    this.did = facts.did;
    this.callId = facts.callId;
    this.from = facts.from;
    this.to = facts.to;
    this.number = facts.number;
    this.caller = facts.caller;
    this.options = facts.options;
    this.createdAt = facts.createdAt;
    this.lifetime = facts.lifetime;
  }

  override onDeadline(): void {
    this.#owner.due(this);
  }

  /** The one that has answered first. */
  get callee(): Leg | null {
    return this.callees[0] ?? null;
  }

  get isActive(): boolean {
    return this.status !== 5;
  }

  get isAnswered(): boolean {
    return this.status === 3 || this.status === 4;
  }

  get values(): ReadonlyMap<string, string | number> {
    return this.#values ?? noValues;
  }

  setValue(name: string, value: string | number | null): void {
    if (value === null) this.#values?.delete(name);
    else (this.#values ??= new Map()).set(name, value);
  }

  get flags(): ReadonlySet<string> {
    return this.#flags ?? noFlags;
  }

  setFlag(name: string, isSet: boolean): void {
    if (isSet) (this.#flags ??= new Set()).add(name);
    else this.#flags?.delete(name);
  }

  /** What a module keeps with it in this process; it is lost with the process. */
  state<T>(key: StateKey<Dialog, T>): T {
    this.#states ??= new States<Dialog>(this);
    return this.#states.get(key);
  }

  /** Replaces what {@link state} returns. */
  setState<T>(key: StateKey<Dialog, T>, value: T): void {
    this.#states ??= new States<Dialog>(this);
    this.#states.set(key, value);
  }

  /** {@link state} if it exists already. */
  knownState<T>(key: StateKey<Dialog, T>): T | undefined {
    return this.#states?.known(key);
  }
}

const noValues: ReadonlyMap<string, string | number> = new Map();
const noFlags: ReadonlySet<string> = new Set();
