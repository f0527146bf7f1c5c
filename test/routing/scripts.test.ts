/** Scripts and handlers on the same request: routes run by handlers, handlers called by scripts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { callFunction, defineServer } from '../../src/routing/index.ts';
import { defineFunction } from '../../src/runtime/index.ts';
import { simulate } from '../../src/testing/index.ts';
import { closeLater } from '../support/close-later.ts';
import { policyBench } from '../support/policy-bench.ts';
import { relayBench } from '../support/relay-bench.ts';
import { respond, startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const bob = 'sip:bob@biloxi.example';

function scriptFile(text: string): URL {
  const file = join(temporaryFolder('routing'), 'opensips.cfg');
  const modules = ['tm', 'sl', 'signaling', 'sipmsgops', 'rest_client'];
  writeFileSync(file, `${modules.map((name) => `loadmodule "${name}.so"\n`).join('')}${text}`);
  return pathToFileURL(file);
}

describe('call.run()', () => {
  test('runs a route past async() to its end, with parameters, AVPs and its return code', async () => {
    const service = closeLater(await startService((_, response) => respond(response, 200, '42')));
    const { port, caller } = await policyBench({
      script: scriptFile(`
        route { send_reply(404, "Main"); }
        route[credit] {
          $avp(account) = $param(1);
          async(rest_get("${service.origin}/$avp(account)", $avp(credit)), answered);
        }
        route[answered] { $avp(rc) = $rc; return(7); }
      `),
      async onMessage(call) {
        const { code, exited } = await call.run('credit', 'alice');
        call.reply(200, `${call.getAvp('account')} ${call.getAvp('credit')} ${code} ${exited}`);
      },
    });
    caller.request(port, bob, { method: 'MESSAGE' });
    expect((await caller.next(200)).reason).toBe('alice 42 7 false');
  });

  test('a route that replies or relays settles the request; requests without a handler run the main route', async () => {
    const callee = await SipPeer.open();
    const { port, caller } = await policyBench({
      script: scriptFile(`
        route { send_reply(404, "Main"); }
        route[away] { send_reply(480, "Away"); exit; }
        route[phone] { $ru = "${callee.uri('phone')}"; t_relay(); }
      `),
      onMessage: (call) => call.run('away'),
      onInvite: (call) => call.run('phone'),
    });
    caller.request(port, bob, { method: 'MESSAGE' });
    await caller.next(480);
    caller.request(port, bob, { method: 'OPTIONS' });
    expect((await caller.next(404)).reason).toBe('Main');
    caller.request(port, bob);
    const invite = await callee.next('INVITE');
    expect(invite.uri).toBe(callee.uri('phone'));
    callee.reply(invite, 486);
    await caller.next(486);
  });

  test('a route that relays returns while targets ring; its call then ends as without a handler', async () => {
    const returned: unknown[] = [];
    const policy = defineServer({
      script: scriptFile(`
        socket = udp:192.0.2.1:5060
        route { send_reply(404, "Main"); }
        route[phone] { $du = "sip:phone.example"; t_relay(); return(5); }
      `),
      async onInvite(call) {
        const { code } = await call.run('phone');
        returned.push(code, call.isAnswered);
      },
    });
    await using kit = await simulate(policy);
    const phone = kit.callee('phone.example').rings();
    const call = kit.caller('alice').invite(bob);
    await call.response(180);
    expect(returned).toEqual([5, false]);
    void call.cancel();
    expect((await call.final()).status).toBe(487);
    expect(phone.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    phone.answers(180, 404);
    expect((await kit.caller('carol').invite(bob).final()).status).toBe(404);
    phone.answers(200);
    await kit.caller('dave').invite(bob).answered();
  });

  test('a route that does not exist: 500', async () => {
    const { port, caller, server } = await policyBench({ onMessage: (call) => call.run('nowhere') });
    caller.request(port, bob, { method: 'MESSAGE' });
    await caller.next(500);
    await server.logs('the script has no route[nowhere]');
  });
});

test('a script hands its request over to a function, which relays and waits like a handler', async () => {
  const kinds: string[] = [];
  const ring = defineFunction({
    name: 'ring',
    arguments: [{ name: 'targets', type: 'string', summary: 'Where to.' }],
    summary: 'Rings the targets in turn.',
    source: 'this test',
    start: async ({ run }, targets) => {
      const status = await callFunction(run, 'ring', async (call) => {
        const result = await call.relay({ targets: targets.split(' '), order: 'series' });
        kinds.push(result.kind);
        return result.kind === 'answered' ? 1 : -1;
      });
      return () => status ?? -1;
    },
  });
  const { port, caller, callees } = await relayBench(
    'route { ring("sip:a@CALLEE0 sip:b@CALLEE1"); exit; }',
    2,
    { functions: [ring] },
  );
  caller.request(port, bob);
  callees[0]?.reply((await callees[0].next('INVITE')) ?? null, 486);
  callees[1]?.reply(await callees[1].next('INVITE'), 200);
  await caller.next(200);
  expect(kinds).toEqual(['answered']);
});

test('a handler that blocks the event loop is named in the log', async () => {
  const { port, caller, server } = await policyBench({
    async onMessage(call) {
      await call.run('pause');
      for (const end = performance.now() + 700; performance.now() < end; );
      call.reply(200);
    },
    script: scriptFile('route { exit; } route[pause] { return(1); }'),
  });
  caller.request(port, bob, { method: 'MESSAGE', callId: 'blocking' });
  await caller.next(200);
  await server.logs('event loop stalled');
  expect(server.log.join('\n')).toMatch(
    /stalled for \d+ ms.*; onMessage\(\) ran for \d{3,} ms without a pause, Call-ID blocking/,
  );
});
