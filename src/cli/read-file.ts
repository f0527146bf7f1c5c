import { FileError, largestFile, readRegularFile } from '../internal.ts';
import { UsageError } from './streams.ts';

/** The contents of a file named on the command line, as a byte string. */
export function readNamedFile(path: string): string {
  try {
    return readRegularFile(path).toString('latin1');
  } catch (error) {
    if (error instanceof FileError) throw new UsageError(`cannot read ${path}: ${error.message}`);
    throw error;
  }
}

/** All of stdin, as a byte string. */
export async function readStdin(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stdin) {
    total += chunk.length;
    if (total > largestFile)
      throw new UsageError(`cannot read stdin: more than ${largestFile / (1024 * 1024)} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
