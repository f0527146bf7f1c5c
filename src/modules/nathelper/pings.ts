/**
 * Pings that keep the ways through NATs to registered contacts open, and find contacts that are dead. Source:
 * modules/nathelper of the manual; scenario nathelper-options-ping.
 */
import { findSocket, type Host, type RunRouting, StateKey } from '../../runtime/index.ts';
import type { RowValues } from '../../script/index.ts';
import { every } from '../../timers/index.ts';
import { InForce } from '../in-force.ts';
import { PingSlots } from '../ping-slots.ts';
import { raiseAor, raiseContact, raiseLatency } from '../usrloc/events.ts';
import { type Contact, nameOf } from '../usrloc/location.ts';
import { locations } from '../usrloc/locations.ts';
import { usrlocParameters } from '../usrloc/parameters.ts';
import type { parameters } from './parameters.ts';
import { type Pinged, type PingKind, sendPing } from './send-ping.ts';

type Values = RowValues<typeof parameters>;

/** How often a part of the contacts is pinged, in ms. */
const period = 100;

export interface PingCounts {
  sent: number;
  answered: number;
  lost: number;
  /** Contacts that were removed. */
  removed: number;
}

class Pings {
  readonly counts: PingCounts = { sent: 0, answered: 0, lost: 0, removed: 0 };
  readonly inForce = new InForce<RunRouting>();
  /** Whether contacts are pinged, if an interval is set. */
  isOn = true;
  /** How many pings in a row got no answer since a registration, by record, URI and Call-ID. */
  readonly #unanswered = new Map<string, { readonly lost: number; readonly since: number }>();

  /** Pings while the routing is in force; the result ends it. */
  begin(routing: RunRouting, values: Values): () => void {
    const { host } = routing;
    const all = host.states.get(locations);
    const interval = 1000 * values.natping_interval;
    const slots = new PingSlots(interval / period, host.number, host.count);
    const unwatch = all.watch((key, isThere) => slots.update(key, isThere));
    let slot = 0;
    const timer = every(host.clock, period, () => {
      slot = (slot + 1) % slots.count;
      if (!this.isOn) return;
      const now = host.clock.date();
      // a registration has opened the way itself
      for (const key of slots.at(slot))
        for (const contact of all.contactsOf(key))
          if (now - contact.modified >= interval / 2 && isForThisServer(host, contact))
            this.#ping(routing, values, key, contact);
    });
    return () => {
      timer.stop();
      unwatch();
    };
  }

  #ping(routing: RunRouting, values: Values, key: string, contact: Contact): void {
    const kind = pingKind(routing, values, contact);
    if (kind === null) return;
    this.counts.sent++;
    sendPing(routing, values, contact, kind, (pinged) => this.#pinged(routing, values, key, contact, pinged));
  }

  #pinged(routing: RunRouting, values: Values, key: string, contact: Contact, pinged: Pinged): void {
    const id = `${key}\n${contact.uri}\n${contact.callId}`;
    if (pinged.isAnswered) {
      this.counts.answered++;
      this.#unanswered.delete(id);
      if (hasFlag(contact, values.sipping_latency_flag)) {
        const { host } = routing;
        const latency = Math.round(1000 * pinged.after);
        host.states.get(locations).setLatency(nameOf(key), contact, latency);
        raiseLatency(routing, nameOf(key), contact, latency);
      }
      return;
    }
    this.counts.lost++;
    if (!hasFlag(contact, values.remove_on_timeout_bflag)) return;
    const { modified: since } = contact;
    const before = this.#unanswered.get(id);
    const lost = (before?.since === since ? before.lost : 0) + 1;
    if (lost < values.max_pings_lost) {
      this.#unanswered.set(id, { lost, since });
      return;
    }
    this.#unanswered.delete(id);
    void this.#remove(routing, key, contact);
  }

  /** Removes a contact, unless it has registered again meanwhile. */
  async #remove(routing: RunRouting, key: string, dead: Contact): Promise<void> {
    let [isFound, isLast] = [false, false];
    const changed = await routing.host.states.get(locations).changeRecord(key, (before) => {
      const contacts = before.contacts.filter(
        ({ uri, callId, modified }) =>
          uri !== dead.uri || callId !== dead.callId || modified !== dead.modified,
      );
      isFound = contacts.length < before.contacts.length;
      isLast = contacts.length === 0;
      return isFound ? { ...before, contacts } : null;
    });
    if (!isFound || changed.outcome === 'full') return;
    this.counts.removed++;
    raiseContact(routing, 'DELETE', nameOf(key), dead);
    if (isLast) raiseAor(routing, 'DELETE', nameOf(key));
  }
}

/** Of servers that share contacts, the one that a contact has registered at pings it. */
const isForThisServer = ({ store, sockets }: Host, { socket }: Contact): boolean =>
  store.cluster === null || socket === null || findSocket(sockets, socket) !== null;

const hasFlag = ({ flags }: Contact, flag: string | null) => flag !== null && flags.includes(flag);

/** Null for a contact that is not pinged. */
function pingKind(routing: RunRouting, values: Values, contact: Contact): PingKind | null {
  const { nat_bflag } = routing.parameters(usrlocParameters);
  if (values.ping_nated_only && !hasFlag(contact, nat_bflag)) return null;
  const bySip = values.sipping_from !== null && hasFlag(contact, values.sipping_bflag);
  if (contact.socket !== null && !contact.socket.startsWith('udp:'))
    return values.natping_tcp && values.sipping_from !== null ? 'sip' : null;
  if (bySip) return 'sip';
  // a packet of zeros is for the phone itself, not for a proxy on its path
  return contact.path === null ? 'packet' : null;
}

export const pings = new StateKey<Host, Pings>('nathelper pings', () => new Pings());
