import dgram from 'node:dgram';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { launchSiprest, type RunningSiprest, type SiprestOptions, startSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { requestText, sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = `
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rest_client.so"
`;
const answers = `${modules}route { send_reply(200, "OK"); }\n`;

async function start(configuration: string, options: SiprestOptions = {}): Promise<RunningSiprest> {
  return closeLater(await startSiprest(configuration, options));
}

/** A server whose script waits for a service that answers when it is told to. */
async function startWaiting(how: 'async' | 'blocking', args: readonly string[] = []) {
  const held: ServerResponse[] = [];
  const service = closeLater(await startService((_, response) => held.push(response)));
  const call = `rest_get("${service.origin}/", $var(body))`;
  const program = await start(
    `${modules}
route { ${how === 'async' ? `async(${call}, resume);` : `${call}; send_reply(200, "$var(body)");`} }
route[resume] { send_reply(200, "$var(body)"); }
`,
    { args },
  );
  const reply = sendSip({}, { port: program.port, seconds: 8 });
  await service.sees(1);
  const release = () => {
    for (const response of held) respond(response, 200, 'released');
  };
  return { program, reply, release };
}

describe('siprest run', () => {
  it('prints a line for each socket, and nothing else, to stdout', async () => {
    const program = await start(`socket=udp:127.0.0.1:PORT\nsocket=udp:127.0.0.1:0\n${answers}`);
    await program.prints(/(?:listening on .*\n){2}/);
    const lines = program.stdout.trimEnd().split('\n');
    expect(lines).toEqual([
      `listening on udp:127.0.0.1:${program.port}`,
      expect.stringMatching(/^listening on udp:127\.0\.0\.1:[1-9]\d*$/),
    ]);
    for (const line of lines) {
      const [reply] = await sendSip({}, { port: Number(line.split(':').at(-1)) });
      expect(reply?.status).toBe(200);
    }
    await program.stop();
    expect(program.stdout.trimEnd().split('\n')).toEqual(lines);
  });

  it('prints xlog() lines to stderr as text, bytes unchanged', async () => {
    const program = await start(
      `xlog_level=3
${modules}route {
  xlog("asked: grüße $fU\\n");
  xlog("L_INFO", "info\\n");
  xlog("L_DBG", "not this\\n");
  xlog("L_ERR", "an error\\n");
  send_reply(200, "OK");
}
`.replace('grüße', Buffer.from('grüße').toString('latin1')),
    );
    await sendSip({}, { port: program.port });
    await program.stop();
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d /;
    const lines = program.stderr.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(time);
    const told = lines.map((line) => line.replace(time, ''));
    expect(told.filter((line) => !line.startsWith('NOTICE: siprest '))).toEqual([
      'asked: grüße alice',
      'info',
      'ERROR: an error',
    ]);
  });

  it('prints one JSON object per line with --log-format json', async () => {
    const program = await start(
      `log_level=4
log_prefix="edge"
${modules}route {
  xlog("asked by \\"$fU\\":\\n two lines\\n");
  xlog("L_WARN", "careful");
  send_reply(999, "No Status");
  send_reply(200, "OK");
}
`,
      { args: ['--log-format', 'json'] },
    );
    await sendSip({}, { port: program.port });
    await program.stop();
    const lines = program.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const line of lines) {
      expect(line).toMatchObject({ pid: program.pid, prefix: 'edge' });
      expect(Date.parse(String(line['time']))).toBeGreaterThan(0);
    }
    const told = lines.map(({ level, origin, msg }) => ({ level, origin, msg }));
    expect(told).toContainEqual({ level: 'info', origin: 'script', msg: 'asked by "alice":\n two lines' });
    expect(told).toContainEqual({ level: 'warn', origin: 'script', msg: 'careful' });
    expect(told).toContainEqual({
      level: 'error',
      origin: 'server',
      msg: expect.stringContaining('invalid status 999'),
    });
  });

  it('accepts older names of global parameters, and says which have no effect here', async () => {
    const program = await start(`debug=3
fork=no
disable_tcp=no
children=2
mpath="/usr/lib/opensips/modules/"
listen=udp:127.0.0.1:PORT
${answers}`);
    const [reply] = await sendSip({}, { port: program.port });
    expect(reply?.status).toBe(200);
    await program.stop();
    expect(program.stderr).toContain(
      'note[inert]: 1 setting has no effect here: fork; --verbose shows why\n',
    );
    expect(program.stderr).not.toMatch(/^warning/m);
  });

  it('logs nothing with stderror_enabled=no', async () => {
    const program = await start(
      `stderror_enabled=no\n${modules}route { xlog("L_ERR", "nobody reads this"); send_reply(200, "OK"); }\n`,
    );
    const [reply] = await sendSip({}, { port: program.port });
    expect(reply?.status).toBe(200);
    await program.stop();
    expect(program.stderr).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('exits 0 on %s', async (signal) => {
    const program = await start(answers);
    expect(await program.stop(signal)).toBe(0);
  });

  it.each(['async', 'blocking'] as const)('lets a waiting script end (%s), and then exits 0', async (how) => {
    const { program, reply, release } = await startWaiting(how);
    const ended = program.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    release();
    expect(await ended).toBe(0);
    expect((await reply).map(({ status, reason }) => [status, reason])).toEqual([[200, 'released']]);
  });

  it('waits at most for the grace, reports unfinished calls, and exits 0', async () => {
    const { program } = await startWaiting('async', ['--grace', '2']);
    const began = performance.now();
    expect(await program.stop()).toBe(0);
    const waited = performance.now() - began;
    expect(waited).toBeGreaterThan(1900);
    expect(waited).toBeLessThan(8000);
    expect(program.stderr).toContain('stopped before all calls had ended');
  });

  it('exits 1 at once after a second signal', async () => {
    const { program } = await startWaiting('async');
    const began = performance.now();
    process.kill(program.pid, 'SIGTERM');
    expect(await program.stop('SIGINT')).toBe(1);
    expect(performance.now() - began).toBeLessThan(2500);
  });

  it('does not start a script with errors, and shows them all', async () => {
    const program = await startSiprest(`${modules}route { send_repply(200, "OK"); exitt(); }\n`).catch(
      (error: unknown) => error,
    );
    expect(program).toBeInstanceOf(Error);
    const { message } = program as Error;
    expect(message).toContain('did you mean send_reply()?');
    expect(message).toContain('exitt()');
    expect(message).toMatch(/2 errors[,;] not started\n$/);
    expect(message).not.toContain('listening on');
  });

  it('says in one line that the port is in use, and exits 1', async () => {
    const first = await start(answers);
    const second = launchSiprest(['run', first.file]);
    expect(await second.ended).toBe(1);
    expect([second.stdout, second.stderr]).toEqual([
      '',
      `siprest: cannot listen on udp:127.0.0.1:${first.port}: another program uses this port: siprest, process ${first.pid}, which is running\n`,
    ]);
    const [reply] = await sendSip({}, { port: first.port });
    expect(reply?.status).toBe(200);
  });

  it('says in one line that a folder is not a script, and exits 1', async () => {
    const folder = temporaryFolder('run');
    const program = launchSiprest(['run', folder]);
    expect(await program.ended).toBe(1);
    expect([program.stdout, program.stderr]).toEqual([
      '',
      `siprest: cannot read ${folder}: it is a directory\n`,
    ]);
  });
});

describe('bytes that are not SIP', () => {
  const whole = requestText({ method: 'INVITE' }, 5999);
  const noise = Buffer.alloc(65_507);
  for (let i = 0; i < noise.length; i++) noise[i] = (i * i * 31 + i * 7) % 251;
  const garbage: readonly (readonly [what: string, data: Buffer])[] = [
    ['an empty datagram', Buffer.alloc(0)],
    ['64 KiB of noise', noise],
    ['64 KiB of zeros', Buffer.alloc(65_507)],
    ['line breaks', Buffer.from('\r\n\r\n')],
    ['half a start line', Buffer.from('INVITE sip:')],
    ['a start line alone', Buffer.from('INVITE sip:bob@b.example SIP/2.0\r\n\r\n')],
    ['a message cut in the middle of a header', Buffer.from(whole.slice(0, whole.length / 2))],
    [
      'more body announced than there is',
      Buffer.from(whole.replace('Content-Length: 0', 'Content-Length: 999')),
    ],
    ['an impossible length', Buffer.from(whole.replace('Content-Length: 0', 'Content-Length: -1'))],
    ['an invalid Via', Buffer.from(whole.replace(/Via: .*/, 'Via: ,,;=;'))],
    ['no Via', Buffer.from(whole.replace(/Via: .*\r\n/, ''))],
    ['an endless header', Buffer.from(`INVITE sip:b SIP/2.0\r\n${'X: y\r\n'.repeat(10_000)}\r\n`)],
    ['another version', Buffer.from(whole.replace('SIP/2.0\r\n', 'SIP/9.9\r\n'))],
    [
      'a reply that nobody awaits',
      Buffer.from('SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKx\r\n\r\n'),
    ],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ];

  it('are dropped or answered 400, and the server continues', async () => {
    const program = await start(`udp_workers=1\n${answers}`);
    const socket = dgram.createSocket('udp4');
    const answersSeen = new Set<string>();
    socket.on('message', (data) => answersSeen.add(data.toString('latin1').slice(0, 11)));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    for (const [what, data] of garbage) {
      await new Promise<void>((resolve, reject) => {
        socket.send(data, program.port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
      });
      const [reply] = await sendSip({}, { port: program.port });
      expect(reply?.status, `after ${what}`).toBe(200);
    }
    socket.close();
    for (const line of answersSeen) expect(line).toMatch(/^SIP\/2\.0 (?:400|505)$/);
    expect(program.stderr).not.toMatch(/WARNING|ERROR/);
    expect(await program.stop()).toBe(0);
  });
});

describe('-o', () => {
  const script = `${modules}route { send_reply(200, "$argv(site) $argv(greeting) $argv(none)"); }\n`;

  it.each([1, 2])('sets $argv(), in %s processes and after a reload', async (processes) => {
    const program = await start(script, {
      args: ['--processes', String(processes), '-o', 'site=ams', '-o', 'greeting=Grüß=Gott'],
    });
    const reason = async () => (await sendSip({}, { port: program.port })).at(-1)?.reason;
    const expected = Buffer.from('ams Grüß=Gott <null>', 'utf8').toString('latin1');
    expect(await reason()).toBe(expected);
    process.kill(program.pid, 'SIGHUP');
    await program.prints(/was reloaded/);
    expect(await reason()).toBe(expected);
  });

  it('explains its syntax', async () => {
    const program = launchSiprest(['run', '-o', 'site', 'x.cfg']);
    expect(await program.ended).toBe(1);
    expect(program.stderr).toContain('Use name=value.');
  });
});
