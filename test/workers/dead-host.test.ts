/**
 * The promise of docs/reliability.md: calls to a host that never answers do not harm the others, as long as
 * their rate times the timeout stays under max_async_transfers, or under the number of workers.
 */
import dgram from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeadHost, startDeadHost } from '../support/dead-host.ts';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { type RestService, respond, startService } from '../support/service.ts';
import { requestText } from '../support/sip-client.ts';

let service: RestService;
let deadHost: DeadHost;
const programs: RunningSiprest[] = [];

beforeAll(async () => {
  service = await startService((_, response) => respond(response, 200, '42'));
  deadHost = await startDeadHost();
});
afterAll(async () => {
  for (const program of programs) await program.stop();
  await service.close();
  await deadHost.close();
});

const answer = `
  if ($rc < 0) {
    send_reply(500, "rc $rc");
    exit;
  }
  send_reply(200, "OK");
`;

async function serve(settings: string, how: 'async' | 'blocking'): Promise<RunningSiprest> {
  const program = await startSiprest(`
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rest_client.so"
${settings}
route {
  $avp(url) = "${service.origin}/credit";
  if ($fU == "dead")
    $avp(url) := "${deadHost.origin}/credit";
  ${how === 'async' ? 'async(rest_get($avp(url), $avp(body)), resume);' : `rest_get($avp(url), $avp(body));${answer}`}
}
route[resume] {${answer}}
`);
  programs.push(program);
  return program;
}

interface Call {
  readonly dead: boolean;
  readonly sent: number;
  answered: number | null;
  /** Status and reason. */
  reply: string;
}

/**
 * Makes `count` calls at `rate` a second, every twentieth for the dead host, without retransmissions, and waits
 * up to `patience` seconds for the last answers.
 */
async function makeCalls(port: number, count: number, rate: number, patience: number): Promise<Call[]> {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const own = socket.address().port;
  const calls: Call[] = [];
  let missing = count;
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const text = data.toString('latin1');
      const call = calls[Number(/^Call-ID: (\d+)@/m.exec(text)?.[1])];
      if (call === undefined || call.answered !== null || !/^SIP\/2\.0 [2-6]/.test(text)) return;
      call.answered = performance.now();
      call.reply = text.slice('SIP/2.0 '.length, text.indexOf('\r\n'));
      if (--missing === 0) resolve();
    });
  });
  const began = performance.now();
  while (calls.length < count) {
    // by the clock, so that a late timer is made up for
    while (calls.length < count && calls.length < ((performance.now() - began) / 1000) * rate) {
      const dead = calls.length % 20 === 19;
      const text = requestText(
        { callId: `${calls.length}@test`, from: `<sip:${dead ? 'dead' : 'alive'}@a.example>;tag=1` },
        own,
      );
      calls.push({ dead, sent: performance.now(), answered: null, reply: 'none' });
      socket.send(text, port, '127.0.0.1');
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
  }
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, patience * 1000).unref())]);
  socket.close();
  return calls;
}

function tally(calls: readonly Call[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { dead, reply } of calls) {
    const key = `${dead ? 'dead' : 'alive'}: ${reply}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const longest = (calls: readonly Call[]) =>
  Math.max(...calls.map(({ sent, answered }) => (answered ?? Number.POSITIVE_INFINITY) - sent));

const seconds = 60;
const rate = 100;
const timeout = 2;

describe.concurrent('one call in twenty to a host that never answers, 100 calls a second for a minute', () => {
  it.each([
    ['async', 'udp_workers=1\nmodparam("rest_client", "max_async_transfers", 300)'],
    ['blocking', 'udp_workers=64'],
  ] as const)(
    '%s: every other call is served at once',
    async (how, settings) => {
      const program = await serve(
        `${settings}\nmodparam("rest_client", "connection_timeout", ${timeout})`,
        how,
      );
      const calls = await makeCalls(program.port, seconds * rate, rate, 10);
      expect(tally(calls)).toEqual({ 'alive: 200 OK': 5700, 'dead: 500 rc -2': 300 });
      // none of them has waited for the dead host
      expect(longest(calls.filter(({ dead }) => !dead))).toBeLessThan(timeout * 1000);
      expect(program.stderr).not.toMatch(/max_async_transfers|udp_workers/);
    },
    (seconds + 30) * 1000,
  );
});

describe('more calls to the dead host than there is room for', () => {
  it('are still answered, the others as well but late, and the warning names max_async_transfers', async () => {
    const program = await serve(
      `udp_workers=1
modparam("rest_client", "max_async_transfers", 2)
modparam("rest_client", "connection_timeout", 1)`,
      'async',
    );
    const calls = await makeCalls(program.port, 120, 200, 20);
    expect(tally(calls)).toEqual({ 'alive: 200 OK': 114, 'dead: 500 rc -2': 6 });
    expect(program.stderr).toMatch(
      /WARNING: rest_client: worker 0 has 2 async transfers running.*raise max_async_transfers/,
    );
  });
});
