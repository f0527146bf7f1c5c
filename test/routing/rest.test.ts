/** REST requests of a call end with it, below policies and above them. */
import { describe, expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { later } from '../support/later.ts';
import { policyBench } from '../support/policy-bench.ts';
import { startService } from '../support/service.ts';

const bob = 'sip:bob@biloxi.example';

describe.each([
  ['without policies', {}],
  ['with policies of hosts', { hosts: { '*': { retry: {} } } }],
])('%s', (_, rest) => {
  test('if the caller cancels, several requests are aborted at once, and the signal fires', async () => {
    const service = closeLater(await startService(() => {}));
    const outcomes = later<readonly string[]>();
    const { port, caller } = await policyBench({
      rest,
      async onInvite(call) {
        const signal = call.cancelled;
        const all = await Promise.all(
          ['a', 'b', 'c'].map((path) => call.rest.get(`${service.origin}/${path}`)),
        );
        outcomes.resolve([
          ...all.map((one) => (one.kind === 'error' ? `${one.code} ${one.reason}` : one.kind)),
          String(signal.reason),
        ]);
      },
    });
    const invite = caller.request(port, bob);
    await service.sees(3);
    caller.cancel(port, invite);
    await caller.next(487);
    const aborted = 'aborted aborted: the caller has cancelled';
    expect(await outcomes.promise).toEqual([aborted, aborted, aborted, 'the caller has cancelled']);
  });
});

test('an unknown option is rejected without naming internal ones', async () => {
  const { port, caller, server } = await policyBench({
    onMessage: (call) => call.rest.get('http://127.0.0.1:1/', { singal: null } as object),
  });
  caller.request(port, bob, { method: 'MESSAGE' });
  await caller.next(500);
  await server.logs('signal');
  expect(server.log.join('\n')).not.toContain('cancellation');
});

test('invalid options of rest keep the server from starting', async () => {
  await expect(policyBench({ rest: { timeout: -1 } })).rejects.toThrow('rest: ');
  await expect(policyBench({ sockets: ['udp:nowhere:99999'] })).rejects.toThrow(
    'invalid socket "udp:nowhere:99999"; use for example udp:127.0.0.1:5060',
  );
});
