/**
 * The promise of docs/reliability.md: calls to a host that never answers do not harm the others, as long as
 * their rate times the timeout stays under max_async_transfers, or under the number of workers.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeadHost, startDeadHost } from '../support/dead-host.ts';
import { quantile, startLoad, tally } from '../support/load.ts';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { type RestService, respond, startService } from '../support/service.ts';

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

/** Calls at `rate` a second, every twentieth for the dead host, without retransmissions. */
async function makeCalls(port: number, count: number, rate: number, giveUpAfter: number) {
  const load = await startLoad({
    port,
    pace: { rate },
    count,
    timers: null,
    giveUpAfter,
    request: (nth) => ({ from: `<sip:${isDead(nth) ? 'dead' : 'alive'}@a.example>;tag=1` }),
  });
  const calls = await load.done;
  return {
    replies: tally(calls, ({ nth, reply }) => `${isDead(nth) ? 'dead' : 'alive'}: ${reply}`),
    longestOfOthers: quantile(
      calls.filter(({ nth }) => !isDead(nth)),
      1,
    ),
  };
}

const isDead = (nth: number) => nth % 20 === 19;

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
      const { replies, longestOfOthers } = await makeCalls(program.port, seconds * rate, rate, 10);
      expect(replies).toEqual({ 'alive: 200 OK': 5700, 'dead: 500 rc -2': 300 });
      // none of them has waited for the dead host
      expect(longestOfOthers).toBeLessThan(timeout * 1000);
      expect(program.stderr).not.toMatch(/max_async_transfers|udp_workers/);
    },
    (seconds + 30) * 1000,
  );
});

describe('more calls to the dead host than the capacity', () => {
  it('are still answered, others are answered late, and the warning names max_async_transfers', async () => {
    const program = await serve(
      `udp_workers=1
modparam("rest_client", "max_async_transfers", 2)
modparam("rest_client", "connection_timeout", 1)`,
      'async',
    );
    const { replies } = await makeCalls(program.port, 120, 200, 20);
    expect(replies).toEqual({ 'alive: 200 OK': 114, 'dead: 500 rc -2': 6 });
    expect(program.stderr).toMatch(
      /WARNING: rest_client: worker 0 has 2 async transfers running.*raise max_async_transfers/,
    );
  });
});
