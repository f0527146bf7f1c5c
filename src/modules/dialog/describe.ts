/** A dialog as JSON, for commands and `$DLG_json`. Source: modules/dialog of the manual, dialog:list; the reference's output. */
import { type Dialog, type Dialogs, type Leg, numberOf } from '../../dialog/index.ts';

const seconds = (at: number | null): string => String(at === null ? 0 : Math.floor(at / 1000));

/** The last one first, as the reference numbers them. */
export const flagText = (flags: ReadonlySet<string>): string => [...flags].toReversed().join(' ');

const legOf = (leg: Leg) => ({
  tag: leg.tag,
  contact: leg.contact,
  cseq: String(leg.sent),
  route_set: leg.routes.join(', '),
  bind_addr: leg.socket,
  sdp: leg.body ?? '',
});

export function describe(dialog: Dialog): Readonly<Record<string, unknown>> {
  return {
    ID: numberOf(dialog.did),
    state: String(dialog.status),
    user_flags: flagText(dialog.flags),
    callid: dialog.callId,
    timestart: seconds(dialog.answeredAt),
    timeout: seconds(dialog.expiresAt),
    from_uri: dialog.from,
    to_uri: dialog.to,
    caller: legOf(dialog.caller),
    callees: dialog.callees.map(legOf),
  };
}

/** With its values and profiles. */
export function describeContext(dialog: Dialog): Readonly<Record<string, unknown>> {
  const profiles: Record<string, string[]> = {};
  for (const { profile, value } of dialog.memberships) {
    profiles[profile] ??= [];
    if (value !== null) profiles[profile].push(value);
  }
  const values = Object.fromEntries([...dialog.values].map(([name, value]) => [name, String(value)]));
  return { ...describe(dialog), values, profiles };
}

/** A byte string, as scripts have it. */
export const jsonText = (value: unknown): string =>
  Buffer.from(JSON.stringify(value), 'utf8').toString('latin1');

/** The dialogs that have a value, or one that is equal to `value`. */
export function* withValue(dialogs: Dialogs, name: string, value: string | number): Generator<Dialog> {
  for (const dialog of dialogs.active(JSON.stringify(name)))
    if (String(dialog.values.get(name)) === String(value)) yield dialog;
}

/** The dialogs of a profile, with a value if one is given. */
export function* ofProfile(dialogs: Dialogs, profile: string, value?: string): Generator<Dialog> {
  for (const dialog of dialogs.active(JSON.stringify(profile))) {
    const isIn = dialog.memberships.some(
      (one) => one.profile === profile && (value === undefined || one.value === value),
    );
    if (isIn) yield dialog;
  }
}
