/** The systemd unit of examples/service, read by systemd itself. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { findCommand } from '../support/commands.ts';
import { root } from '../support/pages.ts';

it('gives the service few rights', () => {
  const { stdout, stderr } = spawnSync(
    findCommand('systemd-analyze') ?? '',
    ['security', '--offline=true', '--no-pager', `${root}examples/service/siprest.service`],
    { encoding: 'utf8' },
  );
  const [, level] = /exposure level for siprest\.service: ([\d.]+)/.exec(stdout) ?? [];
  expect(Number(level), stdout + stderr).toBeLessThan(3);
  expect(stderr).not.toMatch(/unknown|ignoring/i);
});
