import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startLossyRelay } from '../support/lossy-relay.ts';
import { freePort } from '../support/ports.ts';
import { relayScript, relayTo } from '../support/relay-script.ts';
import { startServer } from '../support/server.ts';
import { runSipp, type SippOutcome, startSippCallee } from '../support/sipp.ts';
import {
  answeredCall,
  answeringCallee,
  cancelledCall,
  failingCall,
  failingCallee,
  lingering,
  ringingCallee,
} from '../support/sipp-calls.ts';

const loss = 0.1;
const calls = 30;
/** Longer than whoever got no answer waits before it sends again. */
const linger = 12_000;

/** Callers, a network that loses packets, siprest, another such network, called parties. */
async function throughLoss(scenarios: {
  readonly caller: string;
  readonly callee: string;
  readonly seed: number;
}): Promise<{ caller: SippOutcome; callee: SippOutcome; dropped: number; left: () => number }> {
  const [calleePort, port] = [await freePort(), await freePort()];
  const behind = closeLater(await startLossyRelay(calleePort, { loss, seed: scenarios.seed }));
  const before = closeLater(await startLossyRelay(port, { loss, seed: scenarios.seed + 1 }));
  const settings = `socket=udp:127.0.0.1:${port}\nudp_workers=4`;
  const { server } = closeLater(await startServer(relayScript({ settings, onward: relayTo(behind.port) })));
  const common = { calls, seconds: 90 };
  const callee = closeLater(
    await startSippCallee({
      ...common,
      scenario: scenarios.callee,
      port: calleePort,
      contact: behind.port,
    }),
  );
  const caller = await runSipp({
    ...common,
    port: before.port,
    scenario: scenarios.caller,
    rate: 15,
    // the same for each run, so that the same packets are lost
    args: ['-cid_str', '%u@caller'],
  });
  return {
    caller,
    callee: await callee.outcome,
    dropped: before.dropped + behind.dropped,
    left: () => server.transactions + server.clientTransactions,
  };
}

const fine = { status: 0, succeeded: calls, failed: 0 };

describe('with 10 % packet loss in each direction, on both sides of siprest', () => {
  it.each([
    [
      'a call is answered and ended',
      { caller: answeredCall({ talk: 4000, linger }), callee: answeringCallee({ linger }), seed: 1 },
    ],
    [
      'a call is refused',
      {
        caller: lingering(failingCall(486), linger),
        callee: lingering(failingCallee('486 Busy Here'), linger),
        seed: 2,
      },
    ],
    ['a call is cancelled', { caller: cancelledCall(linger), callee: ringingCallee(linger), seed: 3 }],
  ])('%s, and no transaction is left', { timeout: 200_000 }, async (_, scenarios) => {
    const { caller, callee, dropped, left } = await throughLoss(scenarios);
    expect(caller, caller.output + callee.output).toMatchObject(fine);
    expect(callee, callee.output).toMatchObject(fine);
    expect(dropped).toBeGreaterThan(calls / 2);
    await expect.poll(left, { timeout: 80_000, interval: 250 }).toBe(0);
  });
});
