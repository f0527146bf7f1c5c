/**
 * Push notifications (RFC 8599): devices that sleep are woken by the script, which hears of it by E_UL_CONTACT_REFRESH,
 * and requests wait until they have registered again.
 */
import { awaitBranches, injectBranches, messageBranches, relay, relaying } from '../../relay/index.ts';
import { type Host, type Request, Run, type RunRouting, StateKey } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { parseUri, uriParameter } from '../../sip/index.ts';
import { type Awaitable, every, type TimerHandle } from '../../timers/index.ts';
import { InForce } from '../in-force.ts';
import { raiseRefresh } from '../usrloc/events.ts';
import { type Contact, keyOf, nameOf, type RecordName } from '../usrloc/location.ts';
import { locations } from '../usrloc/locations.ts';
import { parameters } from './parameters.ts';
import { isPushed, pushParametersOf } from './push-parameters.ts';

/** Waits for a device to register. */
interface Waiting {
  /** Identifies the device. */
  readonly device: string;
  readonly since: number;
  readonly woken: (contact: Contact) => void;
  readonly timer: TimerHandle;
}

/** Requests that may wait; further ones do not. */
const mostWaiting = 50_000;
/** How often contacts that are about to expire are looked for, in ms. */
const period = 5000;

class PushWaits {
  readonly inForce = new InForce<RunRouting>();
  readonly #host: Host;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #count = 0;
  #isWatching = false;
  /** The registrations that were refreshed already, by record and device. */
  readonly refreshed = new Map<string, number>();

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Calls `woken` when the device registers, or `over` after `within` ms; false if too many wait. The result of `device` tells
   * contacts of the device from others.
   */
  wait(
    record: RecordName,
    device: string,
    deviceOf: (contact: Contact) => string | null,
    { within, woken, over }: { within: number; woken: (contact: Contact) => void; over: () => void },
  ): boolean {
    if (this.#count >= mostWaiting) return false;
    this.#watch(deviceOf);
    const key = keyOf(record);
    const waiting: Waiting = {
      device,
      since: this.#host.clock.date(),
      woken,
      timer: this.#host.clock.setTimer(within, () => {
        this.#remove(key, waiting);
        over();
      }),
    };
    const all = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, all.add(waiting));
    this.#count++;
    return true;
  }

  #remove(key: string, waiting: Waiting): void {
    this.#host.clock.clearTimer(waiting.timer);
    const all = this.#waiting.get(key);
    if (all?.delete(waiting) === true) this.#count--;
    if (all?.size === 0) this.#waiting.delete(key);
  }

  #watch(deviceOf: (contact: Contact) => string | null): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const all = this.#host.states.get(locations);
    all.watch((key) => {
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) return;
      for (const contact of all.contactsOf(key)) {
        const device = deviceOf(contact);
        for (const one of [...waiting]) {
          if (one.device !== device || contact.modified < one.since) continue;
          this.#remove(key, one);
          one.woken(contact);
        }
      }
    });
  }
}

export const pushWaits = new StateKey<Host, PushWaits>('registrar push', (host) => new PushWaits(host));

/** The values that name the device of a contact; null for one that is not woken. */
function deviceOf(routing: RunRouting, { uri }: Contact): string | null {
  const names = pushParametersOf(routing.parameters(parameters));
  const parts = names === null ? null : parseUri(uri);
  const values = parts === null ? null : (names?.map((name) => uriParameter(parts, name)) ?? null);
  return values === null || values.includes(null) ? null : JSON.stringify(values);
}

/** Whether a contact has to be woken before it gets a request. */
export function isAsleep({ routing }: Run, contact: Contact): boolean {
  const values = routing.parameters(parameters);
  if (!isPushed(values, contact.uri)) return false;
  return routing.host.clock.date() - contact.modified >= 1000 * values.pn_skip_pn_interval;
}

