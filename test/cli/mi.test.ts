/** Administration of a running server: siprest mi, and what opensips-cli sends. */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { startPeer } from '../support/admin-peer.ts';
import { cliRequest, overDatagram, overFifo } from '../support/opensips-cli.ts';
import { place } from '../support/place.ts';
import { freePort } from '../support/ports.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['signaling', 'sl', 'tm', 'sipmsgops', 'cachedb_local', 'statistics']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');
const answers = `${modules}
modparam("statistics", "variable", "seen")
event_route[E_TEST] { cache_store("local", "raised", "$param(who)"); }
route { update_stat("seen", 1); cache_store("local", "method", "$rm"); send_reply(200, "OK"); }\n`;

describe.each([1, 2])('siprest mi, with %i process(es)', (processes) => {
  it('runs the commands of the core and of modules, over all processes', async () => {
    const { run, start, folder } = place();
    const program = await start(answers, '--processes', String(processes));
    const mi = (command: string, ...args: readonly string[]) => {
      const [first] = args;
      const named = Object.fromEntries(args.map((arg) => arg.split('=')) as [string, string][]);
      const params = first?.includes('=') && command !== 'raise_event' ? named : args;
      return askServer(program.pid, command, folder, undefined, params).catch(
        (error: Error) => error.message,
      );
    };
    const printed = await run('mi', 'get_statistics', 'statistics=rcv_requests', 'statistics=rcv_replies');
    expect(JSON.parse(printed.printed)).toEqual({ 'core:rcv_requests': 0, 'core:rcv_replies': 0 });
    expect(await run('mi', 'halt')).toEqual({
      code: 1,
      printed: 'siprest: halt: Method not found: no command halt; which lists them\n',
    });
    const sent = await Promise.all(
      [1, 2, 3].map(() => run('send', 'OPTIONS', `sip:a@127.0.0.1:${program.port}`)),
    );
    expect(sent.map(({ code }) => code)).toEqual([0, 0, 0]);
    const { Processes } = (await mi('ps')) as { Processes: { PID: number; Type: string }[] };
    expect(Processes.map(({ Type }) => Type)).toEqual(
      processes === 1 ? ['SIP process 0'] : ['supervisor', 'SIP process 0', 'SIP process 1'],
    );
    expect(Processes[0]?.PID).toBe(program.pid);
    expect(await mi('uptime')).toMatchObject({ 'Up time': expect.stringMatching(/^\d+ \[sec\]$/) });
    expect(await mi('version')).toMatchObject({ Server: expect.stringContaining('siprest (0.') });
    expect(await mi('get_statistics', 'rcv_requests', 'dynamic:')).toEqual({
      'core:rcv_requests': 3,
      'dynamic:seen': 3,
    });
    expect(await mi('reset_statistics', 'rcv_requests', 'seen')).toBe('OK');
    expect(await mi('statistics:get', 'rcv_requests', 'seen')).toEqual({
      'core:rcv_requests': 0,
      'dynamic:seen': 0,
    });
    await run('send', 'OPTIONS', `sip:a@127.0.0.1:${program.port}`);
    expect(await mi('statistics:get', 'seen')).toEqual({ 'dynamic:seen': 1 });
    expect(await mi('reset_all_statistics')).toBe('OK');
    expect(await mi('statistics:get', 'rcv_requests', 'seen')).toEqual({
      'core:rcv_requests': 0,
      'dynamic:seen': 0,
    });
    expect(await mi('cachedb_local:fetch', 'method')).toEqual({ key: 'method', value: 'OPTIONS' });
    expect(await mi('cache_store', 'local', 'k', 'v', '60')).toBe('OK');
    expect(await mi('cache_fetch', 'system=local', 'attr=k')).toEqual({ key: 'k', value: 'v' });
    expect(await mi('cache_remove', 'local', 'k')).toBe('OK');
    expect(await mi('cache_fetch', 'local', 'k')).toBe('no value for the key "k"');
    expect(await mi('raise_event', 'E_TEST', 'who=bob')).toBe('OK');
    await expect.poll(() => mi('cache_fetch', 'local', 'raised')).toMatchObject({ value: 'bob' });
    expect(await mi('which')).toContain('t_uac_dlg');
    expect(await mi('which', 'cache_fetch')).toEqual([['system', 'attr']]);
    expect(await mi('help', 'tm:uac_dlg')).toMatchObject({ Names: ['tm:uac_dlg', 't_uac_dlg'] });
    expect(await mi('reload_routes')).toContain('was reloaded');
    writeFileSync(program.file, 'route {');
    expect(await mi('reload_routes')).toContain('keeping the running script');
    expect(await mi('get_statistics')).toContain('missing parameter statistics');
    expect(await mi('get_statistics', 'nothing:')).toContain('no statistic or group "nothing:"');
  });

  it('lists TCP connections, sends requests, and stops the server', async () => {
    const { run, start } = place();
    const port = await freePort();
    const program = await start(
      `socket=udp:127.0.0.1:PORT\nsocket=tcp:127.0.0.1:${port}\n${answers}`,
      '--processes',
      String(processes),
    );
    await using peer = await startPeer(port);
    const connections = async () =>
      (JSON.parse((await run('mi', 'list_tcp_conns')).printed) as { Connections: object[] }).Connections;
    await expect
      .poll(connections)
      .toMatchObject([
        { Type: 'tcp', Source: peer.tcp, Destination: `127.0.0.1:${port}`, 'Opened by': 'peer' },
      ]);
    const request = [
      't_uac_dlg',
      'method=MESSAGE',
      `ruri=sip:bob@${peer.udp}`,
      'headers=From: <sip:a@home>\\r\\nTo: <sip:bob@home>\\r\\nContent-Type: text/plain\\r\\nX-Name: Zoë\\r\\n',
      'body=hello',
    ];
    const sent = JSON.parse((await run('mi', ...request)).printed) as { Status: string; Message: string };
    expect(sent.Status).toBe('202 Accepted');
    expect(sent.Message).toContain('SIP/2.0 202 Accepted\r\n');
    expect(peer.received[0]).toMatch(
      /^MESSAGE sip:bob@[^]*From: <sip:a@home>;tag=[^]*X-Name: Zoë\r\n[^]*\r\n\r\nhello$/,
    );
    const refused = await run(
      'mi',
      't_uac_dlg',
      'INVITE',
      `sip:${peer.udp}`,
      'From: <sip:a@b>\nTo: <sip:a@b>\n',
    );
    expect(refused).toEqual({
      code: 1,
      printed: 'siprest: t_uac_dlg: INVITE belongs to a call, which siprest cannot make\n',
    });
    expect(await run('mi', 'kill')).toEqual({ code: 0, printed: '"OK"\n' });
    await program.ended;
    expect(program.stderr).toContain('siprest stops: the command kill');
  });
});

