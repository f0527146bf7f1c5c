/** The systemd units of examples/service and of siprest init, read by systemd itself. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findCommand } from '../support/commands.ts';
import { root } from '../support/pages.ts';
import { launchSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function unitOf(origin: 'examples/service' | 'siprest init'): Promise<string> {
  const folder = temporaryFolder('service');
  if (origin === 'siprest init') await launchSiprest(['init', '--no-install', folder]).ended;
  else copyFileSync(join(root, 'examples/service/siprest.service'), join(folder, 'siprest.service'));
  return join(folder, 'siprest.service');
}

const analyze = (...args: readonly string[]) =>
  spawnSync(findCommand('systemd-analyze') ?? '', args, { encoding: 'utf8' });

it.each(['examples/service', 'siprest init'] as const)(
  'the unit of %s leaves the service few rights',
  async (origin) => {
    const unit = await unitOf(origin);
    const { stdout, stderr } = analyze('security', '--offline=true', '--no-pager', unit);
    const [, level] = /exposure level for siprest\.service: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(level), stdout + stderr).toBeLessThan(3);
    expect(stderr).not.toMatch(/unknown|ignoring/i);
  },
);

it('has only settings that systemd knows', async () => {
  const unit = await unitOf('siprest init');
  // it looks for the programs, too
  writeFileSync(unit, readFileSync(unit, 'utf8').replaceAll(/=\/opt\/\S*\/siprest /g, '=/bin/true '));
  const { status, stdout, stderr } = analyze('verify', '--man=no', unit);
  expect(stdout + stderr).not.toMatch(/siprest\.service/);
  expect(status, stdout + stderr).toBe(0);
});
