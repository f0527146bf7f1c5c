import type { Request } from '../runtime/index.ts';

/**
 * Calls `settled` once, when the request has its final reply, its transaction has ended without one, or the script has
 * left it without a transaction. What the script does on a BYE is done by then.
 */
export function whenSettled(request: Request, settled: () => void): void {
  let isDone = false;
  const once = () => {
    if (isDone) return;
    isDone = true;
    settled();
  };
  request.onLeft(once);
  request.onTransaction((transaction) => {
    if (transaction.isFinal) once();
    else
      transaction.onReply((status) => {
        if (status >= 200) once();
      });
  });
}
