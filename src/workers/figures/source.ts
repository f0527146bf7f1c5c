import type { RedisCounts } from '../../redis/index.ts';
import type { Host, Module, Routing } from '../../runtime/index.ts';
import type { LoopDelay } from '../loop-delay.ts';
import type { LoopLoad } from '../loop-load.ts';
import type { PeerCounts } from '../peers.ts';
import type { ServerLogs } from '../server-logs.ts';

/** The process whose figures are read. */
export interface FigureSource extends Host {
  /** The current Routing first, then earlier ones with unfinished calls. */
  readonly routings: readonly FigureRouting[];
  /** Null for a single process. */
  readonly peers: Readonly<PeerCounts> | null;
  /** Null unless several servers share what is in Redis. */
  readonly sharedStore: SharedStoreFigures | null;
  readonly loopDelay: LoopDelay;
  readonly loopLoad: LoopLoad;
  readonly logs: ServerLogs;
  /** In several processes the supervisor counts them. */
  readonly reloads: ReloadCounts;
}

interface SharedStoreFigures {
  readonly counts: Readonly<RedisCounts>;
  readonly failure: string | null;
  readonly members: number;
  readonly unwritten: number;
}

export interface ReloadCounts {
  done: number;
  failed: number;
}

interface FigureRouting extends Routing {
  /** The modules that it loads. */
  readonly modules: readonly Module[];
  readonly pool: { readonly size: number; readonly busy: number; readonly queued: number };
  /** Number of scripts that run or wait. */
  readonly unfinished: number;
}

export function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
