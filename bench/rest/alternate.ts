import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RestClientOptions } from '../../src/rest.ts';

/** One of two clients that are compared. */
export interface Side {
  /** The folder of a build: dist of a checkout. */
  readonly product: string;
  readonly options?: RestClientOptions;
}

/** CPU time of a request with either client, in microseconds. */
export interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

const program = fileURLToPath(new URL('alternating.mjs', import.meta.url));
const run = promisify(execFile);

/** GETs of `url`, 64 at a time, by both clients in alternating slices of one process. */
export async function alternate(
  url: string,
  ours: Side,
  theirs: Side,
  { slices = 120, requests = 1_500, warmUp = 16 } = {},
): Promise<readonly Pair[]> {
  const goal = { url, sides: [ours, theirs], slices, requests, warmUp, inFlight: 64 };
  const { stdout } = await run(process.execPath, [program, JSON.stringify(goal)]);
  const pairs = JSON.parse(stdout) as readonly (readonly [number, number])[];
  return pairs.map(([first, second]) => ({ ours: first, theirs: second }));
}
