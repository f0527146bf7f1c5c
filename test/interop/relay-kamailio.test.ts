import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { launch } from '../support/launch.ts';
import { freePort } from '../support/ports.ts';
import { inDialogs, relayScript, relayTo } from '../support/relay-script.ts';
import { startServer } from '../support/server.ts';
import { runSipp, startSippCallee } from '../support/sipp.ts';
import { answeredCall, answeringCallee, cancelledCall, ringingCallee } from '../support/sipp-calls.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['tm', 'tmx', 'rr', 'pv', 'sl', 'textops', 'siputils', 'maxfwd'];

/** A stateful, record-routing proxy that sends everything to a port of 127.0.0.1. */
async function startKamailio(next: number): Promise<number> {
  const port = await freePort();
  const folder = temporaryFolder('kamailio');
  const run = join(folder, 'run');
  mkdirSync(run);
  const file = join(folder, 'kamailio.cfg');
  writeFileSync(
    file,
    `#!KAMAILIO
debug=1
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:${port}
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
request_route {
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
${inDialogs}  $du = "sip:127.0.0.1:${next}";
  t_relay();
}
`,
  );
  const args = ['-DD', '-E', '-f', file, '-Y', run, '-w', run, '-m', '32', '-M', '4'];
  const program = closeLater(launch(commandPath('kamailio'), args, { cwd: folder }));
  await program.prints(/Listening on/i);
  await new Promise((resolve) => setTimeout(resolve, 500)); // its workers start after that line
  return port;
}

async function startSiprest(next: number): Promise<number> {
  const script = relayScript({ settings: 'socket=udp:127.0.0.1:0', onward: relayTo(next) });
  const { port } = closeLater(await startServer(script));
  return port;
}

const calls = 20;
const fine = { status: 0, succeeded: calls, failed: 0 };

describe.each([
  ['the next hop', async (callee: number) => startSiprest(await startKamailio(callee))],
  ['the previous hop', async (callee: number) => startKamailio(await startSiprest(callee))],
] as const)('Kamailio as %s', (_, startChain) => {
  it.each([
    [
      'rings, is answered, is invited anew, ends',
      answeredCall({ reinvite: true }),
      answeringCallee({ reinvite: true }),
    ],
    ['is cancelled', cancelledCall(), ringingCallee()],
  ])('a call %s', async (_name, callerScenario, calleeScenario) => {
    const callee = closeLater(await startSippCallee({ scenario: calleeScenario, calls }));
    const port = await startChain(callee.port);
    const caller = await runSipp({ port, scenario: callerScenario, calls, rate: 20 });
    expect(caller, caller.output).toMatchObject(fine);
    const called = await callee.outcome;
    expect(called, called.output).toMatchObject(fine);
  });
});
