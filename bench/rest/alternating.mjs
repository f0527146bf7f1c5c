// Two clients in one process, which send requests in alternating short slices: whatever else the machine does meets both.
//   node alternating.mjs '{"url": …, "sides": [{"product": …, "options": …}, …], "slices": 120, "requests": 1500}'
// Prints the CPU time of a request in each slice, in microseconds, as JSON: [[first, second], …].
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { url, sides, slices, requests, warmUp, inFlight } = JSON.parse(process.argv[2] ?? '{}');

/** A client of the build in the folder `product`. */
async function clientOf({ product, options }) {
  const file = ['rest.js', 'rest/index.js']
    .map((name) => join(product, name))
    .find((path) => existsSync(path));
  if (file === undefined) throw new Error(`${product} is not a build of siprest`);
  const { RestClient } = await import(pathToFileURL(file).href);
  return new RestClient({ httpVersion: '1.1', ...options });
}

/** CPU time of a request. */
async function slice(client, count) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const { rc, reason } = await client.get(url);
      if (rc !== 1) throw new Error(reason);
    }
  };
  const begin = process.cpuUsage();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / count;
}

const [first, second] = [await clientOf(sides[0]), await clientOf(sides[1])];
for (let i = 0; i < warmUp; i++) {
  await slice(first, requests);
  await slice(second, requests);
}
const pairs = [];
for (let i = 0; i < slices; i++) {
  if (i % 2 === 0) pairs.push([await slice(first, requests), await slice(second, requests)]);
  else pairs.push([await slice(second, requests), await slice(first, requests)].reverse());
}
console.log(JSON.stringify(pairs));
process.exit(0);
