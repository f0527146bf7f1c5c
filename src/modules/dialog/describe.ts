/** A dialog as JSON, for commands and `$DLG_json`. Source: modules/dialog of the manual, dialog:list; the reference's output. */
import { type Dialog, type Dialogs, type Leg, numberOf } from '../../dialog/index.ts';

const seconds = (at: number | null): number => (at === null ? 0 : Math.floor(at / 1000));

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

/** As `$DLG_json` has it. */
export function describe(dialog: Dialog): Readonly<Record<string, unknown>> {
  return {
    ID: numberOf(dialog.did),
    state: String(dialog.status),
    user_flags: flagText(dialog.flags),
    callid: dialog.callId,
    timestart: String(seconds(dialog.answeredAt)),
    timeout: String(seconds(dialog.expiresAt)),
    from_uri: dialog.from,
    to_uri: dialog.to,
    caller: legOf(dialog.caller),
    callees: dialog.callees.map(legOf),
  };
}

/** The last one first. */
const valuesOf = ({ values }: Dialog) => [...values].toReversed();

/** As `$DLG_ctx_json` has it: with values and profiles. */
export function describeContext(dialog: Dialog): Readonly<Record<string, unknown>> {
  const profiles: Record<string, string[]> = {};
  for (const { profile, value } of dialog.memberships) {
    profiles[profile] ??= [];
    if (value !== null) profiles[profile].push(value);
  }
  return {
    ...describe(dialog),
    values: Object.fromEntries(valuesOf(dialog)),
    ...(dialog.memberships.length === 0 ? {} : { profiles }),
  };
}

/** `2026-11-28 14:23:05` by the machine's time zone. */
function dateOf(at: number): string {
  const time = new Date(at);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}

/** CSeq numbers are called after who sends them. */
const listedLeg = (name: 'caller' | 'callee', leg: Leg) => ({
  [`${name}_tag`]: leg.tag,
  [`${name}_contact`]: leg.contact,
  [`${name === 'caller' ? 'callee' : 'caller'}_cseq`]: String(leg.sent),
  [`${name}_route_set`]: leg.routes.join(', '),
  [`${name}_bind_addr`]: leg.socket,
});

/** As commands list it. */
export function listed(dialog: Dialog): Readonly<Record<string, unknown>> {
  const { answeredAt, expiresAt } = dialog;
  return {
    ID: dialog.did,
    db_id: numberOf(dialog.did),
    state: dialog.status,
    user_flags: flagText(dialog.flags),
    timestart: seconds(answeredAt),
    ...(answeredAt === null ? {} : { datestart: dateOf(answeredAt) }),
    timeout: seconds(expiresAt),
    ...(expiresAt === null ? {} : { dateout: dateOf(expiresAt) }),
    callid: dialog.callId,
    from_uri: dialog.from,
    to_uri: dialog.to,
    ...listedLeg('caller', dialog.caller),
    CALLEES: dialog.callees.map((leg) => listedLeg('callee', leg)),
  };
}

/** The same with values and profiles. */
export const listedContext = (dialog: Dialog): Readonly<Record<string, unknown>> => ({
  ...listed(dialog),
  context: {
    values: valuesOf(dialog).map(([name, value]) => ({ [name]: value })),
    profiles: dialog.memberships.map(({ profile, value }) => ({ [profile]: value ?? '' })),
  },
});

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
