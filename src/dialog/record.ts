/**
 * A dialog as text: what other processes show of it, and what is left of it when its process ends. An array, since its
 * names would take more room than its values, and there may be a hundred thousand.
 */
import { Dialog, type DialogOwner, type DialogRoutes, type DialogStatus, type Membership } from './dialog.ts';
import { Leg, type LegRecord } from './leg.ts';
import { optionSet } from './options.ts';

type Fields = readonly [
  callId: string,
  status: DialogStatus,
  memberships: readonly (readonly [profile: string, value: string | null])[],
  from: string,
  to: string,
  number: number,
  caller: LegRecord,
  callees: readonly LegRecord[],
  options: readonly string[],
  createdAt: number,
  answeredAt: number | null,
  expiresAt: number | null,
  lifetime: number,
  deleteDelay: number | null,
  values: readonly (readonly [name: string, value: string | number])[],
  flags: readonly string[],
  routes: DialogRoutes | null,
  pings: readonly [options: number, reinvite: number] | null,
];

export function recordOf(dialog: Dialog): string {
  const fields: Fields = [
    dialog.callId,
    dialog.status,
    dialog.memberships.map(({ profile, value }) => [profile, value]),
    dialog.from,
    dialog.to,
    dialog.number,
    dialog.caller.record,
    dialog.callees.map(({ record }) => record),
    [...dialog.options],
    dialog.createdAt,
    dialog.answeredAt,
    dialog.expiresAt,
    dialog.lifetime,
    dialog.deleteDelay,
    [...dialog.values],
    [...dialog.flags],
    dialog.routes,
    dialog.pings === null ? null : [dialog.pings.options, dialog.pings.reinvite],
  ];
  return JSON.stringify(fields);
}

/** What every process knows of a dialog. */
export interface DialogSummary {
  readonly callId: string;
  readonly status: DialogStatus;
  readonly memberships: readonly Membership[];
}

const membershipsOf = (fields: Fields): readonly Membership[] =>
  fields[2].map(([profile, value]) => ({ profile, value }));

export function summaryOf(text: string): DialogSummary {
  const fields = JSON.parse(text) as Fields;
  return { callId: fields[0], status: fields[1], memberships: membershipsOf(fields) };
}

export function dialogFrom(owner: DialogOwner, did: string, text: string): Dialog {
  const fields = JSON.parse(text) as Fields;
  const dialog = new Dialog(owner, {
    did,
    callId: fields[0],
    from: fields[3],
    to: fields[4],
    number: fields[5],
    caller: new Leg(fields[6]),
    options: optionSet(fields[8]),
    createdAt: fields[9],
    lifetime: fields[12],
  });
  dialog.status = fields[1];
  dialog.memberships = membershipsOf(fields);
  dialog.callees = fields[7].map((leg) => new Leg(leg));
  dialog.answeredAt = fields[10];
  dialog.expiresAt = fields[11];
  dialog.deleteDelay = fields[13];
  for (const [name, value] of fields[14]) dialog.setValue(name, value);
  for (const flag of fields[15]) dialog.setFlag(flag, true);
  dialog.routes = fields[16];
  const pings = fields[17];
  if (pings !== null)
    dialog.pings = {
      options: pings[0],
      reinvite: pings[1],
      nextOptions: Number.POSITIVE_INFINITY,
      nextReinvite: Number.POSITIVE_INFINITY,
      pending: new Set(),
    };
  return dialog;
}
