/** Syslog, with a stand-in for `logger` that keeps what it reads; test/interop/syslog.test.ts has the real one. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const script = `stderror_enabled=no
syslog_enabled=yes
syslog_facility=LOG_LOCAL3
syslog_name="edge"
xlog_level=3
loadmodule "signaling.so"
loadmodule "sl.so"
route { xlog("L_WARN", "asked $ci\\nand more\\n"); send_reply(200, "OK"); }
`;

/** A folder with a `logger` that does what these lines of a shell say. */
function loggerOf(lines: string): string {
  const folder = temporaryFolder('logger');
  const file = join(folder, 'logger');
  writeFileSync(file, `#!/bin/sh\ncd ${folder}\necho $$ > pid\necho "$@" >> arguments\n${lines}\n`);
  chmodSync(file, 0o755);
  return folder;
}

async function start(folder: string, text = script) {
  // Node itself is started by its path
  const env = { PATH: `${folder}:/bin:/usr/bin` };
  return closeLater(await startSiprest(text, { env, args: ['--syslog-socket', '/run/test/log'] }));
}

async function contains(file: string, text: string): Promise<string> {
  for (;;) {
    const found = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (found.includes(text)) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('syslog', () => {
  it('gets one line for each message, with facility, severity and name, from the start to the stop', async () => {
    const folder = loggerOf('cat >> lines');
    const program = await start(folder);
    await sendSip({ callId: 'one' }, { port: program.port });
    expect(await program.stop()).toBe(0);
    const lines = (await contains(join(folder, 'lines'), 'stops')).trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^<157>NOTICE: siprest .* serves/),
      '<156>WARNING: asked one\\x0aand more',
      '<157>NOTICE: siprest stops: SIGTERM; calls have up to 30 s to end',
    ]);
    const given = readFileSync(join(folder, 'arguments'), 'utf8');
    expect(given).toContain(`--tag=edge --id=${program.pid} --socket=/run/test/log`);
    expect(program.stderr).toBe('');
  });

  it('gets buffered lines after the daemon has restarted', async () => {
    const folder = loggerOf('exec cat >> lines');
    const program = await start(folder);
    await contains(join(folder, 'lines'), 'serves');
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')));
    for (let i = 0; i < 3; i++) await sendSip({ callId: `again-${i}` }, { port: program.port });
    await contains(join(folder, 'lines'), 'asked again-2');
    expect(await program.stop()).toBe(0);
    await contains(join(folder, 'lines'), 'stops');
  });

  it('is replaced by stderr, with one line about it, if the daemon is unreachable', async () => {
    const folder = loggerOf('echo "logger: socket /run/test/log: No such file or directory" >&2; exit 1');
    const program = await start(folder);
    await program.prints('serves');
    await sendSip({ callId: 'one' }, { port: program.port });
    await program.prints('asked one');
    expect(await program.stop()).toBe(0);
    const told = program.stderr.match(/cannot reach syslog, logging to stderr instead: .*/g);
    expect(told).toEqual([
      'cannot reach syslog, logging to stderr instead: logger: socket /run/test/log: No such file or directory',
    ]);
    expect(program.stderr).toMatch(/^\S+ NOTICE: siprest .* serves/m);
    expect(program.stderr).toMatch(/stops: SIGTERM/);
  });

  it('gets only what its filter lets through, and may have its own format', async () => {
    const folder = loggerOf('cat >> lines');
    const program = await start(
      folder,
      script
        .replace('stderror_enabled=no', 'stderror_log_format="json"\nstderror_level_filter=2')
        .replace('syslog_name', 'syslog_log_format="json_cee"\nsyslog_level_filter=1\nsyslog_name')
        .replace('route {', 'route { xlog("L_INFO", "much"); '),
    );
    await sendSip({ callId: 'one' }, { port: program.port });
    expect(await program.stop()).toBe(0);
    const lines = (await contains(join(folder, 'lines'), 'asked')).trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const [, priority, json = ''] = /^<(\d+)>@cee: (.*)$/.exec(lines[0] ?? '') ?? [];
    expect(priority).toBe('156');
    expect(JSON.parse(json)).toMatchObject({ level: 'warn', msg: 'asked one\nand more' });
    for (const line of program.stderr.trimEnd().split('\n')) JSON.parse(line);
    expect(program.stderr).toContain('asked one');
    expect(program.stderr).not.toContain('much');
  });

  it('has facilities that check validates', async () => {
    const { loadScript } = await import('../../src/index.ts');
    const { diagnostics } = loadScript(
      'syslog_facility=LOG_LOKAL1\nstderror_log_format="xml"\nroute { exit; }\n',
    );
    expect(diagnostics.map(({ message, help }) => [message, help])).toEqual([
      ['invalid value of syslog_facility', expect.stringContaining('did you mean "LOG_LOCAL1"')],
      ['invalid value of stderror_log_format', 'use one of plain_text, json, json_cee instead'],
    ]);
  });
});
