/** What handlers say about accounting. */
import { accountant, type Request } from '../runtime/index.ts';
import { encode } from './text.ts';

/** Where the records of a call go: the log, events, the REST service of `rest_url`. */
export type AccountingTarget = 'log' | 'evi' | 'rest';

/** What is accounted of a call. */
export interface AccountingOptions {
  /** Where records go. Default: `rest`. */
  readonly to?: AccountingTarget | readonly AccountingTarget[] | undefined;
  /** Whether one record is made for the whole call, when it ends, instead of one for each answered transaction. */
  readonly cdr?: boolean | undefined;
  /** Whether a call that fails is accounted, before the handler tries other targets. */
  readonly missed?: boolean | undefined;
  /** Whether a transaction is accounted that ends with a negative reply. */
  readonly failed?: boolean | undefined;
  /** Values of `extra_fields`, by the names that scripts use. */
  readonly extra?: Readonly<Record<string, string | number | null>> | undefined;
}

/** @throws TypeError without the module acc, and for names that it does not know */
export function account(request: Request, options: AccountingOptions): void {
  const { to = 'rest', extra = {} } = options;
  const found = request.routing.states.get(accountant);
  if (found === null) throw new TypeError('account() needs a script that loads the module acc');
  found.account(request, {
    to: [to].flat(),
    flags: (['cdr', 'missed', 'failed'] as const).filter((flag) => options[flag] === true),
    extra: new Map(
      Object.entries(extra).map(([name, value]) => [name, typeof value === 'string' ? encode(value) : value]),
    ),
  });
}
