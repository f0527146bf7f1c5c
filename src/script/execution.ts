/**
 * The interface that a compiled script runs on. The runtime's `Run` implements it; messages and workers are unknown
 * here.
 */
import type { Awaitable } from '../timers/index.ts';
import type { RouteKind } from './ast.ts';
import type { AsyncFunctionSpec, Completion, Invocation } from './function-spec.ts';
import type { Status, Value } from './values.ts';

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
  /** Their names, by which `$param(name)` reads them; undefined for none. */
  readonly names: readonly string[] | undefined;
  readonly parent: Frame | null;
  readonly depth: number;
}

/** A request of `async()`, stored in the {@link Execution} and started once all closures have returned. */
export interface Suspension<R> {
  readonly function: AsyncFunctionSpec<R>;
  /** The call, whose arguments are evaluated on `invocation.run`; null when an argument was unusable (logged). */
  readonly start: (invocation: Invocation<R>) => Awaitable<Completion<R>> | null;
  /** Seconds; null if the script gives none. */
  readonly timeout: number | null;
  /** The resume route. */
  readonly route: CompiledRoute<R> | null;
  /** The frame of the call, in which its arguments are evaluated. */
  readonly frame: Frame | null;
}

/** A call that `launch()` has begun. */
export interface Launched<R> {
  readonly function: AsyncFunctionSpec<R>;
  readonly completion: Awaitable<Completion<R>>;
  /** Whether the script continues meanwhile. */
  readonly background: boolean;
  /** The report route; null for a launch without one. */
  readonly route: CompiledRoute<R> | null;
  /** `$param(1)` of the report route. */
  readonly parameter: Value;
}

export interface Execution<R> {
  /** `$rc` */
  status: Status;
  /** The values of `return(code, a, b)` for `$return(0)` and `$return(1)`. */
  returned: readonly Value[];
  /** The script has ended: set together with {@link Flow.exit}, and checked after a condition. */
  stopped: boolean;
  /** `drop` was called. */
  dropped: boolean;
  /** Whether the script runs on a reply, where functions for requests fail. */
  readonly isAboutReply: boolean;
  /** The running routes, innermost first; null outside all routes. */
  frame: Frame | null;
  /** A route begins: {@link frame} is set. */
  entered(frame: Frame): void;
  /** Whether {@link stepped} sees each statement. */
  readonly isStepped: boolean;
  /** A statement begins: {@link position} is set. `what` is a function or keyword: `core if`, `module t_relay`. */
  stepped(what: string): void;
  /** Iterations and route calls left until {@link isOverTime} is called. */
  steps: number;
  /** Whether the script has run for too long; if so, logs that and ends it ({@link stopped}). */
  isOverTime(): boolean;
  /** Offset in the source of the statement that runs, for messages. */
  position: number;
  /** Set by `async()` together with {@link stopped}: the work to do before the script continues. */
  suspension: Suspension<R> | null;
  /** Logs a failed assert(). Returns the error_route to run before the script ends, if any. */
  assertionFailed(message: string): CompiledRoute<R> | null;
  /** Logs a run-time error that stops only the current statement, with its {@link position}. */
  complain(message: string): void;
}
