/**
 * What a compiled script needs of the thing it runs on. The runtime's `Run` is one; nothing here knows of
 * messages or workers.
 */
import type { RouteKind } from './ast.ts';
import type { AsyncFunctionSpec, Awaitable, Completion, Invocation, Status, Value } from './catalog.ts';

/**
 * How a statement ended: go on with the next, leave the loop or switch, leave the route, or leave the whole
 * script (`exit`, `drop`, `return(0)`, a function that answers 0, `async()`).
 */
export const Flow = { next: 0, break: 1, return: 2, exit: 3 } as const;
export type Flow = (typeof Flow)[keyof typeof Flow];

/** A compiled statement or route. Only what really waits makes a promise. */
export type Step<R> = (run: R) => Awaitable<Flow>;

export interface CompiledRoute<R> {
  readonly kind: RouteKind;
  /** Empty for the main route. */
  readonly name: string;
  /** Of a timer_route: seconds. */
  readonly interval: number | null;
  readonly execute: Step<R>;
}

/** One call of a route, linked to the one that called it. */
export interface Frame {
  readonly kind: RouteKind;
  readonly name: string;
  /** `$param(1)` is the first. */
  readonly parameters: readonly Value[];
  readonly parent: Frame | null;
  readonly depth: number;
}

/** What `async()` and `launch()` ask the runtime to do. */
export interface AsyncOperation<R> {
  readonly function: AsyncFunctionSpec<R>;
  /** The call with its arguments evaluated on `invocation.run`; null when an argument was unusable (logged). */
  readonly start: (invocation: Invocation<R>) => Awaitable<Completion<R>> | null;
  /** Seconds; null where the script gives none. */
  readonly timeout: number | null;
  /** The resume or report route; null for a launch without one. */
  readonly route: CompiledRoute<R> | null;
  /** `$param(1)` of a report route. */
  readonly parameter: Value;
}

export interface Execution<R> {
  /** `$rc` */
  status: Status;
  /** What `return(code, a, b)` left for `$return(0)`, `$return(1)`. */
  returned: readonly Value[];
  /** The script is over: set together with {@link Flow.exit}, and looked at after a condition. */
  stopped: boolean;
  /** `drop` was called. */
  dropped: boolean;
  /** Whether it is about a reply: functions that are for requests alone fail then, wherever they stand. */
  readonly isAboutReply: boolean;
  /** The route that runs, innermost first; null outside of any. */
  frame: Frame | null;
  /** A route begins: {@link frame} is set. */
  entered(frame: Frame): void;
  /** Loop turns and calls of routes that are left before {@link isOverTime} is asked. */
  steps: number;
  /** Whether the script has run for too long; it is over then ({@link stopped}), which is logged. */
  isOverTime(): boolean;
  /** Offset in the source of the statement that runs, for messages. */
  position: number;
  /** Does `async()`: exit now, or the outcome of the resume route where it is done as a blocking call. */
  suspend(operation: AsyncOperation<R>): Awaitable<Flow>;
  /** Does `launch()`: goes on at once, or when it is done where it had to be done as a blocking call. */
  launch(operation: AsyncOperation<R>): Awaitable<Flow>;
  /** An assert() does not hold: runs error_route and ends the script. */
  assertionFailed(message: string): Awaitable<Flow>;
  /** An error at run time that stops only the statement: logged with the place of {@link position}. */
  complain(message: string): void;
}
