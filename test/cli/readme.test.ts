/** What README says of the program and its modules is what they do and are. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { modules } from '../../src/modules/index.ts';
import { closeLater } from '../support/close-later.ts';
import { codeBlocks, root } from '../support/pages.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest, programPath } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const readme = readFileSync(`${root}README.md`, 'utf8');
const blocks = codeBlocks({ name: 'README.md', text: readme });
const blockWith = (language: string, text: string): string =>
  blocks.find((block) => block.language === language && block.text.includes(text))?.text ?? '';
const script = blockWith('opensips', 'route {');

const between = (mark: string): string =>
  readme.split(`<!-- ${mark}: begin -->`)[1]?.split(`<!-- ${mark}: end -->`)[0] ?? '';

it('lists every module, each once', () => {
  const names = [...between('modules').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  expect(new Set(names)).toEqual(new Set(modules.map(({ name }) => name)));
  expect(names).toHaveLength(modules.length);
});

it('shows what check prints', () => {
  const folder = temporaryFolder('readme');
  writeFileSync(join(folder, 'call-policy.cfg'), script.replace('send_reply(200', 'send_repyl(200'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [programPath, 'check', 'call-policy.cfg'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  expect(status).toBe(1);
  const [error, sum] = blockWith('text', 'send_repyl').split('\n\n');
  expect(stdout + stderr).toContain(error);
  expect(stdout + stderr).toContain(sum);
});

it('shows what run prints', async () => {
  const port = await freePort();
  const path = join(temporaryFolder('readme'), 'call-policy.cfg');
  writeFileSync(path, script.replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`));
  const program = closeLater(launchSiprest(['run', path]));
  await program.prints('listening');
  const shown = blockWith('text', 'NOTICE: siprest')
    .replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`)
    .replace('call-policy.cfg', path);
  const [listening = '', serves = ''] = shown.trimEnd().split('\n');
  expect(program.stdout).toContain(listening);
  // the time is another one
  await program.prints(serves.replace(/^\S+ /, ''));
});

it('shows the calls of the tour', async () => {
  const program = launchSiprest(['tour']);
  expect(await program.ended).toBe(0);
  // times differ from run to run, ports where others have them
  const comparable = (text: string): string =>
    text
      .replaceAll(/ \(\d+ is taken\)/g, '')
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
      .replaceAll(/^ +\d+\.\d ms/gm, 'TIME')
      .replaceAll(/^TIME.*, sent again\n/gm, '')
      .replace(/^siprest runs \S+/m, 'siprest runs FILE');
  expect(comparable(program.stdout)).toBe(comparable(between('tour').replace(/^\s*```text\n|```\s*$/g, '')));
});
