/** The log of a running server: where it goes, what it says, and that nothing that its readers do ends the server. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../src/index.ts';
import { runBuilt } from '../support/built-command.ts';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest, programPath, startSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const modules = `xlog_level=3
loadmodule "signaling.so"
loadmodule "sl.so"
`;
const logging = `${modules}route { xlog("L_ERR", "asked $ci\\n"); send_reply(200, "OK"); }\n`;

const runtime = temporaryFolder('runtime');
const env = { ...process.env, NO_COLOR: '1', XDG_RUNTIME_DIR: runtime };

/** A server whose stderr is any descriptor, once it answers. */
async function startWith(
  stderr: number | 'pipe',
  script: string,
  args: readonly string[] = [],
  more: NodeJS.ProcessEnv = {},
) {
  const port = await freePort();
  const file = join(temporaryFolder('log'), 'siprest.cfg');
  writeFileSync(file, `socket=udp:127.0.0.1:${port}\n${script}`);
  const child = spawn(process.execPath, [programPath, 'run', ...args, file], {
    stdio: ['ignore', 'pipe', stderr],
    env: { ...env, ...more },
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  closeLater({ close: () => child.kill('SIGKILL') });
  await new Promise<void>((resolve, reject) => {
    void ended.then((code) => reject(new Error(`it ended with ${code}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('listening')) resolve();
    });
  });
  return {
    file,
    pid: child.pid ?? 0,
    stderr: child.stderr,
    call: async (callId?: string) =>
      (await sendSip(callId === undefined ? {} : { callId }, { port })).at(-1)?.status,
    lost: async (): Promise<Record<string, number>> => {
      const { stdout } = await runBuilt(['status', '--json', '--pid', String(child.pid)], { env });
      const { total } = JSON.parse(stdout) as ServerStatus;
      return total['log_lines_lost'] as Record<string, number>;
    },
    end: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

describe.each([1, 2])('a log that cannot be written, with %s process(es)', (processes) => {
  const args = ['--processes', String(processes), '--grace', '1'];

  it('ends nothing if the disk is full', async () => {
    const full = openSync('/dev/full', 'w');
    const server = await startWith(full, logging, args);
    closeSync(full);
    for (let i = 0; i < 3; i++) expect(await server.call()).toBe(200);
    expect((await server.lost())['unwritable']).toBeGreaterThanOrEqual(3);
    expect(await server.end()).toBe(0);
  });

  it('ends nothing if its reader has gone', async () => {
    const server = await startWith('pipe', logging, args);
    server.stderr?.destroy();
    for (let i = 0; i < 3; i++) expect(await server.call()).toBe(200);
    expect((await server.lost())['unwritable']).toBeGreaterThanOrEqual(3);
    expect(await server.end()).toBe(0);
  });

  it('is buffered for a reader that reads nothing, up to a number of bytes, and the server still stops', async () => {
    const loop = `$var(i) = 0; while ($var(i) < 2000) { xlog("L_ERR", "$var(line)\\n"); $var(i) = $var(i) + 1; }`;
    const server = await startWith(
      'pipe',
      `${modules}route { $var(line) = "${'x'.repeat(1000)}"; ${loop} send_reply(200, "OK"); }\n`,
      args,
    );
    server.stderr?.pause();
    // 2 MB each
    for (let i = 0; i < 8; i++) expect(await server.call(`same-${processes}`)).toBe(200);
    expect((await server.lost())['backlog']).toBeGreaterThan(2000);
    expect(await server.end()).toBe(0);
  });
});

describe('a log that can be written again', () => {
  it('continues, and says how many lines were lost', async () => {
    const fifo = join(temporaryFolder('fifo'), 'log');
    execFileSync('mkfifo', [fifo]);
    const open = () => openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    let reader = open();
    const read = () => {
      const data = Buffer.alloc(65_536);
      try {
        return data.toString('latin1', 0, readSync(reader, data));
      } catch {
        return '';
      }
    };
    const writer = openSync(fifo, constants.O_WRONLY);
    const server = await startWith(writer, logging);
    closeSync(writer);
    expect(await server.call('first')).toBe(200);
    expect(read()).toContain('asked first\n');
    closeSync(reader);
    for (let i = 0; i < 3; i++) expect(await server.call()).toBe(200);
    const { unwritable = 0 } = await server.lost();
    expect(unwritable).toBe(3);
    reader = open();
    let text = '';
    let calls = 0;
    while (!text.includes('again')) {
      expect(await server.call(`again-${calls++}`)).toBe(200);
      text += read();
    }
    expect(text).toMatch(
      /^\S+ WARNING: (\d+) lines of the log were lost: nobody reads it\n\S+ ERROR: asked again/,
    );
    closeSync(reader);
    expect(await server.end()).toBe(0);
  });
});

describe('lines of the log', () => {
  it('report once each the start, reload and stop of the server, and why', async () => {
    const other = await freePort();
    const program = closeLater(await startSiprest(`log_level=-1\n${logging}`));
    const before = `socket=udp:127.0.0.1:${program.port}`;
    writeFileSync(
      program.file,
      readFileSync(program.file, 'latin1').replace(before, `socket=udp:127.0.0.1:${other}`),
    );
    process.kill(program.pid, 'SIGHUP');
    await program.prints('was reloaded');
    expect(await program.stop('SIGINT')).toBe(0);
    const lines = program.stderr.trimEnd().split('\n');
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d /;
    for (const line of lines) expect(line).toMatch(time);
    expect(lines.map((line) => line.replace(time, ''))).toEqual([
      expect.stringMatching(
        `^NOTICE: siprest [0-9.]+ serves ${program.file} on udp:127.0.0.1:${program.port} with 1 process$`,
      ),
      `NOTICE: ${program.file} was reloaded, opened udp:127.0.0.1:${other}, closes udp:127.0.0.1:${program.port} when its calls have ended`,
      'NOTICE: siprest stops: SIGINT; calls have up to 30 s to end',
    ]);
  });

  it('are all JSON with --log-format json, including diagnostics of the script', async () => {
    const program = closeLater(
      await startSiprest(`fork=no\n${logging}`, {
        args: ['--log-format', 'json'],
        env: { XDG_RUNTIME_DIR: runtime },
      }),
    );
    await sendSip({ callId: 'x"\x1b[2J' }, { port: program.port });
    writeFileSync(program.file, 'route { nope(); }\n');
    process.kill(program.pid, 'SIGHUP');
    await program.prints('keeping the running script');
    rmSync(program.file);
    process.kill(program.pid, 'SIGHUP');
    await program.prints(/keeping the running script[^]*keeping the running script/);
    expect(await program.stop()).toBe(0);
    type Line = Record<string, unknown>;
    const parsed = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
    const lines = parsed(program.stderr);
    for (const line of lines) {
      expect(line['pid']).toBe(program.pid);
      expect(Date.parse(String(line['time']))).toBeGreaterThan(0);
    }
    const found = (part: Line) => expect(lines).toContainEqual(expect.objectContaining(part));
    found({ level: 'warn', diagnostic: expect.objectContaining({ code: 'inert', line: 2 }) });
    found({ event: 'start', processes: 1, sockets: [`udp:127.0.0.1:${program.port}`], script: program.file });
    found({ level: 'error', diagnostic: expect.objectContaining({ code: 'unknown-function' }) });
    found({ level: 'error', event: 'reload', reloaded: false });
    found({ event: 'stop', reason: 'SIGTERM', grace: 30 });
    expect(parsed(program.stdout)[0]).toMatchObject({ msg: `listening on udp:127.0.0.1:${program.port}` });
  });

  it('are JSON if the server does not start', async () => {
    const file = join(temporaryFolder('log'), 'wrong.cfg');
    writeFileSync(file, 'route { nope(); }\n');
    for (const args of [[file], [`${file}.not-there`]]) {
      const program = launchSiprest(['run', '--log-format', 'json', ...args]);
      expect(await program.ended).toBe(1);
      for (const line of program.stderr.trimEnd().split('\n'))
        expect(JSON.parse(line)).toMatchObject({ level: expect.stringMatching(/error|info/) });
    }
  });

  it('that repeat are summarized', async () => {
    const program = closeLater(
      await startSiprest(`${modules}loadmodule "rest_client.so"
modparam("rest_client", "connection_timeout", 1)
route {
  $var(i) = 0;
  while ($var(i) < 1000) {
    launch(rest_get("http://u:s3cret@127.0.0.1:1/users/$var(i)", $var(body)));
    $var(i) = $var(i) + 1;
  }
  send_reply(200, "OK");
}
`),
    );
    expect((await sendSip({}, { port: program.port })).at(-1)?.status).toBe(200);
    await program.prints(/\(repeated [\d,]+ times\)/, 15);
    await until(() => repeats() >= 900);
    expect(program.stderr).not.toContain('s3cret');
    expect(program.stderr.split('\n').length).toBeLessThan(100);

    function repeats(): number {
      return [...program.stderr.matchAll(/\(repeated ([\d,]+) times\)/g)].reduce(
        (sum, [, count = '']) => sum + Number(count.replaceAll(',', '')),
        0,
      );
    }
  });

  it('log each message received, run and sent with log_level=4', async () => {
    const service = closeLater(await startService((_, response) => respond(response, 200, 'yes')));
    const text = `log_level=4
loadmodule "rest_client.so"
${modules}route { route(credit); send_reply(200, "OK"); }
route[credit] { rest_get("${service.origin}/credit?secret=1", $var(body)); }
`;
    const program = closeLater(await startSiprest(text));
    await sendSip({ callId: 'one', uri: 'sip:bob@example.com' }, { port: program.port });
    expect(await program.stop()).toBe(0);
    const place = `${program.file}:8`;
    const url = `${service.origin}/credit`;
    const lines = program.stderr
      .split('\n')
      .filter((line) => line.includes(' DBG: '))
      .map((line) => line.replace(/^\S+ DBG: /, ''));
    expect(lines).toEqual([
      expect.stringMatching(
        /^received OPTIONS sip:bob@example\.com, \d+ bytes from udp:127\.0\.0\.1:\d+, Call-ID one$/,
      ),
      'route begins on worker 0, OPTIONS, Call-ID one',
      `${program.file}:7: route(), OPTIONS, Call-ID one`,
      'route[credit] begins at depth 2 on worker 0, OPTIONS, Call-ID one',
      `${place}: rest_get(), OPTIONS, Call-ID one`,
      `${place}: rest_get() of ${url} begins, blocking`,
      expect.stringMatching(`^${place}: rest_get\\(\\) of ${url}: 1, status 200, 3 bytes in \\d+ ms$`),
      `${program.file}:7: send_reply(), OPTIONS, Call-ID one`,
      'replies 200 OK, OPTIONS, Call-ID one',
    ]);
  });

  it('have no escape sequences and no passwords', async () => {
    const program = closeLater(
      await startSiprest(`xlog_level=3
loadmodule "signaling.so"
loadmodule "sl.so"
route { xlog("L_ERR", "from $fn\\n"); send_reply(999, "$fn"); send_reply(200, "OK"); }
`),
    );
    await sendSip({ from: '"\x1b[2J\x07\u009b" <sip:a@b>;tag=1' }, { port: program.port });
    await program.prints('from');
    expect(await program.stop()).toBe(0);
    expect(program.stderr).toContain('from "\\x1b[2J');
    expect(program.stderr).not.toMatch(/[\x1b\x00]/);
  });

  it('keep every byte from 0x80 on that a script prints', async () => {
    const program = closeLater(
      await startSiprest(`loadmodule "signaling.so"
loadmodule "sl.so"
route { xlog("L_ERR", "[Stra\xc3\x9fe \xc2\x9f \x80\xff]\n"); send_reply(200, "OK"); }
`),
    );
    await sendSip({}, { port: program.port });
    await program.prints('Stra');
    expect(await program.stop()).toBe(0);
    expect(program.stderr).toContain('[Straße \u009f \ufffd\ufffd]');
  });

  it('begin with a priority if the journal reads them', async () => {
    const file = join(temporaryFolder('log'), 'journal');
    const descriptor = openSync(file, 'a');
    const [device, inode] = execFileSync('stat', ['-c', '%d:%i', file], { encoding: 'utf8' })
      .trim()
      .split(':');
    const server = await startWith(
      descriptor,
      `${modules}route { xlog("L_ERR", "one\\ntwo\\n"); xlog("L_INFO", "three"); send_reply(200, "OK"); }\n`,
      [],
      { JOURNAL_STREAM: `${device}:${inode}` },
    );
    closeSync(descriptor);
    expect(await server.call()).toBe(200);
    expect(await server.end()).toBe(0);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^<5>NOTICE: siprest .* serves/),
      '<3>ERROR: one\\x0atwo',
      '<6>three',
      expect.stringMatching(/^<5>NOTICE: siprest stops: SIGTERM/),
    ]);
  });
});
