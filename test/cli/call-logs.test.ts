/** What log lines say about a call, and how their levels are changed while the server runs. */
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { respond, startService } from '../support/service.ts';

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
