import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { respond, startService } from '../support/service.ts';
import { runSipp, type SippOutcome, startSippCallee } from '../support/sipp.ts';
import {
  answeredCall,
  answeringCallee,
  cancelledCall,
  failingCall,
  failingCallee,
  ringingCallee,
} from '../support/sipp-calls.ts';

type Transport = 'udp' | 'tcp';

/** siprest in the middle, over both transports; the main route ends with what to do with an INVITE. */
async function startProxy(forInvite: string, routes = ''): Promise<TestServer> {
  return closeLater(
    await startServer(`
socket=udp:127.0.0.1:0
socket=tcp:127.0.0.1:0
udp_workers=4
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "maxfwd.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
route {
  if (!mf_process_maxfwd_header(10)) {
    send_reply(483, "Too Many Hops");
    exit;
  }
  if (has_totag()) {
    if (loose_route()) {
      xlog("within the dialog: $rm\\n");
      t_relay();
    } else if (is_method("ACK") && t_check_trans())
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
  ${forInvite}
}
${routes}`),
  );
}

/** The port of its socket of a transport. */
const portOf = ({ server }: TestServer, transport: Transport): number =>
  Number(
    server.sockets
      .find((name) => name.startsWith(transport))
      ?.split(':')
      .at(-1),
  );

const to = (port: number, transport: Transport): string => `sip:127.0.0.1:${port};transport=${transport}`;
const fine = (calls: number): Partial<SippOutcome> => ({ status: 0, succeeded: calls, failed: 0 });

/** Over TCP they end at once; over UDP the answers have to stay for retransmissions, which this does not wait for. */
async function nothingLeft({ server }: TestServer): Promise<void> {
  await expect.poll(() => server.transactions + server.clientTransactions, { timeout: 50_000 }).toBe(0);
}

const transports: readonly (readonly [caller: Transport, callee: Transport])[] = [
  ['udp', 'udp'],
  ['tcp', 'tcp'],
  ['udp', 'tcp'],
  ['tcp', 'udp'],
];

describe.each(transports)('siprest between SIPp over %s and SIPp over %s', (transport, second) => {
  it('rings, is answered, re-invited and ended, all through Record-Route', async () => {
    const calls = 40;
    const callee = closeLater(
      await startSippCallee({ scenario: answeringCallee({ reinvite: true }), calls, transport: second }),
    );
    const proxy = await startProxy(`$du = "${to(callee.port, second)}"; t_relay();`);
    const caller = await runSipp({
      port: portOf(proxy, transport),
      transport,
      scenario: answeredCall({ reinvite: true }),
      calls,
      rate: 20,
    });
    expect(caller, caller.output).toMatchObject(fine(calls));
    expect(await callee.outcome).toMatchObject(fine(calls));
    // ACK, INVITE, ACK, BYE of each call
    expect(proxy.log.filter((line) => line.includes('within the dialog'))).toHaveLength(4 * calls);
  });

  it('is busy', async () => {
    const callee = closeLater(
      await startSippCallee({ scenario: failingCallee('486 Busy Here'), calls: 20, transport: second }),
    );
    const proxy = await startProxy(`$du = "${to(callee.port, second)}"; t_relay();`);
    const caller = await runSipp({
      ...{ port: portOf(proxy, transport), transport, scenario: failingCall(486), calls: 20, rate: 20 },
    });
    expect(caller, caller.output).toMatchObject(fine(20));
    expect(await callee.outcome).toMatchObject(fine(20));
    // the caller's ACK has come: over UDP it waits for nothing else but its repetition
    await expect.poll(() => proxy.server.transactions, { timeout: 10_000 }).toBe(0);
  });

  it('is cancelled while it rings', async () => {
    const callee = closeLater(
      await startSippCallee({ scenario: ringingCallee(), calls: 20, transport: second }),
    );
    const proxy = await startProxy(`$du = "${to(callee.port, second)}"; t_relay();`);
    const caller = await runSipp({
      ...{ port: portOf(proxy, transport), transport, scenario: cancelledCall(), calls: 20, rate: 20 },
    });
    expect(caller, caller.output).toMatchObject(fine(20));
    const called = await callee.outcome;
    expect(called, called.output).toMatchObject(fine(20));
  });
});

describe('siprest and several called parties', () => {
  it('calls two in parallel: the first to answer gets the call, the other is cancelled', async () => {
    const calls = 20;
    const ringing = closeLater(await startSippCallee({ scenario: ringingCallee(), calls }));
    const answering = closeLater(await startSippCallee({ scenario: answeringCallee({ ring: 100 }), calls }));
    const proxy = await startProxy(`
  $ru = "sip:bob@127.0.0.1:${ringing.port}";
  append_msg_branch("sip:bob@127.0.0.1:${answering.port}");
  t_relay();`);
    const caller = await runSipp({ port: proxy.port, scenario: answeredCall(), calls, rate: 20 });
    expect(caller, caller.output).toMatchObject(fine(calls));
    for (const callee of [ringing, answering]) expect(await callee.outcome).toMatchObject(fine(calls));
  });

  it('calls the next one from the REST service, in a failure_route', async () => {
    const calls = 20;
    const busy = closeLater(await startSippCallee({ scenario: failingCallee('486 Busy Here'), calls }));
    const answering = closeLater(await startSippCallee({ scenario: answeringCallee(), calls }));
    const service = closeLater(
      await startService((_, response) => respond(response, 200, to(answering.port, 'udp'))),
    );
    const proxy = await startProxy(
      `$du = "${to(busy.port, 'udp')}"; t_on_failure("next"); t_relay();`,
      `failure_route[next] {
  if (!t_check_status("486"))
    exit;
  if (rest_get("${service.origin}/next?of=$rU", $var(next)) < 0)
    exit;
  $du = $var(next);
  t_relay();
}`,
    );
    const caller = await runSipp({ port: proxy.port, scenario: answeredCall(), calls, rate: 20 });
    expect(caller, caller.output).toMatchObject(fine(calls));
    for (const callee of [busy, answering]) expect(await callee.outcome).toMatchObject(fine(calls));
    expect(service.seen).toHaveLength(calls);
  });

  it('keeps no transaction at the end', { timeout: 100_000 }, async () => {
    const callee = closeLater(await startSippCallee({ scenario: answeringCallee(), calls: 10 }));
    const proxy = await startProxy(`$du = "${to(callee.port, 'udp')}"; t_relay();`);
    const caller = await runSipp({ port: proxy.port, scenario: answeredCall(), calls: 10, rate: 20 });
    expect(caller).toMatchObject(fine(10));
    expect(proxy.server.transactions).toBeGreaterThan(0);
    await nothingLeft(proxy);
  });
});
