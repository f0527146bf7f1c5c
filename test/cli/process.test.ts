/** What signals and odd files do to the process: nothing that ends it, and nothing without a word. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../src/index.ts';
import { closeLater } from '../support/close-later.ts';
import { launchSiprest, programPath, startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const script = `loadmodule "signaling.so"
loadmodule "sl.so"
route { send_reply(200, "OK"); }
`;
const folder = temporaryFolder('process');
const fifo = join(folder, 'fifo.cfg');
execFileSync('mkfifo', [fifo]);

/** Whether the process has a handler of its own for a signal (proc(5), SigCgt). */
function catches(pid: number, signal: number): boolean {
  const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

describe('SIGUSR1 and SIGUSR2', () => {
  it('do nothing to a server and its processes, nor before a script is loaded', async () => {
    const env = { XDG_RUNTIME_DIR: temporaryFolder('runtime') };
    const program = closeLater(await startSiprest(script, { args: ['--processes', '2'], env }));
    const { processes } = JSON.parse(
      execFileSync(process.execPath, [programPath, 'status', '--json'], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      }),
    ) as ServerStatus;
    for (const pid of [program.pid, ...processes.map((one) => one.pid)]) {
      process.kill(pid, 'SIGUSR1');
      process.kill(pid, 'SIGUSR2');
    }
    for (const callId of ['a', 'b', 'c', 'd']) {
      const [reply] = await sendSip({ callId }, { port: program.port });
      expect(reply?.status).toBe(200);
    }
    expect(program.stderr).not.toContain('ebugger');
    expect(await program.stop()).toBe(0);
  });

  it('do nothing while the script is still read', async () => {
    const child = spawn(process.execPath, [programPath, 'check', '-'], { stdio: 'pipe' });
    let printed = '';
    for (const output of [child.stdout, child.stderr])
      output.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const pid = child.pid ?? 0;
    await until(() => catches(pid, 12));
    process.kill(pid, 'SIGUSR1');
    process.kill(pid, 'SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.stdin.end(script);
    expect(await ended).toBe(0);
    expect(printed).toBe('stdin: no errors\n');
  });
});

describe('SIGTERM and SIGINT', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends a check that reads stdin', async (signal) => {
    const child = spawn(process.execPath, [programPath, 'check', '-'], { stdio: 'pipe' });
    const ended = new Promise((resolve) => child.once('close', (...how) => resolve(how)));
    await until(() => catches(child.pid ?? 0, 12));
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
  });

  it('SIGHUP before the server serves reloads it afterwards, and does not end it', async () => {
    const file = join(folder, 'slow.cfg');
    writeFileSync(file, `socket=udp:127.0.0.1:0\n${script}`);
    const program = closeLater(launchSiprest(['run', '-p', 'cat; sleep 0.5', file]));
    await until(() => catches(program.pid, 1));
    process.kill(program.pid, 'SIGHUP');
    await program.prints('listening on');
    await program.prints('slow.cfg was reloaded');
    expect(await program.stop()).toBe(0);
  });
});

describe('a file that is not regular', () => {
  const zero = join(folder, 'zero.cfg');
  writeFileSync(zero, `include_file "/dev/zero"\n${script}`);

  it.each(['check', 'run'])('is one line of error for %s', async (command) => {
    const program = launchSiprest([command, fifo]);
    expect(await program.ended).toBe(1);
    expect(program.stderr).toContain(`cannot read ${fifo}: it is a FIFO`);
    expect(program.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('is an error where a script includes it, with a preprocessor too', async () => {
    for (const args of [[], ['-p', 'cat']]) {
      const program = launchSiprest(['check', ...args, zero]);
      expect(await program.ended).toBe(1);
      expect(program.stdout).toContain('cannot include "/dev/zero": it is a device, not a regular file');
    }
  });

  it('is rejected at a reload, and the server continues', async () => {
    const program = closeLater(await startSiprest(script));
    const text = readFileSync(program.file, 'latin1');
    writeFileSync(program.file, `include_file "${fifo}"\n${text}`);
    process.kill(program.pid, 'SIGHUP');
    await program.prints('it is a FIFO');
    await program.prints('keeping the running script');
    execFileSync('rm', [program.file]);
    execFileSync('mkfifo', [program.file]);
    process.kill(program.pid, 'SIGHUP');
    await program.prints(`cannot read ${program.file}: it is a FIFO`);
    const [reply] = await sendSip({}, { port: program.port });
    expect(reply?.status).toBe(200);
  });

  it('is limited on stdin as well', async () => {
    const child = spawn('sh', ['-c', `exec "${process.execPath}" "${programPath}" check - </dev/zero`], {
      stdio: 'pipe',
    });
    let printed = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(printed).toBe('siprest: cannot read stdin: more than 64 MiB\n');
  });
});

describe('the preprocessor', () => {
  it('delays no call during a reload', async () => {
    const slow = join(folder, 'preprocessor.sh');
    writeFileSync(slow, 'cat\n');
    const program = closeLater(await startSiprest(script, { args: ['-p', `sh ${slow}`] }));
    writeFileSync(slow, 'cat; sleep 3\n');
    process.kill(program.pid, 'SIGHUP');
    for (let i = 0; i < 5; i++) {
      const [reply] = await sendSip({ callId: `call-${i}` }, { port: program.port, seconds: 2 });
      expect(reply?.status).toBe(200);
    }
    expect(program.stderr).not.toContain('loaded again');
    await program.prints('was reloaded');
  });
});
