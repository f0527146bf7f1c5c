/** CDRs: one record for a whole call, when its dialog ends. Source: modules/acc of the manual; scenarios acc-cdr*. */
import {
  createDialog,
  type Dialog,
  type DialogEnd,
  dialogListeners,
  dialogOf,
  dialogsOf,
  optionSet,
  whenSettled,
} from '../../dialog/index.ts';
import { type Request, type RunRouting, StateKey } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { Accounting } from './accounting.ts';
import type { Answer } from './record.ts';
import { type RecordType, recordTypes } from './selection.ts';
import { write } from './writers.ts';

/** The name of what outlives the process, among the values of the dialog. */
const valueName = 'accounting';

interface CallAccounting {
  /** Null for a call that is not accounted as a whole. */
  accounting: Accounting | null;
}

const ofCall = new StateKey<Dialog, CallAccounting>('accounting', () => ({ accounting: null }));

/** Accounts the call of an INVITE when it ends; false for a request that begins none. */
export function accountCall({ host }: RunRouting, request: Request, state: Accounting): boolean {
  const dialog = createDialog(host.states.get(dialogsOf), request, optionSet([]));
  if (dialog === null) return false;
  dialog.state(ofCall).accounting ??= state;
  state.created ??= dialog.createdAt;
  return true;
}

/** What is accounted of the call that a request belongs to. */
export const callAccountingOf = (request: Request): Accounting | null =>
  dialogOf(request)?.knownState(ofCall)?.accounting ?? null;

/** Writes CDRs from now on, for all calls of the process, once the policy follows dialogs. */
export function followCalls(routing: RunRouting): void {
  const { answered, ended, restored } = routing.states.get(dialogListeners);
  answered.add((dialog) => keep(routing, dialog));
  restored.add((dialog) => {
    dialog.state(ofCall).accounting ??= read(dialog.values.get(valueName) ?? null);
  });
  ended.add((dialog, end) => {
    const state = dialog.knownState(ofCall)?.accounting ?? null;
    if (state === null || end.cause === 'failed') return;
    // the script may set values on the BYE
    if (end.request === null) finish(routing, dialog, state, end);
    else whenSettled(end.request, () => finish(routing, dialog, state, end));
  });
}

function finish(routing: RunRouting, dialog: Dialog, state: Accounting, { at, duration }: DialogEnd): void {
  const { answer, values, legs, created } = state;
  const { types, hasCdr } = state.selection;
  if (!hasCdr || types.length === 0 || answer === null) return;
  write(routing, types, {
    kind: 'ended',
    ...answer,
    at,
    created: created ?? dialog.createdAt,
    started: at - duration,
    values,
    legs,
  });
}

type Pairs = readonly (readonly [tag: string, value: Value])[];
type Kept = readonly [
  types: readonly RecordType[],
  answer: Answer | null,
  created: number | null,
  values: Pairs,
  legs: readonly Pairs[],
];

/** For a CDR by the next process. */
function keep({ host }: RunRouting, dialog: Dialog): void {
  const state = dialog.knownState(ofCall)?.accounting ?? null;
  if (state === null) return;
  const { selection, answer, created, values, legs } = state;
  const kept: Kept = [selection.types, answer, created, [...values], legs.map((leg) => [...leg])];
  host.states.get(dialogsOf).change(dialog, { kind: 'value', name: valueName, value: JSON.stringify(kept) });
}

function read(text: Value): Accounting | null {
  if (typeof text !== 'string') return null;
  const [types, answer, created, values, legs] = JSON.parse(text) as Kept;
  const state = new Accounting();
  state.isFollowed = true;
  state.selection.add(
    types.filter((type) => recordTypes.includes(type)),
    ['cdr'],
  );
  state.answer = answer;
  state.created = created;
  for (const [tag, value] of values) state.values.set(tag, value);
  state.legs.splice(0, 1, ...legs.map((leg) => new Map(leg)));
  return state;
}
