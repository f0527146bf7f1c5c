/** A record: what is accounted of a transaction or a call. */
import type { FieldValues } from './fields.ts';

/** What a record is about. */
export interface Subject {
  readonly method: string;
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
}

/** What a record says of a reply. */
export interface Answer extends Subject {
  /** The status; '' for a comment of the script without one. */
  readonly code: string;
  readonly reason: string;
}

/**
 * `answered`: a transaction has its final reply, or a reply with early media. `missed`: a call has failed. `request`: the
 * script accounts the request itself.
 */
export type TransactionKind = 'answered' | 'missed' | 'request';

export interface TransactionRecord extends Answer {
  readonly kind: TransactionKind;
  /** When it was made, in ms since 1970. */
  readonly at: number;
  /** When the call began, in ms since 1970; 0 without `cdr`, null for a request of which nothing was selected. */
  readonly created: number | null;
  readonly values: FieldValues;
  readonly legs: readonly FieldValues[];
}

/** A call that has ended: its CDR. */
export interface CallRecord extends Omit<TransactionRecord, 'kind' | 'created'> {
  readonly kind: 'ended';
  readonly created: number;
  /** When it was answered, in ms since 1970. */
  readonly started: number;
}

export type AccountingRecord = TransactionRecord | CallRecord;

/** Whole seconds since 1970. */
export const seconds = (ms: number): number => Math.floor(ms / 1000);

/** From the answer to the end, in ms. */
export const lengthOf = ({ started, at }: CallRecord): number => Math.max(0, Math.round(at - started));

/** How long a call has lasted, in seconds begun. */
export const durationOf = (call: CallRecord): number => Math.ceil(lengthOf(call) / 1000);

/** How long it took until a call was answered, or failed, in seconds as the clock on the wall shows them. */
export const setupTimeOf = (record: AccountingRecord): number =>
  record.created === null
    ? 0
    : seconds(record.kind === 'ended' ? record.started : record.at) - seconds(record.created);
