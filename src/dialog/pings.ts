/** Asks the sides of a call whether they are still in it. Source: modules/dialog of the manual, create_dialog(). */
import type { Dialog, PingTimes } from './dialog.ts';
import type { DialogTable } from './dialog-table.ts';
import { sendWithin } from './send-within.ts';

type Side = 'caller' | 'callee';

const sides: readonly Side[] = ['caller', 'callee'];

/** A re-INVITE takes the place of OPTIONS if a side is to get both. */
const asked = ({ options }: Dialog, method: 'options' | 'reinvite'): readonly Side[] =>
  sides.filter(
    (side) =>
      options.has(`${method}-ping-${side}`) &&
      (method === 'reinvite' || !options.has(`reinvite-ping-${side}`)),
  );

/** The intervals of a new dialog, in seconds; null if nobody is asked. */
export function pingTimes(dialog: Dialog, options: number, reinvite: number): PingTimes | null {
  if (asked(dialog, 'options').length === 0 && asked(dialog, 'reinvite').length === 0) return null;
  const never = Number.POSITIVE_INFINITY;
  return { options, reinvite, nextOptions: never, nextReinvite: never, pending: new Set() };
}

/** Begins the intervals. */
export function pingAgain(dialog: Dialog, now: number): void {
  const { pings } = dialog;
  if (pings === null || !dialog.isAnswered) return;
  if (asked(dialog, 'options').length > 0) pings.nextOptions = now + 1000 * pings.options;
  if (asked(dialog, 'reinvite').length > 0) pings.nextReinvite = now + 1000 * pings.reinvite;
}

/** Asks the sides whose interval is over. Calls `dead` for one that has not answered the time before. */
export function pingDue(
  table: DialogTable,
  dialog: Dialog,
  now: number,
  dead: (reason: string) => void,
): void {
  const { pings } = dialog;
  if (pings === null) return;
  if (pings.nextOptions <= now) {
    pings.nextOptions = now + 1000 * pings.options;
    askAll(table, dialog, pings, 'options', dead);
  }
  if (pings.nextReinvite <= now) {
    pings.nextReinvite = now + 1000 * pings.reinvite;
    askAll(table, dialog, pings, 'reinvite', dead);
  }
}

const reasons = { options: 'Ping Timeout', reinvite: 'ReINVITE Ping Timeout' } as const;

function askAll(
  table: DialogTable,
  dialog: Dialog,
  { pending }: PingTimes,
  method: 'options' | 'reinvite',
  dead: (reason: string) => void,
): void {
  for (const towards of asked(dialog, method)) {
    const key = `${method} ${towards}`;
    if (pending.has(key)) return dead(reasons[method]);
    pending.add(key);
    const isOptions = method === 'options';
    const body = isOptions ? '' : ((towards === 'caller' ? dialog.callee : dialog.caller)?.body ?? '');
    void sendWithin(table, dialog, {
      method: isOptions ? 'OPTIONS' : 'INVITE',
      towards,
      body,
      contentType: body === '' ? null : 'application/sdp',
      headers: '',
      withContact: !isOptions,
    }).then((response) => {
      const isGone = response === null || response.status === 408 || response.status === 481;
      if (isGone && dialog.isActive) dead(reasons[method]);
      else pending.delete(key);
    });
  }
}
