/** What a server costs the machine: CPU time and memory of a process and all its descendants, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** The process and its descendants. */
function tree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    // the name in brackets may hold anything; behind it stand the state and the parent
    const parent = /^.*\) \S (\d+)/s.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found;
}

/** Empty for a file that is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** User and system time of all threads that live, in microseconds. The scheduler counts them in nanoseconds. */
export function cpuMicroseconds(pid: number): number {
  let nanoseconds = 0;
  for (const one of tree(pid))
    for (const task of readdirSync(`/proc/${one}/task`))
      nanoseconds += Number(read(`/proc/${one}/task/${task}/schedstat`).split(' ')[0] ?? 0);
  return nanoseconds / 1000;
}

/** Resident memory now, in MiB; what processes share is shared out among them. */
export function residentMemory(pid: number): number {
  const sizes = tree(pid).map((one) =>
    Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${one}/smaps_rollup`))?.[1] ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}
