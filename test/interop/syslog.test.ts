/** Syslog through the system's `logger`, to a real socket of datagrams that Python reads. */
import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { type Launched, launch } from '../support/launch.ts';
import { startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const reader = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("reads", flush=True)
while True: print(s.recv(65536).decode("latin1"), flush=True)
`;

async function readFrom(socket: string): Promise<Launched> {
  const one = closeLater(launch(commandPath('python3'), ['-c', reader, socket]));
  await one.prints('reads');
  return one;
}

const script = `stderror_enabled=no
syslog_enabled=yes
syslog_facility=LOG_LOCAL0
xlog_level=3
loadmodule "signaling.so"
loadmodule "sl.so"
route { xlog("L_INFO", "asked $ci\\n"); send_reply(200, "OK"); }
`;

describe.each([1, 2])('syslog of %s process(es)', (processes) => {
  it('reads datagrams with facility, severity, name and process', async () => {
    const socket = join(temporaryFolder('syslog'), 'log');
    const daemon = await readFrom(socket);
    const args = ['--processes', String(processes), '--syslog-socket', socket];
    const program = closeLater(await startSiprest(script, { args }));
    await sendSip({ callId: 'one' }, { port: program.port });
    await daemon.prints(/^<134>.*siprest\[\d+\]: (?:\[\d\] )?asked one$/m);
    expect(await program.stop()).toBe(0);
    await daemon.prints(/^<133>.*siprest\[\d+\]: (?:supervisor: )?NOTICE: siprest stops: SIGTERM/m);
    expect(program.stderr).toBe('');
  });

  it('goes to stderr while the daemon is down, and back afterwards', async () => {
    const socket = join(temporaryFolder('syslog'), 'log');
    const first = await readFrom(socket);
    const args = ['--processes', String(processes), '--syslog-socket', socket];
    const program = closeLater(await startSiprest(script, { args }));
    await first.prints('serves');
    await first.stop('SIGKILL');
    if (existsSync(socket)) unlinkSync(socket);
    let calls = 0;
    const callUntil = async (holds: () => boolean) => {
      while (!holds()) await sendSip({ callId: `away-${calls++}` }, { port: program.port });
    };
    await callUntil(() => /asked away/.test(program.stderr));
    expect(program.stderr).toContain('cannot reach syslog');
    const second = await readFrom(socket);
    await callUntil(() => /asked away/.test(second.stdout));
    expect(await program.stop()).toBe(0);
  });
});
