// One measurement: so many requests by one client with so many in flight, in this process.
//   node load.mjs '{"rival": "siprest", "url": …, "warmup": …, "requests": …}'
// Prints one line of JSON.
import { performance } from 'node:perf_hooks';
import { RIVALS } from './rivals.mjs';

const goal = JSON.parse(process.argv[2] ?? '{}');
const { rival, inFlight, warmup, requests } = goal;
const body = goal.bodyBytes > 0 ? Buffer.alloc(goal.bodyBytes, 'b') : undefined;
const call = await RIVALS[rival].make({ ...goal, body });

const latencies = new Float64Array(requests);
let begun = 0;
let measured = 0;
let startCpu = process.cpuUsage();
let startWall = performance.now();
const total = warmup + requests;

async function worker() {
  while (begun < total) {
    if (begun === warmup) {
      startCpu = process.cpuUsage();
      startWall = performance.now();
    }
    const nth = begun++;
    const started = performance.now();
    const text = await call();
    if (text.length !== goal.expectBytes) throw new Error(`an answer of ${text.length} bytes`);
    if (nth >= warmup) latencies[measured++] = performance.now() - started;
  }
}

await Promise.all(Array.from({ length: inFlight }, worker));
const wallMs = performance.now() - startWall;
const { user, system } = process.cpuUsage(startCpu);
latencies.sort();
console.log(
  JSON.stringify({
    requests,
    wallMs,
    cpuUs: user + system,
    p50: latencies[Math.floor(requests * 0.5)],
    p99: latencies[Math.floor(requests * 0.99)],
    maxRss: process.resourceUsage().maxRSS,
  }),
);
process.exit(0);