/** Wakes the device of a contact; false if too many are waited for. */
function wake(
  run: Run,
  record: RecordName,
  contact: Contact,
  reason: string,
  then: { readonly woken: (contact: Contact) => void; readonly over: () => void },
): boolean {
  const { routing } = run;
  const device = deviceOf(routing, contact) ?? '';
  const within = 1000 * run.parameters(parameters).pn_refresh_timeout;
  const waits = routing.host.states.get(pushWaits);
  const isWaiting = waits.wait(record, device, (one) => deviceOf(routing, one), { within, ...then });
  if (!isWaiting) {
    run.complain('too many requests wait for devices to wake up');
    return false;
  }
  raiseRefresh(routing, record, contact, { reason, callId: run.request.message?.callId ?? '' });
  return true;
}

/**
 * Wakes devices for an initial request, which goes on to each as soon as it has registered. `place` makes a contact the
 * target of the request.
 */
export function wakeForRequest(
  run: Run,
  record: RecordName,
  asleep: readonly Contact[],
  place: (run: Run, contact: Contact) => void,
): void {
  const { request, routing } = run;
  const { message } = request;
  if (message === null) return;
  const created = request.createTransaction();
  if (created === 'absorbed' || created === 'refused') return;
  let left = asleep.length;
  const isInvite = message.method === 'INVITE';
  if (isInvite) awaitBranches(run, left);
  const over = () => {
    if (--left === 0) concluded(request, isInvite);
  };
  for (const contact of asleep) {
    const isWoken = wake(run, record, contact, `ini-${message.method}`, {
      woken: (fresh) => {
        left--;
        routing.submit((worker) => send(new Run(worker, request), fresh, isInvite, place));
      },
      over,
    });
    if (!isWoken) over();
  }
}

async function send(
  run: Run,
  contact: Contact,
  isInvite: boolean,
  place: (run: Run, contact: Contact) => void,
): Promise<void> {
  if (run.request.transaction?.isFinal !== false) return;
  run.state(messageBranches).clear();
  place(run, contact);
  await (isInvite ? injectBranches(run, { cancelsOthers: false, isLast: false }) : relay(run));
}

/** No other device will answer. */
function concluded(request: Request, isInvite: boolean): void {
  const { proxy } = request.state(relaying);
  if (isInvite) proxy?.stopAwaiting();
  else if (proxy === null) request.reply(480, 'Temporarily Unavailable');
}

/** Wakes the device of a contact for a request within a call; completes when it has registered, or in time. */
export function wakeForDialog(run: Run, record: RecordName, contact: Contact): Awaitable<Status> {
  return new Promise((resolve) => {
    const end = () => resolve(1);
    const reason = `mid-${run.request.message?.method ?? ''}`;
    if (!wake(run, record, contact, reason, { woken: end, over: end })) resolve(-1);
  });
}

/** Wakes devices before their contacts expire; one of the processes does it. */
export function refreshInTime(routing: RunRouting): void {
  const { host } = routing;
  const values = routing.parameters(parameters);
  if (host.number !== 0 || !values.pn_enable) return;
  const waits = host.states.get(pushWaits);
  const all = host.states.get(locations);
  waits.inForce.follow(routing, () => {
    const timer = every(host.clock, period, () => {
      const now = host.clock.date();
      for (const key of all.expiringBefore(now + 1000 * values.pn_trigger_interval))
        for (const contact of all.contactsOf(key)) {
          const device = deviceOf(routing, contact);
          // of a short registration, not again and again
          const lead = Math.min(1000 * values.pn_trigger_interval, (contact.expires - contact.modified) / 2);
          const id = `${key} ${device}`;
          if (device === null || contact.expires - now > lead) continue;
          if (waits.refreshed.get(id) === contact.modified) continue;
          waits.refreshed.set(id, contact.modified);
          raiseRefresh(routing, nameOf(key), contact, { reason: 'reg-refresh', callId: '' });
        }
      for (const [id, modified] of waits.refreshed)
        if (now - modified > 86_400_000) waits.refreshed.delete(id);
    });
    return () => timer.stop();
  });
}
