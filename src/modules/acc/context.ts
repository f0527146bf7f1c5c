import type { Request } from '../../runtime/index.ts';
import { type Accounting, accounting } from './accounting.ts';

/** What functions and variables are about; null if nothing was selected or set yet. */
export const currentAccounting = (request: Request): Accounting | null =>
  request.knownState(accounting) ?? null;
