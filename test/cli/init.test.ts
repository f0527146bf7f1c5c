/** `siprest init`: what it writes is valid, its tests pass, and it overwrites nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/pages.ts';
import { launchSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const siprest = async (...args: readonly string[]) => {
  const program = launchSiprest(args);
  return { code: await program.ended, said: program.stdout + program.stderr };
};

describe.each([
  { args: ['--typescript'], main: 'policy.ts', test: 'policy.test.ts' },
  { args: [], main: 'opensips.cfg', test: 'opensips.test.js' },
])('siprest init $args', ({ args, main, test }) => {
  it('writes a project that runs and passes its test, and keeps existing files', async () => {
    const folder = join(temporaryFolder('init'), 'My Calls');
    const first = await siprest('init', '--no-install', ...args, folder);
    expect(first.code).toBe(0);
    expect(first.said).toContain('npm install\n  npm test\n  npm start');
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({
      name: 'my-calls',
      scripts: { start: `siprest run ${main}`, test: 'siprest test' },
    });
    const unit = readFileSync(join(folder, 'siprest.service'), 'utf8');
    expect(unit).toContain(
      `\nExecStart=/opt/my-calls/node_modules/.bin/siprest run --processes 2 --log-format json --http 127.0.0.1:8088 ${main}\n`,
    );
    const changed = /^(?:#.*copy this folder|Description=|WorkingDirectory=|ExecStart|ExecReload)/;
    const others = (text: string) =>
      text
        .split('\n')
        .slice(1)
        .filter((line) => !changed.test(line));
    const example = readFileSync(join(root, 'examples/service/siprest.service'), 'utf8');
    expect(others(unit)).toEqual(others(example));
    expect(await siprest('check', join(folder, main))).toMatchObject({ code: 0 });
    const tested = await siprest('test', join(folder, test));
    expect(tested.said).toContain('pass 3');
    expect(tested.code).toBe(0);

    writeFileSync(join(folder, main), 'mine');
    const again = await siprest('init', ...args, folder);
    expect(again.said).toContain(`npx siprest run ${main}`);
    expect(again.said).toMatch(new RegExp(`kept +${join(folder, main)}`));
    expect(readFileSync(join(folder, main), 'utf8')).toBe('mine');
  });
});
