/**
 * The dialogs of the other processes. A dialog lives in the process that its Call-ID selects; its record is a replicated
 * value, so that every process can show it and count it, and the next process of that number goes on with it. Changes
 * from elsewhere are orders: values that the owner takes out.
 */
import type { Host, ReplicatedValues } from '../runtime/index.ts';
import { Checksum, randomToken } from '../sip/index.ts';
import type { DialogChange } from './changes.ts';
import type { Dialog, DialogStatus } from './dialog.ts';
import type { ProfileCounts } from './profiles.ts';
import { type DialogSummary, dialogFrom, recordOf, summaryOf } from './record.ts';

interface Order {
  readonly did: string;
  readonly change: DialogChange;
}

/** What the owner of dialogs does with news. */
export interface SharedDialogsUser {
  readonly profiles: ProfileCounts;
  /** Makes a change that another process has asked for. */
  obey(did: string, change: DialogChange): void;
  /** The store is full: nobody else will know of this dialog. */
  notShared(dialog: Dialog): void;
}

/** The space of the records. */
export const recordSpace = 'dialogs';

const nobody = { due: () => undefined };

export class SharedDialogs {
  readonly #host: Host;
  readonly #records: ReplicatedValues;
  readonly #orders: ReplicatedValues;
  readonly #user: SharedDialogsUser;
  readonly #others = new Map<string, DialogSummary>();
  readonly #byCall = new Map<string, string>();
  readonly #counts: Record<DialogStatus, number> = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 };
  /** Those whose records are to be written, in the next turn of the event loop. */
  readonly #changed = new Map<string, Dialog>();

  constructor(host: Host, user: SharedDialogsUser) {
    this.#host = host;
    this.#user = user;
    this.#records = host.store.values(recordSpace);
    this.#orders = host.store.values('dialog orders');
  }

  /** Takes note of all others, and goes on with the dialogs that this process's predecessor has left. */
  begin(restore: (did: string, text: string) => unknown): void {
    for (const did of [...this.#records.keys()]) {
      const text = this.#text(did);
      if (text !== null && this.#isOwn(summaryOf(text).callId)) restore(did, text);
      else this.#learn(did);
    }
    this.#records.watch((did) => this.#learn(did));
    this.#orders.watch((key) => this.#ordered(key));
    for (const key of [...this.#orders.keys()]) this.#ordered(key);
  }

  count(status: DialogStatus): number {
    return this.#counts[status];
  }

  /** A copy of another process's dialog; null for an unknown one. */
  find(did: string): Dialog | null {
    const text = this.#others.has(did) ? this.#text(did) : null;
    return text === null ? null : dialogFrom(nobody, did, text);
  }

  findCall(callId: string): Dialog | null {
    const did = this.#byCall.get(callId);
    return did === undefined ? null : this.find(did);
  }

  /** Copies of those whose records have this text in them. */
  *withText(part: string): Iterable<Dialog> {
    for (const did of this.#others.keys()) {
      const text = this.#text(did);
      if (text?.includes(part) === true) yield dialogFrom(nobody, did, text);
    }
  }

  /** Has another process change its dialog. */
  order(did: string, change: DialogChange): boolean {
    const order: Order = { did, change };
    return this.#orders.set(randomToken(), JSON.stringify(order));
  }

  /** Writes the record of one of this process's dialogs, together with other changes of this turn. */
  write(dialog: Dialog): void {
    if (this.#changed.size === 0) setImmediate(() => this.#flush());
    this.#changed.set(dialog.did, dialog);
  }

  remove({ did }: Dialog): void {
    this.#changed.delete(did);
    this.#records.delete(did);
  }

  #flush(): void {
    for (const [did, dialog] of this.#changed) {
      if (!this.#records.set(did, recordOf(dialog))) this.#user.notShared(dialog);
    }
    this.#changed.clear();
  }

  #isOwn(callId: string): boolean {
    return new Checksum().add(callId).number % this.#host.count === this.#host.number;
  }

  #text(did: string): string | null {
    const text = this.#records.get(did);
    return typeof text === 'string' ? text : null;
  }

  #learn(did: string): void {
    const before = this.#others.get(did);
    const text = this.#text(did);
    const after = text === null ? null : summaryOf(text);
    if (after !== null && this.#isOwn(after.callId)) return;
    if (before !== undefined) this.#forget(did, before);
    if (after === null) return;
    this.#others.set(did, after);
    this.#byCall.set(after.callId, did);
    this.#counts[after.status]++;
    for (const one of after.memberships) this.#user.profiles.add(one);
  }

  #forget(did: string, before: DialogSummary): void {
    this.#others.delete(did);
    if (this.#byCall.get(before.callId) === did) this.#byCall.delete(before.callId);
    this.#counts[before.status]--;
    for (const one of before.memberships) this.#user.profiles.remove(one);
  }

  #ordered(key: string): void {
    const text = this.#orders.get(key);
    if (typeof text !== 'string') return;
    const { did, change } = JSON.parse(text) as Order;
    const record = this.#text(did);
    // that of a dialog that is gone is taken out by the first process
    if (record === null ? this.#host.number !== 0 : !this.#isOwn(summaryOf(record).callId)) return;
    this.#orders.delete(key);
    this.#user.obey(did, change);
  }
}
