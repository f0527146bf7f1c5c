/** The policies of a server in a file: a JSON object with `hosts` and `targets`, as the options of a client. */
import { FileError, readRegularFile } from '../../files/index.ts';
import { RestOptionError } from '../errors.ts';
import { objectOf } from '../read-options.ts';
import { readTargets, type TargetOptions } from '../targets.ts';
import type { HostsOption } from './host-options.ts';
import { readHostsOfFile } from './host-rules.ts';

/** Options of a client that stand in a file. */
export interface PolicyFile {
  /** Policies by host. */
  readonly hosts?: HostsOption | undefined;
  /** Which servers may be asked. */
  readonly targets?: TargetOptions | undefined;
}

const NAMES: ReadonlySet<string> = new Set(['hosts', 'targets']);
/** A larger file is not a configuration. */
const LARGEST = 16 * 1024 * 1024;

/** Reads and validates it. @throws RestOptionError */
export function readPolicyFile(path: string): PolicyFile {
  const fail = (why: string): RestOptionError =>
    new RestOptionError('unreadable-file', 'policy_file', `${path} cannot be used: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(readRegularFile(path, LARGEST).toString('utf8'));
  } catch (error) {
    if (error instanceof FileError) throw fail(error.message);
    // V8's message may quote a part of the file, which may be a secret
    throw fail('it is not JSON');
  }
  const file: PolicyFile = objectOf(path, value, NAMES, path);
  if (file.hosts !== undefined) readHostsOfFile(file.hosts);
  if (file.targets !== undefined) readTargets(file.targets);
  return file;
}
