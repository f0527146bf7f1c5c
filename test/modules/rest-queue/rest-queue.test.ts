/** Events and records reach REST services by way of the disk, whatever the service does. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadScript } from '../../../src/workers/load-script.ts';
import { closeLater } from '../../support/close-later.ts';
import { relayBench } from '../../support/relay-bench.ts';
import { type RestService, respond, type SeenRequest, startService } from '../../support/service.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const queue = (folder: string, more = '') => `
  loadmodule "signaling.so"
  loadmodule "rest_queue.so"
  modparam("rest_queue", "folder", "${folder}")
  modparam("rest_queue", "first_delay", 20)
  ${more}`;

interface Message {
  readonly id: string;
  readonly event: string;
  readonly params: unknown;
}

const bodyOf = ({ body }: SeenRequest) => JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as Message;

/** Answers with these statuses, then 204. */
const openService = async (statuses: readonly number[] = [], port = 0): Promise<RestService> => {
  let count = 0;
  return closeLater(
    await startService((_, response) => respond(response, statuses[count++] ?? 204, ''), port),
  );
};

test('an event becomes a POST with JSON, whose id is its Idempotency-Key', async () => {
  const service = await openService();
  const { port, caller } = await relayBench(
    `${queue(temporaryFolder('queue'))}
     startup_route { subscribe_event("E_A", "rest:${service.origin}/hook?x=1"); }
     route {
       $avp(n) = "text"; $avp(n) = "callid"; $avp(v) = "gr\xc3\xbc\xdfe"; $avp(v) = $ci;
       raise_event("E_A", $avp(n), $avp(v));
       $avp(w) = 7; raise_event("E_A", , $avp(w)); raise_event("E_B");
       send_reply(200, "OK");
     }`,
  );
  caller.request(port, 'sip:x@y', { method: 'OPTIONS', callId: 'c1' });
  await caller.next(200);
  await service.sees(2);
  const [first, second] = service.seen;
  expect(first).toMatchObject({ method: 'POST', target: '/hook?x=1' });
  expect(first?.headers['content-type']).toBe('application/json');
  const bodies = service.seen.map(bodyOf);
  const named = bodies.find(({ params }) => !Array.isArray(params));
  expect(named).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    event: 'E_A',
    time: expect.any(Number),
    params: { callid: 'c1', text: 'gr\u00fc\ufffde' },
  });
  expect(bodies.find(({ params }) => Array.isArray(params))?.params).toEqual([7]);
  expect([first, second].map((one) => one?.headers['idempotency-key'])).toEqual(bodies.map(({ id }) => id));
});

test('a message is sent until the service accepts it, with the same key', async () => {
  const service = await openService([500, 404, 503]);
  const { port, caller } = await relayBench(
    `${queue(temporaryFolder('queue'))}
     route { raise_event("E_A"); send_reply(200, "OK"); }
     startup_route { subscribe_event("E_A", "rest:${service.origin}"); }`,
  );
  caller.request(port, 'sip:x@y', { method: 'OPTIONS' });
  await service.sees(4);
  expect(new Set(service.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('what the service did not get before a stop, it gets from the next server, in order', async () => {
  const folder = temporaryFolder('queue');
  const script = (origin: string) => `${queue(folder)}
     loadmodule "acc.so"
     modparam("acc", "rest_url", "${origin}/cdr")
     route { acc_rest_request("200 Fine"); acc_rest_request("404 Gone"); send_reply(200, "$rc"); }`;
  const dead = await openService();
  const { origin } = dead;
  await dead.close();
  const first = await relayBench(script(origin));
  first.caller.request(first.port, 'sip:x@y', { method: 'OPTIONS', callId: 'kept' });
  expect((await first.caller.next(200)).reason).toBe('1');
  await first.server.close();
  expect(readdirSync(folder)).toEqual(['0.queue']);

  const revived = await openService([], Number(new URL(origin).port));
  const second = await relayBench(script(origin));
  await revived.sees(2);
  expect(
    revived.seen.map(bodyOf).map(({ event, params }) => [event, (params as { sip_code: string }).sip_code]),
  ).toEqual([
    ['E_ACC_EVENT', '200'],
    ['E_ACC_MISSED_EVENT', '404'],
  ]);
  await second.server.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a full queue refuses messages with a line in the log, and a record then goes to the log', async () => {
  const folder = temporaryFolder('queue');
  const { port, caller, server } = await relayBench(
    `${queue(folder, 'modparam("rest_queue", "max_size", 1)')}
     loadmodule "acc.so"
     modparam("acc", "rest_url", "http://127.0.0.1:9/")
     modparam("acc", "extra_fields", "rest: text")
     modparam("acc", "extra_fields", "log: text")
     route {
       $var(t) = "0123456789abcdef"; $var(i) = 0;
       while ($var(i) < 13) { $var(t) = $var(t) + $var(t); $var(i) = $var(i) + 1; }
       $acc_extra(text) = $var(t); $var(i) = 0;
       while ($var(i) < 9) { acc_rest_request("200 $var(i)"); $var(i) = $var(i) + 1; }
       send_reply(200, "OK");
     }`,
  );
  caller.request(port, 'sip:x@y', { method: 'OPTIONS' });
  await caller.next(200);
  const log = server.log.join('\n');
  expect(log.match(/the queue is full/g)).toHaveLength(1);
  expect(log).toMatch(/ACC: request accounted: .*;reason=8;text=0123/);
});

test('a file of another kind stays as it is, and the server says so', async () => {
  const folder = temporaryFolder('queue');
  writeFileSync(join(folder, '0.queue'), 'something else entirely');
  await expect(relayBench(`${queue(folder)} route { exit; }`)).rejects.toThrow(
    /rest_queue cannot start.*another kind/,
  );
});

test.each([
  ['loadmodule "rest_queue.so"', 'rest_queue needs a folder'],
  ['loadmodule "acc.so"\nmodparam("acc", "rest_url", "ftp://x")', 'rest_url must be an http or https URL'],
])('%s is refused', (lines, message) => {
  const { diagnostics } = loadScript(`loadmodule "tm.so"\n${lines}\nroute { exit; }\n`);
  expect(diagnostics.map((one) => one.message).join('\n')).toContain(message);
});
