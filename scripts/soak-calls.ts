/**
 * `npm run soak:calls [-- --calls 500000 --at-a-time 200]`: calls as fast as they go, each begun when one before it has
 * ended, through `async(rest_get(…)); t_reply()`. Says how fast, what was lost, and what memory and file descriptors did;
 * exit code 1 where a call was lost, a transaction left, or either is not flat at the end. The caller, the REST
 * service and siprest share the machine.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { startLoad, tally } from '../test/support/load.ts';
import { type Figures, megabytes, startSoakServer } from './soak-server.ts';

const script = (service: string): string => `
socket=udp:127.0.0.1:0
udp_workers=32
log_level=1
loadmodule "tm.so"
loadmodule "rest_client.so"
modparam("rest_client", "max_async_transfers", 5000)
route {
  async(rest_get("${service}/credit", $avp(credit)), answer);
}
route[answer] {
  if ($rc < 0)
    t_reply(500, "No Credit");
  else
    t_reply(200, "OK");
}
`;

/**
 * When all is over and the garbage collected, 500,000 calls have left 40 bytes each at most: what has been compiled
 * and cached meanwhile takes as much. While they go, the second half takes no more descriptors than the first.
 */
const isFlat = (start: Figures, half: Figures, end: Figures, after: Figures): boolean =>
  after.heap - start.heap <= 20e6 &&
  after.descriptors <= start.descriptors + 5 &&
  end.descriptors <= half.descriptors + 20;

async function soak(count: number, atATime: number): Promise<boolean> {
  const service = createServer((_, response) => response.end('42'));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const { address, port: servicePort } = service.address() as AddressInfo;
  const server = await startSoakServer({ script: script(`http://${address}:${servicePort}`) });
  const { latest, collected } = server;
  console.log(`${count} calls, ${atATime} at a time`);
  const start = await collected();
  const half: Promise<Figures>[] = [];
  let ended = 0;
  const began = performance.now();
  const load = await startLoad({
    port: server.port,
    pace: { atATime },
    count,
    onEnd: () => {
      if (++ended === Math.ceil(count / 2)) half.push(latest());
    },
  });
  const calls = await load.done;
  const took = (performance.now() - began) / 1000;
  const end = await latest();
  const middle = (await half[0]) ?? end;
  // timer J: 32 s, and a round of its wheel
  let after = end;
  for (let left = 60; left > 0 && after.transactions > 0; left--) after = await latest();
  // idle connections to the service end by themselves
  service.closeAllConnections();
  await latest();
  after = await collected();
  server.stop();
  service.close();

  const replies = tally(calls);
  const answered = replies['200 OK'] ?? 0;
  console.log(
    `${(count / took).toFixed(0)} calls a second, ${((end.cpu - start.cpu) / count / 1e-6).toFixed(0)} us of CPU a call`,
  );
  console.log(`answered: ${JSON.stringify(replies)}; lost: ${count - answered}`);
  for (const [name, { resident, heap, descriptors, transactions }] of Object.entries({
    'at the start': start,
    halfway: middle,
    'at the end': end,
    'after it': after,
  }))
    console.log(
      `${name}: ${megabytes(resident)} resident, ${megabytes(heap)} heap, ${descriptors} descriptors, ${transactions} transactions`,
    );
  const flat = isFlat(start, middle, end, after);
  if (!flat) console.log('memory or descriptors are not flat');
  return answered === count && after.transactions === 0 && flat;
}

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '500000' },
    'at-a-time': { type: 'string', default: '200' },
  },
});
if (!(await soak(Number(values.calls), Number(values['at-a-time'])))) process.exitCode = 1;
