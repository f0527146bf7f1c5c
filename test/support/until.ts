import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits for what must happen, in ms: only one that fails takes so long, however busy the machine is. */
export const LONGEST_WAIT = 30_000;

/** Waits until something holds; a test that waits in vain fails by its own time limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}
