import type { CompiledScript, TableValues } from '../script/index.ts';
import type { Module } from './module.ts';
import type { Run } from './run.ts';
import type { Settings } from './settings.ts';

/** A script that can be started. */
export interface Program {
  readonly compiled: CompiledScript<Run>;
  readonly settings: Settings;
  /** Module parameters. */
  readonly parameters: TableValues;
  /** The modules that the script loads, in order. */
  readonly modules: readonly Module[];
  /** `file:line` of an offset in the source. */
  place(offset: number): string;
}
