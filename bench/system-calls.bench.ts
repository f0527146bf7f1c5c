/**
 * The system calls of a relayed call, counted by `strace -c -f`:
 *
 *   npm run bench:system-calls [-- --rate 200] [--write]
 *
 * Needs a build, strace and sip-tester; without them it says so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from '../test/support/launch.ts';
import { freePort } from '../test/support/ports.ts';
import { temporaryFolder } from '../test/support/temporary.ts';
import { table, writeBetweenMarks } from './page.ts';
import { startNode } from './rest/servers.ts';
import { opensipsScript } from './sip/configurations.ts';
import { startScript } from './sip/servers.ts';
import { works } from './sip/works.ts';

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    rate: { type: 'string', default: '200' },
  },
});
const tracer = '/usr/bin/strace';
const missing = works.relayed.missing() ?? (existsSync(tracer) ? null : 'apt-get install strace');
if (missing !== null) {
  console.log(`skipped: ${missing}`);
  process.exit();
}
const load = values.smoke ? { rate: 20, seconds: 0.5 } : { rate: Number(values.rate), seconds: 10 };
/** Those that answer the question whether messages go in batches: they are shown even if there are none. */
const asked = ['sendmsg', 'recvmsg', 'sendmmsg', 'recvmmsg'];

const service = await startNode();
const neighbours = { service: service.origin, callee: await freePort() };
const server = await startScript(opensipsScript({ work: 'relayed', asking: 'async', ...neighbours }));
try {
  await works.relayed.offer(server, load, neighbours); // the warm-up
  const file = join(temporaryFolder('strace'), 'counts');
  const strace = launch(tracer, ['-c', '-f', '-o', file, '-p', String(server.pid)]);
  await strace.prints('attached');
  const { served } = await works.relayed.offer(server, load, neighbours);
  await strace.stop('SIGINT');
  const counts = new Map<string, number>(asked.map((name) => [name, 0]));
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const [, calls, name] = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line) ?? [];
    if (calls !== undefined && name !== undefined && name !== 'total') counts.set(name, Number(calls));
  }
  const shown = [...counts]
    .filter(([name, count]) => asked.includes(name) || count >= 0.05 * served)
    .toSorted((a, b) => b[1] - a[1]);
  const text = table(
    [`at ${load.rate} relayed calls a second`, 'a call'],
    shown.map(([name, count]) => [name, (count / served).toFixed(2)]),
  );
  console.log(text);
  if (served === 0) process.exitCode = 1;
  if (values.write) {
    const how = `${load.seconds} s at ${load.rate} calls a second.`;
    writeBetweenMarks('system-calls', { how, text, versions: [`Node ${process.versions.node}`] });
  }
} finally {
  await server.stop();
  await service.stop();
}
process.exit();
