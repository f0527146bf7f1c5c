/** Sockets of kinds that siprest cannot open: named before the start, and never a server that hears nothing. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { programPath, startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder('sockets');
const answers = 'loadmodule "signaling.so"\nloadmodule "sl.so"\nroute { send_reply(200, "OK"); }\n';

function siprest(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [programPath, ...args], {
    encoding: 'utf8',
    timeout: 15_000,
  });
  return { status, printed: stdout + stderr };
}

function file(name: string, sockets: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${sockets.map((one) => `socket = ${one}\n`).join('')}${answers}`);
  return path;
}

describe('a script with only unsupported sockets', () => {
  const only = file('only.cfg', ['sctp:127.0.0.1:5062', 'msrp:127.0.0.1:5061', 'hep_udp:127.0.0.1:9060']);

  it.each([
    ['check', only],
    ['check', '--allow-missing', only],
    ['run', only],
    ['run', '--allow-missing', only],
    ['run', '--allow-missing', '--processes', '2', only],
  ])('does not start: %s %s %s', (...args) => {
    const { status, printed } = siprest(...args);
    expect(printed).toContain('[no-socket]: siprest cannot open any of the sockets in the script');
    expect(printed).toContain('[not-available]: 2 sockets that siprest does not have');
    expect(printed).toContain(
      'hep_udp:127.0.0.1:9060 is not opened: siprest sends HEP and does not receive it',
    );
    // what does not help is not advised
    expect(printed).not.toContain('use --allow-missing to start anyway');
    expect(status).toBe(1);
  });

  it('fails also if disable_tcp closes its TCP sockets', () => {
    const path = join(folder, 'tcp.cfg');
    writeFileSync(path, `disable_tcp = yes\nsocket = tcp:127.0.0.1:5060\n${answers}`);
    expect(siprest('run', path)).toMatchObject({
      status: 1,
      printed: expect.stringContaining('[no-socket]'),
    });
  });
});

describe('a script with supported and unsupported sockets', () => {
  it('names the unsupported ones, and with --allow-missing starts on the others', async () => {
    const mixed = file('mixed.cfg', ['msrp:127.0.0.1:5061', 'udp:127.0.0.1:5060']);
    expect(siprest('check', mixed)).toEqual({
      status: 1,
      printed: `error[not-available]: 1 socket that siprest does not have
  sockets
    msrp:127.0.0.1:5061  ${mixed}:1

${mixed}: no errors, siprest lacks 1 socket
`,
    });
    const refused = siprest('run', mixed);
    expect(refused).toMatchObject({
      status: 1,
      printed: expect.stringContaining('use --allow-missing to start anyway'),
    });
    const program = closeLater(
      await startSiprest(`socket = msrp:127.0.0.1:PORT\nsocket = udp:127.0.0.1:PORT\n${answers}`, {
        args: ['--allow-missing'],
      }),
    );
    expect(program.stdout).toBe(`listening on udp:127.0.0.1:${program.port}\n`);
    expect(program.stderr).toContain(`msrp:127.0.0.1:${program.port}`);
    const [reply] = await sendSip({}, { port: program.port });
    expect(reply?.status).toBe(200);
  });
});
