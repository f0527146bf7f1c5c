/** A transformation, as tables declare it. */
import type { Awaitable } from '../timers/index.ts';
import type { Value } from './values.ts';

/** An argument of a transformation. */
export interface TransformationArgument {
  /** For documentation and messages. */
  readonly name: string;
  /**
   * `rest`: everything that is left, including commas and spaces. `raw`: the same as source text with variables
   * unexpanded (a `$` that begins no variable is doubled), or the value of a single variable. Others are split at
   * commas and trimmed.
   */
  readonly type: 'string' | 'int' | 'rest' | 'raw';
  /** Whether it may be omitted. Default false. */
  readonly optional?: boolean;
}

/** The static facts about a transformation. */
export interface TransformationFacts<
  Arguments extends readonly TransformationArgument[] = readonly TransformationArgument[],
> {
  /** `s.substr` */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly arguments: Arguments;
  readonly summary: string;
  readonly source?: string;
  /** For a stand-in: the OpenSIPS module that has it, or `core`. */
  readonly absent?: string;
  /** For the reference; run by a test: input, transformation, output. */
  readonly example?: readonly [input: Value, transformation: string, output: Value];
  /** Text form of the result for a given input, if it differs from the value. */
  readonly text?: (input: Value) => Value;
  /** Its result contains no characters with a special meaning in URLs, or escapes them. */
  readonly urlSafe?: true;
  /** Null arguments are passed to the transformation; otherwise they make the result null. */
  readonly takesNull?: true;
}

/**
 * A transformation as the checker and the compiler see it. Its definition, a {@link TransformationRow}, types the
 * arguments.
 */
export interface TextTransformationSpec extends TransformationFacts {
  apply(text: string, ...args: readonly unknown[]): Value;
  readonly prepare?: never;
  readonly prepareWaiting?: never;
}

export interface PlainTransformationSpec<R> extends TransformationFacts {
  prepare(constants: TransformationValues): Transform<R>;
  readonly apply?: never;
  readonly prepareWaiting?: never;
}

/** A transformation that may wait; reading a variable with it waits first. */
export interface WaitingTransformationSpec<R> extends TransformationFacts {
  prepareWaiting(constants: TransformationValues): WaitingTransform<R>;
  readonly apply?: never;
  readonly prepare?: never;
}

export type TransformationSpec<R> =
  | TextTransformationSpec
  | PlainTransformationSpec<R>
  | WaitingTransformationSpec<R>;

export type TransformationValues = readonly (string | number | null | undefined)[];

/** Declared as a method, whose parameters are compared bivariantly, so that a row may declare narrower ones. */
export type Transform<R> = {
  transform(value: Value, args: TransformationValues, run: R): Value;
}['transform'];

export type WaitingTransform<R> = {
  transform(value: Value, args: TransformationValues, run: R): Awaitable<Value>;
}['transform'];
