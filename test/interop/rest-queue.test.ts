/** Records on their way to a service survive the end of the server, however it ends, and a full disk. */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest, startSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { until } from '../support/until.ts';

const script = (origin: string) => `
loadmodule "sl.so"
loadmodule "signaling.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_queue.so"
modparam("rest_queue", "folder", "queue")
modparam("rest_queue", "first_delay", 50)
modparam("rest_queue", "longest_delay", 500)
loadmodule "acc.so"
modparam("acc", "rest_url", "${origin}/cdr")
route {
  acc_rest_request("200 first");
  acc_rest_request("200 second");
  send_reply(200, "$rc");
}
`;

interface Record {
  readonly id: string;
  readonly params: { readonly callid: string; readonly sip_reason: string };
}

async function outage(args: readonly string[]) {
  const port = await freePort();
  const first = await startSiprest(script(`http://127.0.0.1:${port}`), { args });
  const calls: string[] = [];
  const call = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const callId = `call-${calls.length}`;
      const text = [
        'OPTIONS sip:x@y SIP/2.0',
        `Via: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK${callId};rport`,
        'From: <sip:a@x>;tag=1',
        'To: <sip:b@x>',
        `Call-ID: ${callId}`,
        'CSeq: 1 OPTIONS',
        'Content-Length: 0\r\n\r\n',
      ].join('\r\n');
      expect((await sendSip(text, { port: first.port })).at(-1)?.reason).toBe('1');
      calls.push(callId);
    }
  };
  /** Starts the server and the service again; the records that the service gets then. */
  const recover = async () => {
    const service = closeLater(await startService((_, response) => respond(response, 204, ''), port));
    const again = closeLater(launchSiprest(['run', '--wait-for-port', '20', ...args, first.file], {}));
    await again.prints(/listening/i);
    const records = () => service.seen.map(({ body }) => JSON.parse(body) as Record);
    await until(() => new Set(records().map(({ id }) => id)).size === 2 * calls.length);
    return records();
  };
  const complete = (records: readonly Record[]) => {
    const byCall = new Map<string, string[]>();
    for (const { params } of records)
      byCall.set(params.callid, [...(byCall.get(params.callid) ?? []), params.sip_reason]);
    expect([...byCall.keys()].toSorted()).toEqual(calls.toSorted());
    for (const reasons of byCall.values()) expect(reasons).toEqual(['first', 'second']);
  };
  return { first, folder: dirname(first.file), call, recover, complete };
}

test.each([
  ['one process', []],
  ['two processes', ['--processes', '2']],
])('killed with records pending, %s', { timeout: 90_000 }, async (_, args) => {
  const { first, call, recover, complete } = await outage(args);
  await call(20);
  await first.stop('SIGKILL');
  complete(await recover());
});

test('a full disk: records wait in memory, and are written when there is room', {
  timeout: 90_000,
}, async () => {
  const { first, call, recover, complete } = await outage([]);
  const limit = (bytes: number | string) =>
    execFileSync('prlimit', ['--pid', `${first.pid}`, `--fsize=${bytes}:unlimited`]);
  await call(2);
  limit(1500);
  await call(5);
  await first.prints(/rest_queue: cannot write to .*too large.*; new messages wait in memory/i, 30);
  limit('unlimited');
  await first.prints(/rest_queue: all messages are in .* again/, 30);
  await first.stop('SIGKILL');
  complete(await recover());
});
