import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
export const collect = runInNewContext('gc') as () => void;

/** Whether something is still reachable once the garbage has been collected. */
export async function isKept(reference: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setImmediate(resolve)); // what was made in this turn is kept until its end
    collect();
    if (reference.deref() === undefined) return false;
  }
  return true;
}
