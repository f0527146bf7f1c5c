import type { ModuleSpec } from '../script/index.ts';
import type { Run, RunRouting } from './run.ts';
import type { AnySharedKind } from './shared.ts';

/** A script module as the runtime sees it: its table, and what it does when the server starts. */
export interface Module extends ModuleSpec<Run> {
  /** Before the sockets are opened and startup_route runs; what it throws stops the start. */
  readonly start?: (routing: RunRouting) => void | Promise<void>;
  /** What its functions ask of {@link Host.shared}. */
  readonly shared?: readonly AnySharedKind[];
}
