/** What is accepted without effect has a reason of its own, which is true where it stands. */
import { expect, test } from 'vitest';
import { inertSettings } from '../../src/core/inert-settings.ts';
import { loadScript } from '../../src/index.ts';

const reasonOf = (line: string) =>
  loadScript(`${line}\nroute { exit; }\n`)
    .diagnostics.filter(({ code }) => code === 'inert')
    .map(({ message }) => message);

test.each([
  ['pv_print_buf_size=2000', 'texts here have no buffer of a fixed size'],
  ['xlog_buf_size=4096', 'lines of the log have no buffer of a fixed size'],
  [
    'debug_mode=yes',
    'siprest stays in the foreground, with one process unless --processes says more; log_level=4 logs as much',
  ],
  ['open_files_limit=4096', 'the service manager limits open files (LimitNOFILE= in systemd, ulimit -n)'],
  ['user="sip"', 'the service manager (systemd, a container) sets it before siprest starts'],
  ['dns_try_naptr=no', 'NAPTR records are looked up as RFC 3263 says'],
  ['mem_warming=on', 'V8 manages the memory: there are no pools to set up'],
])('%s', (line, reason) => {
  expect(reasonOf(line)).toEqual([`${line.split('=')[0]} has no effect: ${reason}`]);
});

test('each name stands once, with a reason', () => {
  const names = inertSettings.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
  for (const { inert } of inertSettings) expect(inert).toMatch(/^\S.{9}/);
});

test('a module names what siprest has instead', () => {
  expect(reasonOf('loadmodule "mi_datagram.so"')).toEqual([
    'the module mi_datagram is accepted and does nothing: siprest status and siprest reload manage a running server, instead of datagrams',
  ]);
});
