/** What is accounted of a request, or of its call. */
import { type Request, StateKey } from '../../runtime/index.ts';
import type { FieldValues } from './fields.ts';
import type { Answer } from './record.ts';
import { Selection } from './selection.ts';

/** Nothing of it refers to a message, since an INVITE may get further answers for a while, and its call may last. */
export class Accounting {
  readonly selection = new Selection();
  readonly values: FieldValues = new Map();
  readonly legs: FieldValues[] = [new Map()];
  /** Whether do_accounting() was called, so that the transaction is followed. */
  isFollowed = false;
  /** When the call began, with `cdr`, in ms since 1970. */
  created: number | null = null;
  /** The first 2xx. */
  answer: Answer | null = null;
}

export const accounting = new StateKey<Request, Accounting>('accounting', () => new Accounting(), {
  isShared: true,
});
