/**
 * Changes to a dialog as plain data: the process that has the dialog makes them, whichever process they come from. They
 * cross processes as JSON.
 */
import type { Dialog, Membership } from './dialog.ts';

/** A request that siprest sends to one side. */
export interface RequestWithin {
  readonly method: string;
  readonly towards: 'caller' | 'callee';
  /** '' for none. */
  readonly body: string;
  readonly contentType: string | null;
  /** Header lines, each with its CRLF. */
  readonly headers: string;
  /** Whether it has the Contact of the other side. */
  readonly withContact: boolean;
}

export type DialogChange =
  | { readonly kind: 'value'; readonly name: string; readonly value: string | number | null }
  | { readonly kind: 'flag'; readonly name: string; readonly isSet: boolean }
  | ({ readonly kind: 'join' } & Membership)
  /** `value` null: all memberships of the profile. */
  | ({ readonly kind: 'leave' } & Membership)
  /** In seconds: since now for a call that was answered, otherwise since its answer. */
  | { readonly kind: 'lifetime'; readonly seconds: number }
  | { readonly kind: 'delete-delay'; readonly seconds: number }
  | {
      readonly kind: 'route';
      readonly at: 'answer' | 'timeout' | 'hangup';
      readonly name: string | null;
    }
  | { readonly kind: 'ping'; readonly method: 'options' | 'reinvite'; readonly seconds: number }
  /** Adds to the numbers of requests sent to the side with this tag. */
  | { readonly kind: 'number'; readonly tag: string; readonly by: number }
  | { readonly kind: 'end'; readonly reason: string; readonly headers: string }
  | ({ readonly kind: 'send' } & RequestWithin);

/** The changes that concern nothing but the dialog's own data. */
export type DataChange = Exclude<DialogChange, { readonly kind: 'join' | 'leave' | 'end' | 'send' }>;

/** Makes a change; `now` in ms since 1970. */
export function applyChange(dialog: Dialog, change: DataChange, now: number): void {
  switch (change.kind) {
    case 'value':
      dialog.setValue(change.name, change.value);
      break;
    case 'flag':
      dialog.setFlag(change.name, change.isSet);
      break;
    case 'lifetime':
      dialog.lifetime = change.seconds;
      if (dialog.expiresAt !== null) dialog.expiresAt = now + 1000 * change.seconds;
      break;
    case 'delete-delay':
      dialog.deleteDelay = change.seconds;
      break;
    case 'route':
      dialog.routes = { ...dialog.routes, [change.at]: change.name };
      break;
    case 'ping':
      changePings(dialog, change.method, change.seconds, now);
      break;
    case 'number': {
      const leg = [dialog.caller, ...dialog.callees].find(({ tag }) => tag === change.tag);
      if (leg !== undefined) leg.sent = Math.max(0, leg.sent + change.by);
      break;
    }
    default:
      change satisfies never;
  }
}

function changePings({ pings }: Dialog, method: 'options' | 'reinvite', seconds: number, now: number): void {
  if (pings === null) return;
  const next = now + 1000 * seconds;
  pings[method] = seconds;
  if (method === 'options' && pings.nextOptions < Number.POSITIVE_INFINITY) pings.nextOptions = next;
  if (method === 'reinvite' && pings.nextReinvite < Number.POSITIVE_INFINITY) pings.nextReinvite = next;
}

/** The memberships that a `leave` ends: one with the value, or all of the profile. */
export function leftBy(dialog: Dialog, { profile, value }: Membership): readonly Membership[] {
  const found = dialog.memberships.filter(
    (one) => one.profile === profile && (value === null || one.value === value),
  );
  return value === null ? found : found.slice(0, 1);
}
