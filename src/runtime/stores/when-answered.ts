import type { Status } from '../../script/index.ts';
import { type Awaitable, isPending } from '../../timers/index.ts';
import type { Run } from '../run.ts';
import { StoreError } from './store.ts';

/** Continues with a store's result; if the store fails, logs it for `caller` and returns -1. */
export function whenAnswered<T>(
  run: Run,
  caller: string,
  answer: Awaitable<T>,
  next: (result: T) => Awaitable<Status>,
): Awaitable<Status> {
  if (!isPending(answer)) return next(answer);
  return answer.then(next, (error: unknown): Status => {
    if (!(error instanceof StoreError)) throw error;
    run.complain(`${caller}: ${error.message}`);
    return -1;
  });
}
