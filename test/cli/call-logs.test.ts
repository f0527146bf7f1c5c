/** What log lines say about a call, and how their levels are changed while the server runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['signaling', 'sl', 'sipmsgops', 'rest_client']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');

type Line = Readonly<Record<string, unknown>>;

const jsonOf = (text: string): readonly Line[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

describe('lines about a call', () => {
  it('have its Call-ID, method, route and place, and the outcome of REST requests', async () => {
    const service = closeLater(
      await startService((request, response) =>
        request.target === '/hangs' ? undefined : respond(response, 200, 'fine'),
      ),
    );
    const { run, start } = place();
    const program = await start(
      `${modules}modparam("rest_client", "curl_timeout", 1)
route { xlog("hello\\n"); route(CREDIT); send_reply(200, "OK"); }
route[CREDIT] {
  rest_get("${service.origin}/hangs", $var(body));
}\n`,
      '--log-format',
      'json',
    );
    const call = ['OPTIONS', `sip:bob@127.0.0.1:${program.port}`, '--from', 'sip:alice@home.example'];
    expect((await run('send', ...call, '-H', 'Call-ID: Zoë-1')).code).toBe(0);
    await program.prints('"rc":');
    const lines = jsonOf(program.stderr);
    expect(lines).toContainEqual(
      expect.objectContaining({
        origin: 'script',
        msg: 'hello',
        call_id: 'Zoë-1',
        method: 'OPTIONS',
        route: 'route',
        place: `${program.file}:7`,
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        call_id: 'Zoë-1',
        method: 'OPTIONS',
        route: 'route[CREDIT]',
        place: `${program.file}:9`,
        rc: -3,
        ms: expect.any(Number),
        peer: service.origin.replace('http://', ''),
      }),
    );
  });

  it('have the same of a handler in TypeScript, with the place where it logs', async () => {
    const service = closeLater(await startService(() => undefined));
    const port = await freePort();
    const file = join(temporaryFolder('policy'), 'policy.ts');
    writeFileSync(
      file,
      `import { defineServer } from 'siprest';
export default defineServer({
  sockets: ['udp:127.0.0.1:${port}'],
  rest: { timeout: 300 },
  async onOptions(call): Promise<void> {
    call.log.notice('hello');
    await call.rest.get('${service.origin}/hangs?secret=1');
    call.log.error('no answer');
    call.reply(200, 'OK');
    call.reply(200, 'OK');
  },
});
`,
    );
    const { env, run, folder } = place();
    const program = closeLater(launchSiprest(['run', '--log-format', 'json', file], env));
    await program.prints('listening');
    const call = ['OPTIONS', `sip:bob@127.0.0.1:${port}`, '--from', 'sip:alice@home.example'];
    expect((await run('send', ...call, '-H', 'Call-ID: Zoë-1')).code).toBe(0);
    await program.prints('not sent');
    const about = { origin: 'server', call_id: 'Zoë-1', method: 'OPTIONS', route: 'onOptions' };
    const lines = jsonOf(program.stderr).filter(({ call_id }) => call_id !== undefined);
    expect(lines).toEqual([
      expect.objectContaining({ ...about, msg: 'hello, Call-ID Zoë-1', place: `${file}:6` }),
      expect.objectContaining({
        ...about,
        level: 'error',
        msg: expect.stringMatching(/^onOptions\(\): GET http:\S+\/hangs: -3, .*, Call-ID Zoë-1$/),
        rc: -3,
        status: 0,
        ms: expect.any(Number),
        peer: service.origin.replace('http://', ''),
      }),
      expect.objectContaining({ ...about, msg: 'no answer, Call-ID Zoë-1', place: `${file}:8` }),
      expect.objectContaining({ ...about, level: 'warn' }),
    ]);
    const admin = (command: string, params: Readonly<Record<string, unknown>>) =>
      askServer(program.pid, command, folder, undefined, params);
    await admin('log_level', { level: -3 });
    await admin('siprest:log_calls', { user: 'alice', level: 2 });
    await run('send', ...call, '-H', 'Call-ID: shown');
    await program.prints('"call_id":"shown"');
    await run('send', 'OPTIONS', `sip:bob@127.0.0.1:${port}`, '-H', 'Call-ID: hidden');
    expect(program.stderr).not.toContain('hidden');
  });

  it('follow the script at level 4, for all calls or for some', async () => {
    const { run, start, folder } = place();
    const program = await start(
      `${modules}xlog_level=2
route { if ($rU == "bob") { $var(x) = 1; } xlog("L_DBG", "debugging $rU\\n"); send_reply(200, "OK"); }\n`,
      '--processes',
      '2',
    );
    const admin = (command: string, params: Readonly<Record<string, unknown>> = {}) =>
      askServer(program.pid, command, folder, undefined, params);
    const send = async (from: string, callId: string) =>
      run(
        'send',
        'OPTIONS',
        `sip:bob@127.0.0.1:${program.port}`,
        ...['--from', `sip:${from}@home.example`, '-H', `Call-ID: ${callId}`],
      );
    await send('alice', 'silent-1');
    expect(await admin('siprest:log_calls', { user: 'alice@home.example', level: 4 })).toBe('OK');
    expect(await admin('siprest:log_calls', { callid: 'traced-1', level: '4' })).toBe('OK');
    expect(await admin('siprest:log_calls')).toEqual({
      Calls: [
        { callId: null, user: 'alice@home.example', level: 4 },
        { callId: 'traced-1', user: null, level: 4 },
      ],
    });
    await send('alice', 'alice-1');
    await send('carol', 'traced-1');
    await send('carol', 'silent-2');
    await program.prints(/debugging bob[^]*debugging bob/);
    expect(program.stderr).not.toContain('silent-');
    for (const callId of ['alice-1', 'traced-1']) {
      const about = program.stderr.split('\n').filter((line) => line.endsWith(`Call-ID ${callId}`));
      expect(about.map((line) => line.replace(/.*siprest\.cfg:\d+: |.*DBG: |, .*/g, ''))).toEqual([
        `received OPTIONS sip:bob@127.0.0.1:${program.port}`,
        expect.stringMatching(/^route begins on worker \d+$/),
        'if',
        'assign $var',
        'xlog()',
        'send_reply()',
        'replies 200 OK',
      ]);
    }
    await admin('siprest:log_calls', { user: 'alice@home.example' });
    await admin('siprest:log_calls', { callid: 'traced-1' });
    expect(await admin('log_level', { level: 4 })).toMatchObject({ 'New global log level': 4 });
    expect(await admin('log_level')).toMatchObject({
      Processes: [
        { 'Log level': 4, Type: 'SIP process 0' },
        { 'Log level': 4, Type: 'SIP process 1' },
      ],
    });
    await send('carol', 'loud-1');
    await program.prints('replies 200 OK, OPTIONS, Call-ID loud-1');
    await admin('reload_routes');
    await send('carol', 'loud-2');
    await program.prints('replies 200 OK, OPTIONS, Call-ID loud-2');
    await admin('log_level', { level: 2 });
    await send('carol', 'silent-3');
    expect(program.stderr).not.toContain('silent-');
    await expect(admin('siprest:log_calls', { level: 4 })).rejects.toThrow('name a callid or a user');
  });
});

