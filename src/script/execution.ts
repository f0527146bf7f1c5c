/**
 * The interface that a compiled script runs on. The runtime's `Run` implements it; messages and workers are unknown
 * here.
 */
import type { RouteKind } from './ast.ts';
import type { AsyncFunctionSpec, Awaitable, Completion, Invocation, Status, Value } from './catalog.ts';

/**
 * How a statement ended: continue with the next, leave the loop or switch, leave the route, or end the script
 * (`exit`, `drop`, `return(0)`, a function that returns 0, `async()`).
 */
export const Flow = { next: 0, break: 1, return: 2, exit: 3 } as const;
export type Flow = (typeof Flow)[keyof typeof Flow];

/** A compiled statement or route. Returns a promise only if it really waits. */
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

/** A request of `async()` or `launch()` to the runtime. */
export interface AsyncOperation<R> {
  readonly function: AsyncFunctionSpec<R>;
  /** The call with its arguments evaluated on `invocation.run`; null when an argument was unusable (logged). */
  readonly start: (invocation: Invocation<R>) => Awaitable<Completion<R>> | null;
  /** Seconds; null if the script gives none. */
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
  /** The script has ended: set together with {@link Flow.exit}, and checked after a condition. */
  stopped: boolean;
  /** `drop` was called. */
  dropped: boolean;
  /** Whether it runs on a reply: functions for requests only then fail, wherever they are called. */
  readonly isAboutReply: boolean;
  /** The running routes, innermost first; null outside all routes. */
  frame: Frame | null;
  /** A route begins: {@link frame} is set. */
  entered(frame: Frame): void;
  /** Iterations and route calls left until {@link isOverTime} is called. */
  steps: number;
  /** Whether the script has run for too long; if so it is ended ({@link stopped}) and that is logged. */
  isOverTime(): boolean;
  /** Offset in the source of the statement that runs, for messages. */
  position: number;
  /** Runs `async()`: exit now, or the outcome of the resume route if the call blocks. */
  suspend(operation: AsyncOperation<R>): Awaitable<Flow>;
  /** Runs `launch()`: continues at once, or after the call if it has to block. */
  launch(operation: AsyncOperation<R>): Awaitable<Flow>;
  /** An assert() failed: runs error_route and ends the script. */
  assertionFailed(message: string): Awaitable<Flow>;
  /** An error at run time that stops only the statement: logged with the place of {@link position}. */
  complain(message: string): void;
}
