import type { Status } from '../../script/index.ts';
import { type Awaitable, isPending } from '../../timers/index.ts';
import type { Run } from '../run.ts';
import { StoreError } from './store.ts';

/** Continues with a store's result; if the store fails, logs it for `caller` and gives `failed`. */
export function answeredOr<T, R>(
  run: Run,
  caller: string,
  answer: Awaitable<T>,
  failed: R,
  next: (result: T) => Awaitable<R>,
): Awaitable<R> {
  if (!isPending(answer)) return next(answer);
  return answer.then(next, (error: unknown): R => {
    if (!(error instanceof StoreError)) throw error;
    run.complain(`${caller}: ${error.message}`);
    return failed;
  });
}

/** The same for a return code, which is -1 if the store fails. */
export const whenAnswered = <T>(
  run: Run,
  caller: string,
  answer: Awaitable<T>,
  next: (result: T) => Awaitable<Status>,
): Awaitable<Status> => answeredOr<T, Status>(run, caller, answer, -1, next);