describe('what opensips-cli sends', () => {
  it('is answered over a FIFO', async () => {
    const folder = temporaryFolder('fifo');
    const [fifo, replies] = [join(folder, 'opensips_fifo'), join(folder, 'replies')];
    mkdirSync(replies);
    const { start } = place();
    const program = await start(
      `${answers}loadmodule "mi_fifo.so"\nmodparam("mi_fifo", "fifo_name", "${fifo}")\nmodparam("mi_fifo", "fifo_mode", 0600)\nmodparam("mi_fifo", "reply_dir", "${replies}")\n`,
    );
    const ask = (method: string, params?: unknown) => overFifo(fifo, replies, method, params);
    expect(statSync(fifo).mode & 0o777).toBe(0o600);
    expect(await ask('which')).toMatchObject({ result: expect.arrayContaining(['ps', 'uptime', 'which']) });
    expect(await ask('which', { command: 'help' })).toMatchObject({ result: [['mi_cmd']] });
    expect(await ask('get_statistics', [['core:', 'tm:']])).toMatchObject({
      result: { 'core:rcv_requests': 0, 'tm:UAS_transactions': 0 },
    });
    expect(await ask('get_statistics', { statistics: ['shmem:'] })).toMatchObject({ id: expect.any(String) });
    expect(await ask('nothing', [])).toMatchObject({ error: { code: -32_601 } });
    writeFileSync(fifo, 'garbage\n');
    writeFileSync(fifo, `:../../escape:${cliRequest('ps')}`);
    writeFileSync(fifo, `::${cliRequest('ps')}`);
    await program.prints('mi_fifo: the reply FIFO must be a name');
    await program.prints('mi_fifo: expected ":reply_fifo:JSON"');
    // a client that never reads its answer harms no other
    writeFileSync(fifo, `:nobody:${cliRequest('ps')}`);
    expect(await Promise.all([ask('ps'), ask('ps'), ask('ps')])).toMatchObject([
      { result: {} },
      { result: {} },
      { result: {} },
    ]);
    rmSync(fifo);
    await expect.poll(() => existsSync(fifo), { timeout: 10_000 }).toBe(true);
    expect(await ask('ps')).toMatchObject({ result: {} });
    await program.stop();
    expect(existsSync(fifo)).toBe(false);
  });

  it('is answered over datagrams', async () => {
    const port = await freePort();
    const { start } = place();
    await start(
      `${answers}loadmodule "mi_datagram.so"\nmodparam("mi_datagram", "socket_name", "udp:127.0.0.1:${port}")\n`,
    );
    expect(await overDatagram(port, 'ps')).toMatchObject({ result: { Processes: [{ ID: 0 }] } });
    expect(await overDatagram(port, 'log', 'x')).toMatchObject({ error: { code: -32_600 } });
  });

  it('is answered over HTTP, on other addresses with a token', async () => {
    const folder = temporaryFolder('http');
    const token = join(folder, 'token');
    writeFileSync(token, 'a-secret-of-the-test\n');
    const mi = `${answers}loadmodule "mi_http.so"\n`;
    const { start } = place();
    const [open, guarded] = [await freePort(), await freePort()];
    await start(mi, '--http', `127.0.0.1:${open}`);
    await start(`${mi}modparam("mi_http", "token_file", "${token}")\n`, '--http', `127.0.0.1:${guarded}`);
    const post = async (port: number, body: string, authorization?: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/mi`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(authorization && { authorization }) },
        body,
      });
      const text = await response.text();
      return { status: response.status, answer: response.status === 200 ? JSON.parse(text) : text };
    };
    expect(await post(open, cliRequest('ps'))).toMatchObject({ status: 200, answer: { result: {} } });
    expect(await post(open, 'x'.repeat(70_000))).toMatchObject({ status: 413 });
    expect(await post(open, '{')).toMatchObject({ answer: { error: { code: -32_700 } } });
    expect(await post(guarded, cliRequest('ps'))).toMatchObject({ status: 401 });
    expect(await post(guarded, cliRequest('ps'), 'Bearer another')).toMatchObject({ status: 401 });
    expect(await post(guarded, cliRequest('ps'), 'Bearer a-secret-of-the-test')).toMatchObject({
      answer: { result: {} },
    });
  });
});
