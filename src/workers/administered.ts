/** What administration commands need of a server, of one process or several. */
import { commandsOf } from '../modules/index.ts';
import {
  CommandError,
  type CommandProcesses,
  type CommandValues,
  type Module,
  type RunRouting,
} from '../runtime/index.ts';
import type { SipServer } from './sip-server.ts';

/** A command for a process, as plain data. */
export interface CommandCall {
  readonly name: string;
  readonly args: CommandValues;
  /** `prepare` runs in every process before `run` runs in any one. */
  readonly step: 'prepare' | 'run';
}

/** A server that runs commands in its processes. */
export interface Administered extends SipServer {
  /** The modules of the current policy. */
  readonly modules: readonly Module[];
  /** Process IDs by number; null for a process that is about to be restarted. */
  readonly pids: readonly (number | null)[];
  /**
   * Resolves to the results of the processes that answer in time. Rejects with a {@link CommandError} if one fails, or
   * none answers.
   */
  command(call: CommandCall, processes: CommandProcesses): Promise<readonly unknown[]>;
}

/** Runs a command in this process. */
export async function runCommand(
  { name, args, step }: CommandCall,
  modules: readonly Module[],
  routing: RunRouting,
): Promise<unknown> {
  const spec = commandsOf(modules).find((one) => one.name === name);
  if (spec === undefined) throw new CommandError(404, `the script of this process has no command ${name}`);
  if (step === 'run') return (await spec.run(args, routing)) ?? 'OK';
  spec.prepare?.(routing);
  return null;
}