it('a process that is started again has the levels that were set', async () => {
  const { run, start, folder } = place();
  const program = await start(`${modules}route { send_reply(200, "OK"); }\n`, '--processes', '2');
  const admin = (command: string, params: Readonly<Record<string, unknown>> = {}) =>
    askServer(program.pid, command, folder, undefined, params);
  const processes = async () =>
    ((await admin('log_level')) as { Processes: { PID: number; 'Log level': number }[] }).Processes;
  const before = await processes();
  await admin('log_level', { level: 4, pid: before[0]?.PID });
  expect((await processes()).map((one) => one['Log level'])).toEqual([4, 2]);
  await admin('siprest:log_calls', { callid: 'watched', level: 4 });
  await admin('log_level', { level: 3 });
  for (const { PID } of before) process.kill(PID, 'SIGKILL');
  await program.prints(/runs again[^]*runs again/);
  const after = await processes();
  expect(after.map((one) => one['Log level'])).toEqual([3, 3]);
  expect(after.some(({ PID }) => before.some((one) => one.PID === PID))).toBe(false);
  expect(await admin('siprest:log_calls')).toEqual({ Calls: [{ callId: 'watched', user: null, level: 4 }] });
  await run('send', 'OPTIONS', `sip:bob@127.0.0.1:${program.port}`, '-H', 'Call-ID: watched');
  await program.prints('replies 200 OK, OPTIONS, Call-ID watched');
});

describe('script_trace()', () => {
  it('logs each statement with its line, a tag and variables', async () => {
    const { run, start } = place();
    const program = await start(
      `${modules}route {
  script_trace(1, "$rm from $fU, x=$var(x)", "me");
  $var(x) = 1;
  if ($var(x) == 1) {
    route(ANSWER);
  }
  script_trace();
  $var(x) = 2;
}
route[ANSWER] {
  send_reply(200, "OK");
}\n`,
    );
    await run('send', 'OPTIONS', `sip:bob@127.0.0.1:${program.port}`, '--from', 'sip:alice@home.example');
    await program.prints('script_trace()]');
    const traced = program.stderr.split('\n').filter((line) => line.includes('[me]'));
    expect(traced.map((line) => line.replace(/^.*WARNING: /, ''))).toEqual([
      '[line 8][me][assign $var] -> (OPTIONS from alice, x=)',
      '[line 9][me][if] -> (OPTIONS from alice, x=1)',
      '[line 10][me][route()] -> (OPTIONS from alice, x=1)',
      '[line 16][me][send_reply()] -> (OPTIONS from alice, x=1)',
      '[line 12][me][script_trace()] -> (OPTIONS from alice, x=1)',
    ]);
  });
});
