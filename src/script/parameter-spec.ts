/** A module's parameters and the global settings of a script, as tables declare them. */
import type { RouteKind } from './ast.ts';

/** A parameter that `modparam` sets. */
export interface ParameterSpec {
  /** As `modparam` names it. */
  readonly name: string;
  /** Names in older scripts. */
  readonly aliases?: readonly string[];
  /** `seconds` takes a number or a quoted decimal fraction; `boolean` a number or yes/no/true/false. */
  readonly type: 'int' | 'string' | 'boolean' | 'seconds';
  /** As shown in the reference: `20 s`, `10240 KB`. */
  readonly default: number | string | boolean | null;
  /** For documentation: `ms`. */
  readonly unit?: string;
  /** The least number. */
  readonly minimum?: number;
  /** The greatest number. */
  readonly maximum?: number;
  /** For a number: the meaning of 0. */
  readonly zero?: number;
  /** May be set more than once; keeps all values. */
  readonly repeated?: boolean;
  /** One line of documentation. */
  readonly summary: string;
  /** What defines it. */
  readonly source?: string;
  /** The value is the name of a route of this kind, which must exist. */
  readonly routeKind?: RouteKind;
  /** Why it has no effect: the checker warns if it is set to anything but the default. */
  readonly inert?: string;
}

/** A validated value or its default; an array for `repeated` parameters. */
export type ParameterValue = number | string | boolean | null | readonly (number | string)[];
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** A global parameter of the file. */
export interface SettingSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type: 'int' | 'string' | 'boolean' | 'socket' | 'any';
  readonly default?: number | string | boolean | null;
  readonly minimum?: number;
  readonly maximum?: number;
  /** For a number: the meaning of 0. */
  readonly zero?: number;
  readonly repeated?: boolean;
  /** For a `string`: the allowed values. */
  readonly values?: readonly string[];
  /** What is wrong with a value, or null. */
  readonly invalid?: (text: string) => string | null;
  readonly summary: string;
  /** Why it has no effect; the checker warns with this reason. */
  readonly inert?: string;
}
