/** What accounts the calls of handlers, if a module does. */
import type { Request } from './request.ts';
import type { Routing } from './routing.ts';
import { StateKey } from './state.ts';

/** What is accounted of a call, and where. */
export interface AccountingChoice {
  /** The types of records: `log`, `evi`, `rest`. */
  readonly to: readonly string[];
  /** Any of `cdr`, `missed`, `failed`. */
  readonly flags: readonly string[];
  /** Values of `extra_fields`, as byte strings. */
  readonly extra: ReadonlyMap<string, string | number | null>;
}

export interface Accountant {
  /** Throws a TypeError for unknown names. */
  account(request: Request, choice: AccountingChoice): void;
}

/** Null without the module acc. */
export const accountant = new StateKey<Routing, Accountant | null>('accountant', () => null);
