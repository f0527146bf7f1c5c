/** The ladders of slow calls, as status and the live page have them, of scripts and of handlers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../src/index.ts';
import { askServer } from '../../src/workers/control-client.ts';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['signaling', 'sl', 'tm', 'rest_client'].map((name) => `loadmodule "${name}.so"\n`).join('');

/** `/slow` takes 300 ms. */
const slowService = async () =>
  closeLater(
    await startService((request, response) => {
      if (request.target === '/slow') setTimeout(respond, 300, response, 200, 'late');
      else respond(response, 200, 'yes');
    }),
  );

/** The slow calls of a server, of which the test selects by what they waited for: which is slowest depends on the machine. */
async function slowestOf(pid: number, folder: string) {
  const { processes } = (await askServer(pid, 'siprest:status', folder)) as ServerStatus;
  return processes.flatMap(({ slowest }) => slowest);
}

/** Kinds and texts, without times, ports and folders. */
const steps = (ladder: ServerStatus['processes'][number]['slowest'][number]['ladder'] | undefined) =>
  ladder?.map(({ kind, text }) =>
    `${kind}: ${text}`.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST').replace(/\d+ ms/, 'SOME ms'),
  );

describe.each([1, 2])('a slow call, with %i process(es)', (processes) => {
  it('of a script has its ladder: requests, REST, statements after it, branches, replies', async () => {
    const service = await slowService();
    const [caller, callee] = [await SipPeer.open(), await SipPeer.open()];
    const { start, folder } = place();
    const program = await start(
      `${modules}route {
  rest_get("${service.origin}/quick", $var(x));
  async(rest_get("${service.origin}/slow", $var(x)), done);
}
route[done] {
  $du = "sip:127.0.0.1:${callee.port}";
  t_relay();
}\n`,
      '--processes',
      String(processes),
    );
    caller.request(program.port, 'sip:bob@biloxi.example', { callId: 'slow-one' });
    const invite = await callee.next('INVITE');
    callee.reply(invite, 180, [], 'Ringing');
    await caller.next(180);
    callee.reply(invite, 486, [], 'Busy Here');
    await caller.next(486);
    const first = (await slowestOf(program.pid, folder)).find(({ url }) => url.endsWith('/slow'));
    expect(first).toMatchObject({
      outcome: '200',
      method: 'GET',
      url: `${service.origin}/slow`,
      call: 'slow-one',
    });
    expect(first?.milliseconds).toBeGreaterThan(299);
    expect(steps(first?.ladder)).toEqual([
      'SIP in: INVITE sip:bob@biloxi.example from HOST',
      'script: rest_get(), siprest.cfg:7',
      'HTTP out: GET http://HOST/quick',
      'HTTP in: 200, 3 bytes in SOME ms',
      'script: async rest_get(), siprest.cfg:8',
      'SIP out: 100 Giving it a try to HOST',
      'HTTP out: GET http://HOST/slow',
      'HTTP in: 200, 4 bytes in SOME ms',
      'script: assign $du, siprest.cfg:11',
      'script: t_relay(), siprest.cfg:12',
      'SIP out: INVITE sip:bob@biloxi.example to HOST',
      'SIP in: 180 Ringing from HOST',
      'SIP out: 180 Ringing to HOST',
      'SIP in: 486 Busy Here from HOST',
      'SIP out: 486 Busy Here to HOST',
    ]);
    const times = first?.ladder.map(({ at }) => at) ?? [];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

it('a slow handler has its ladder, whatever it waited for', async () => {
  const service = await slowService();
  const port = await freePort();
  const file = join(temporaryFolder('policy'), 'policy.mjs');
  writeFileSync(
    file,
    `import { setTimeout as sleep } from 'node:timers/promises';
import { defineServer } from 'siprest';
export default defineServer({
  sockets: ['udp:127.0.0.1:${port}'],
  async onOptions(call) {
    await call.rest.get('${service.origin}/slow');
    call.reply(200, 'Asked');
  },
  async onMessage(call) {
    await sleep(400);
    call.reply(202, 'Later');
  },
});
`,
  );
  const { env, run, folder } = place();
  const program = closeLater(launchSiprest(['run', file], env));
  await program.prints('listening');
  for (const method of ['OPTIONS', 'MESSAGE'])
    await run('send', method, `sip:bob@127.0.0.1:${port}`, '-H', `Call-ID: of-${method}`);
  const all = await slowestOf(program.pid, folder);
  const waited = all.find(({ outcome, call }) => outcome === 'handler' && call === 'of-MESSAGE');
  const asked = all.find(({ url }) => url.endsWith('/slow'));
  expect(waited).toMatchObject({ outcome: 'handler', method: 'onMessage()', url: '', call: 'of-MESSAGE' });
  expect(steps(waited?.ladder)).toEqual([
    `SIP in: MESSAGE sip:bob@HOST from HOST`,
    'SIP out: 202, sent before',
    'script: onMessage(), after SOME ms',
  ]);
  expect(asked).toMatchObject({
    outcome: '200',
    method: 'GET',
    url: `${service.origin}/slow`,
    call: 'of-OPTIONS',
  });
  expect(steps(asked?.ladder)).toEqual([
    `SIP in: OPTIONS sip:bob@HOST from HOST`,
    'script: onOptions()',
    'HTTP out: GET http://HOST/slow',
    'HTTP in: 200, 4 bytes in SOME ms',
    'SIP out: 200 Asked to HOST',
  ]);
});
