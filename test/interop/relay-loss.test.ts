import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startLossyRelay } from '../support/lossy-relay.ts';
import { freePort } from '../support/ports.ts';
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

const script = (port: number): string => `
socket=udp:127.0.0.1:${port}
udp_workers=4
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "sl.so"
loadmodule "sipmsgops.so"
route {
  if (has_totag()) {
    if (loose_route() || (is_method("ACK") && t_check_trans()))
      t_relay();
    exit;
  }
  if (is_method("CANCEL")) {
    if (t_check_trans())
      t_relay();
    exit;
  }
  t_check_trans();
  record_route();
  $du = "sip:127.0.0.1:CALLEE";
  t_relay();
}`;

const loss = 0.1;
const calls = 30;

/** Callers, a network that loses packets, siprest, another such network, called parties. */
async function throughLoss(scenarios: {
  readonly caller: string;
  readonly callee: string;
  readonly seed: number;
}): Promise<{ caller: SippOutcome; callee: SippOutcome; dropped: number; left: () => number }> {
  const [calleePort, port] = [await freePort(), await freePort()];
  const behind = closeLater(await startLossyRelay(calleePort, loss, scenarios.seed));
  const before = closeLater(await startLossyRelay(port, loss, scenarios.seed + 1));
  const { server } = closeLater(await startServer(script(port).replace('CALLEE', String(behind.port))));
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
  });
  return {
    caller,
    callee: await callee.outcome,
    dropped: before.dropped + behind.dropped,
    left: () => server.transactions + server.clientTransactions,
  };
}

const fine = { status: 0, succeeded: calls, failed: 0 };

describe('with 10 in 100 packets lost in either direction, on both sides of siprest', () => {
  it.each([
    [
      'a call is answered and ended',
      { caller: lingering(answeredCall({ talk: 4000 })), callee: lingering(answeringCallee()), seed: 1 },
    ],
    [
      'a call is refused',
      { caller: lingering(failingCall(486)), callee: lingering(failingCallee('486 Busy Here')), seed: 2 },
    ],
    ['a call is cancelled', { caller: cancelledCall(12_000), callee: ringingCallee(12_000), seed: 3 }],
  ])('%s, and no transaction is left', { timeout: 200_000 }, async (_, scenarios) => {
    const { caller, callee, dropped, left } = await throughLoss(scenarios);
    expect(caller, caller.output + callee.output).toMatchObject(fine);
    expect(callee, callee.output).toMatchObject(fine);
    expect(dropped).toBeGreaterThan(calls / 2);
    await expect.poll(left, { timeout: 80_000, interval: 250 }).toBe(0);
  });
});
