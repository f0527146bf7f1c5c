/** What is accepted without effect has a reason of its own, which is true where it stands. */
import { expect, test } from 'vitest';
import { inertSettings } from '../../src/core/inert-settings.ts';
import { loadScript } from '../../src/index.ts';

const reasonOf = (line: string) =>
  loadScript(`${line}\nroute { exit; }\n`)
    .diagnostics.filter(({ code }) => code === 'inert')
    .map(({ message }) => message);

test.each([
  ['pv_print_buf_size=2000', 'strings have no fixed-size buffer'],
  ['xlog_buf_size=4096', 'log lines have no fixed-size buffer'],
  [
    'debug_mode=yes',
    'siprest always runs in the foreground, with one process by default; for the same logs, set log_level=4',
  ],
  ['open_files_limit=4096', 'the service manager limits open files (LimitNOFILE= in systemd, ulimit -n)'],
  ['user="sip"', 'the service manager (systemd, a container) sets it before siprest starts'],
  ['mem_warming=on', 'V8 manages memory: there are no pools to configure'],
])('%s', (line, reason) => {
  expect(reasonOf(line)).toEqual([`${line.split('=')[0]} has no effect: ${reason}`]);
});

test('each name is listed once, with a reason', () => {
  const names = inertSettings.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
  for (const { inert } of inertSettings) expect(inert).toMatch(/^\S.{9}/);
});

test('a module without effect names the alternative', () => {
  expect(reasonOf('loadmodule "mi_html.so"')).toEqual([
    'the module mi_html has no effect: use siprest mi, mi_fifo or mi_http instead of a web page',
  ]);
});
