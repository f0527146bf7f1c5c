/** What systemd is told; systemd-notify is replaced by one that writes down what it would send. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

it('tells systemd that it is ready, reloading, and stopping', async () => {
  const folder = temporaryFolder('notify');
  const said = join(folder, 'said');
  writeFileSync(said, '');
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$1" >> ${said}\n`);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  const program = closeLater(
    await startSiprest('route { exit; }\n', {
      env: {
        PATH: `${folder}:${process.env['PATH']}`,
        NOTIFY_SOCKET: '/run/systemd/notify',
        WATCHDOG_USEC: '300000',
      },
    }),
  );
  const lines = () => readFileSync(said, 'utf8').trimEnd().split('\n');
  await expect.poll(lines).toContain('WATCHDOG=1');
  expect(lines().slice(0, 2)).toEqual([
    'READY=1',
    `STATUS=serves ${program.file} on udp:127.0.0.1:${program.port}`,
  ]);
  // a process that hangs says nothing, so that systemd restarts it
  process.kill(program.pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const count = lines().length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(lines()).toHaveLength(count);
  process.kill(program.pid, 'SIGCONT');
  await program.stop();
  await expect.poll(lines).toContain('STOPPING=1');
});
