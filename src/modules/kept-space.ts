/** Replicated texts of a module that outlive the server, in a file. */
import type { RunRouting } from '../runtime/index.ts';
import { stateFile } from './state-file.ts';

export interface KeptSpace {
  readonly module: string;
  /** Ends the name of the standard file. */
  readonly name: string;
  readonly space: string;
  /** What is lost without the file, for the log: `calls are`. */
  readonly what: string;
  /** The parameter that names the file; null for none. */
  readonly given: string | null;
  /** Whether there is a standard file. */
  readonly isKept: boolean;
}

/** Reads the texts of the file, and keeps all changes in it; false if they are in memory only. */
export async function keepSpace(routing: RunRouting, options: KeptSpace): Promise<boolean> {
  const { module, name, space, what } = options;
  const file = stateFile(routing, name, options);
  if (file === null) return false;
  const { host, log } = routing;
  const result = await host.store.ask({ kind: 'keep-values', space, file, sync: false });
  if (host.number === 0) {
    // one process speaks for all
    if (result.state === 'unkept' && result.reason !== null)
      log.warning(`${module}: ${what} lost at the end of the server: ${file}: ${result.reason}`);
    if (result.state === 'kept' && result.skipped > 0)
      log.error(`${module}: ${file} is damaged: ${result.skipped} bytes are left out`);
  }
  return result.state === 'kept';
}
