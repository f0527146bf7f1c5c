/**
 * `npm run soak:relay [-- --rate 1000 --seconds 60]`: calls between two SIPp through
 * `record_route(); async(rest_get(…)); t_relay()`, after a few to warm up. Says what was lost, what was left, what the
 * memory did, and how much of a core siprest took; exit code 1 where a call was lost or a transaction left. SIPp, the
 * REST service and siprest share the machine. NODE_OPTIONS=--max-semi-space-size=64 spares a quarter of the CPU.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadScript, RunningServer } from '../src/index.ts';
import { freeUdpPort } from '../test/support/ports.ts';
import { runSipp, startSippCallee } from '../test/support/sipp.ts';
import { answeredCall, answeringCallee } from '../test/support/sipp-calls.ts';

/** What the server's process says of itself each second. */
interface Figures {
  readonly resident: number;
  readonly heap: number;
  /** User and system, in s, since the start. */
  readonly cpu: number;
  readonly transactions: number;
  readonly queued: number;
}

const script = (service: string, callee: number): string => `
socket=udp:127.0.0.1:0
udp_workers=32
log_level=1
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
modparam("rest_client", "max_async_transfers", 5000)
route {
  if (has_totag()) {
    if (loose_route() || (is_method("ACK") && t_check_trans()))
      t_relay();
    exit;
  }
  t_check_trans();
  record_route();
  async(rest_get("${service}/route/$rU", $avp(next)), send_on);
}
route[send_on] {
  if ($rc < 0) {
    t_reply(500, "No Route");
    exit;
  }
  $du = "sip:127.0.0.1:${callee}";
  t_relay();
}
`;

async function serve(text: string): Promise<void> {
  const { program, diagnostics } = loadScript(text);
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  const server = await RunningServer.start(program);
  const port = Number(server.sockets[0]?.split(':').at(-1));
  process.send?.({ port });
  setInterval(() => {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const figures: Figures = {
      resident: rss,
      heap: heapUsed,
      cpu: (user + system) / 1e6,
      transactions: server.transactions + server.clientTransactions,
      queued: server.queued,
    };
    process.send?.(figures);
  }, 1000);
  process.once('disconnect', () => process.exit());
}

async function startChild(text: string): Promise<{ child: ChildProcess; port: number; seen: Figures[] }> {
  const child = fork(fileURLToPath(import.meta.url), ['--serve', text], { execArgv: ['--import', 'tsx'] });
  const seen: Figures[] = [];
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  child.on('message', (figures: Figures) => seen.push(figures));
  return { child, port, seen };
}

/** So that the script is compiled when it counts. */
const WARM_UP = 1000;
const WARM_UP_RATE = 100;

/** As many calls at a time as there may be, and what comes while a busy machine lets SIPp wait is kept, not lost. */
const SIPP_ARGUMENTS = ['-l', '100000', '-buff_size', '4194304'];

const megabytes = (bytes: number | undefined): string => `${((bytes ?? 0) / 1e6).toFixed(0)} MB`;

async function soak(rate: number, seconds: number): Promise<boolean> {
  const service = createServer((_, response) => response.end('sip:next'));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const calls = rate * seconds;
  const { address, port: servicePort } = service.address() as AddressInfo;
  const contact = await freeUdpPort();
  const { child, port, seen } = await startChild(script(`http://${address}:${servicePort}`, contact));
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
      port,
      rate: perSecond,
      scenario: answeredCall(),
    });
    await callee.close(); // a call that succeeded for the caller has had its BYE answered by this one
    return caller;
  };
  await run(WARM_UP, WARM_UP_RATE);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const before = seen.at(-1)?.cpu ?? 0;
  seen.length = 0;
  console.log(`${rate} calls a second for ${seconds} s, ${calls} in all`);
  const began = performance.now();
  const caller = await run(calls, rate);
  const took = (performance.now() - began) / 1000;
  const busy = (seen.at(-1)?.cpu ?? 0) - before;
  const most = Math.max(...seen.map(({ transactions }) => transactions));
  // after as many seconds as a transaction may stay, and then each ten
  const memory = seen.filter((_, second) => second >= 34 && second % 10 === 4);
  const end = seen.at(-1);
  // timers H, J and M: 32 s, and a round for each of them
  for (let left = 80; left > 0 && (seen.at(-1)?.transactions ?? 1) > 0; left--)
    await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = seen.at(-1);
  console.log(`${caller.succeeded} of ${calls} calls succeeded`);
  console.log(
    `${(calls / took).toFixed(0)} calls a second in the end; siprest took ${busy.toFixed(1)} s of CPU, ${(busy / took).toFixed(2)} cores, ${((busy / calls) * 1e6).toFixed(0)} us a call`,
  );
  console.log(`transactions: ${most} at most, ${after?.transactions ?? '?'} left`);
  console.log(
    `memory (resident, heap), from 34 s on: ${[...memory, end].map((one) => `${megabytes(one?.resident)}, ${megabytes(one?.heap)}`).join('; ')}; when all had gone: ${megabytes(after?.resident)}, ${megabytes(after?.heap)}`,
  );
  child.disconnect();
  service.close();
  service.closeAllConnections();
  if (caller.status !== 0 || caller.failed > 0) console.error(caller.output.slice(-3000));
  return caller.succeeded === calls && after?.transactions === 0;
}

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    serve: { type: 'string' },
  },
});
if (values.serve !== undefined) await serve(values.serve);
else if (!(await soak(Number(values.rate), Number(values.seconds)))) process.exitCode = 1;
