/**
 * `npm run test:interop [-- FILTER]`: the tests against servers and tools that are not on npm. Says what is
 * missing and how to install it before anything runs.
 */
import { spawnSync } from 'node:child_process';
import { commands, findCommand } from '../test/support/commands.ts';

const missing = commands.filter(({ name }) => findCommand(name) === null);
if (process.argv.includes('--packages')) {
  console.log([...new Set(commands.map((command) => command.package))].join(' '));
} else if (missing.length > 0) {
  for (const { name, use } of missing) console.error(`missing: ${name} (${use})`);
  console.error(
    `\nOn Debian or Ubuntu:\n  apt-get install -y ${missing.map((each) => each.package).join(' ')}`,
  );
  process.exitCode = 1;
} else {
  const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url).pathname;
  const args = [vitest, 'run', '--config', 'vitest.interop.config.ts', ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
