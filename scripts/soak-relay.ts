/**
 * `npm run soak:relay [-- --rate 1000 --seconds 60]`: calls between two SIPp through
 * `record_route(); async(rest_get(…)); t_relay()`, after a few to warm up. Says what was lost, what was left, what the
 * memory did, and how much of a core siprest took; exit code 1 where a call was lost, a transaction left, or memory is
 * not flat. SIPp, the REST service and siprest share the machine.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { freePort } from '../test/support/ports.ts';
import { relayScript, relayTo } from '../test/support/relay-script.ts';
import { runSipp, startSippCallee } from '../test/support/sipp.ts';
import { answeredCall, answeringCallee } from '../test/support/sipp-calls.ts';
import { type Figures, megabytes, startSoakServer } from './soak-server.ts';

const script = (service: string, callee: number): string =>
  relayScript({
    settings: `socket=udp:127.0.0.1:0
udp_workers=32
loadmodule "rest_client.so"
modparam("rest_client", "max_async_transfers", 5000)`,
    onward: `async(rest_get("${service}/route/$rU", $avp(next)), send_on);`,
    routes: `route[send_on] {
  if ($rc < 0) {
    t_reply(500, "No Route");
    exit;
  }
  ${relayTo(callee)}
}`,
  });

/** So that the script is compiled when it counts. */
const WARM_UP = 1000;
const WARM_UP_RATE = 100;

/** What the calls may leave on the heap, in bytes: what has been compiled and cached meanwhile takes as much. */
const LEFT_AT_MOST = 20e6;

/** As many calls at a time as there may be, and messages that arrive while a busy machine lets SIPp wait are kept, not lost. */
const SIPP_ARGUMENTS = ['-l', '100000', '-buff_size', '4194304'];

async function soak(rate: number, seconds: number): Promise<boolean> {
  const service = createServer((_, response) => response.end('sip:next'));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const calls = rate * seconds;
  const { address, port: servicePort } = service.address() as AddressInfo;
  const contact = await freePort();
  const server = await startSoakServer({ script: script(`http://${address}:${servicePort}`, contact) });
  const run = async (count: number, perSecond: number) => {
    const common = { seconds: (count / perSecond) * 3 + 60, args: SIPP_ARGUMENTS };
    // an INVITE that comes again when its call is over is a call to SIPp: it must not stop for having had enough
    const callee = await startSippCallee({
      ...common,
      calls: 10 * count,
      port: contact,
      scenario: answeringCallee(),
    });
    const caller = await runSipp({
      ...common,
      calls: count,
      port: server.port,
      rate: perSecond,
      scenario: answeredCall(),
    });
    await callee.close(); // a call that succeeded for the caller has had its BYE answered by this one
    return caller;
  };
  await run(WARM_UP, WARM_UP_RATE);
  const start = await server.collected();
  const from = server.seen.length;
  console.log(`${rate} calls a second for ${seconds} s, ${calls} in all`);
  const began = performance.now();
  const caller = await run(calls, rate);
  const took = (performance.now() - began) / 1000;
  const end = await server.latest();
  const busy = end.cpu - start.cpu;
  const seen = server.seen.slice(from);
  const most = Math.max(...seen.map(({ transactions }) => transactions));
  // timers H, J and M: 32 s, and a round for each of them
  let after = end;
  for (let left = 80; left > 0 && after.transactions > 0; left--) after = await server.latest();
  after = await server.collected();
  console.log(`${caller.succeeded} of ${calls} calls succeeded`);
  console.log(
    `${(calls / took).toFixed(0)} calls a second in the end; siprest took ${busy.toFixed(1)} s of CPU, ${(busy / took).toFixed(2)} cores, ${((busy / calls) * 1e6).toFixed(0)} us a call`,
  );
  console.log(`transactions: ${most} at most, ${after.transactions} left`);
  const memory = (name: string, { resident, alive }: Figures): void =>
    console.log(`${name}: ${megabytes(resident)} resident, ${megabytes(alive)} of the heap alive`);
  memory('at the start', start);
  // after as many seconds as a transaction may stay, and then each ten
  for (let second = 34; second < seen.length; second += 10) {
    const figures = seen[second];
    if (figures !== undefined) memory(`after ${second} s`, figures);
  }
  memory('when all had gone', after);
  const isFlat = after.alive - start.alive <= LEFT_AT_MOST;
  if (!isFlat) console.log('memory is not flat');
  server.stop();
  service.close();
  service.closeAllConnections();
  if (caller.status !== 0 || caller.failed > 0) console.error(caller.output.slice(-3000));
  return caller.succeeded === calls && after.transactions === 0 && isFlat;
}

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
  },
});
if (!(await soak(Number(values.rate), Number(values.seconds)))) process.exitCode = 1;
