/** The place in the user's code that has called something, for messages. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** siprest's own code. */
const own = fileURLToPath(new URL('../', import.meta.url));

/** Deep enough for a policy that calls through a library. */
const frames = 50;

/** `policy.ts:12`, from the current folder; the caller in a package if there is no other; '' without any. */
export function callerPlace(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  const { stack = '' } = new Error('place');
  Error.stackTraceLimit = before;
  let inPackage = '';
  for (const line of stack.split('\n')) {
    const [, file, number] = /(?:^|\s|\()((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/.exec(line) ?? [];
    if (file === undefined || number === undefined) continue;
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    if (path.startsWith(own)) continue;
    const place = `${relative(process.cwd(), path)}:${number}`;
    if (!path.includes('/node_modules/')) return place;
    if (inPackage === '') inPackage = place;
  }
  return inPackage;
}
