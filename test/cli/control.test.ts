/** How a running server is found, asked and followed by the next one. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { launchSiprest, type RunningSiprest, startSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { type PeerMessage, SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['signaling', 'sl', 'tm', 'rr', 'sipmsgops', 'rest_client']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');
const answers = `${modules}route { send_reply(200, "OK"); }\n`;

/** A place of its own, so that no other server is found. */
function place() {
  const env = { XDG_RUNTIME_DIR: temporaryFolder('runtime'), TMPDIR: temporaryFolder('tmp') };
  const run = async (...args: string[]) => {
    const command = launchSiprest(args, env);
    const code = await command.ended;
    return { code, printed: command.stdout + command.stderr };
  };
  const start = async (script: string, ...args: string[]): Promise<RunningSiprest> =>
    closeLater(await startSiprest(script, { args, env }));
  return { env, run, start, folder: join(env.XDG_RUNTIME_DIR, 'siprest') };
}

describe('a server that is stopped (SIGSTOP)', () => {
  it.each(['status', 'reload'])('%s gives up with a line and 1', async (command) => {
    const { run, start } = place();
    const program = await start(answers);
    process.kill(program.pid, 'SIGSTOP');
    const asked = await run(command, '--pid', String(program.pid));
    process.kill(program.pid, 'SIGCONT');
    expect(asked).toEqual({
      code: 1,
      printed: `siprest: process ${program.pid} has not answered for 5 s: it is stopped, or very busy\n`,
    });
  });

  it('a command that waits for it ends at SIGTERM', async () => {
    const { env, start } = place();
    const program = await start(answers);
    process.kill(program.pid, 'SIGSTOP');
    const command = launchSiprest(['status'], env);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await command.stop('SIGTERM');
    process.kill(program.pid, 'SIGCONT');
    expect(command.stderr).toBe('');
  });

  it('a reload that takes long is waited for, since the server says that it is alive', async () => {
    const { run, start } = place();
    const service = closeLater(
      await startService((_, response) => setTimeout(respond, 6000, response, 200, 'late')),
    );
    const program = await start(answers);
    writeFileSync(
      program.file,
      `socket=udp:127.0.0.1:${program.port}\n${modules}startup_route { rest_get("${service.origin}/", $var(x)); }\nroute { send_reply(200, "$var(x)"); }\n`,
    );
    expect(await run('reload')).toEqual({ code: 0, printed: `${program.file} is loaded again\n` });
  });
});

describe('sockets of servers', () => {
  it('that kill -9 has left are known and removed', async () => {
    const { run, start, folder } = place();
    const dead = await start(answers);
    await dead.stop('SIGKILL');
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await run('status')).toMatchObject({
      code: 1,
      printed: 'siprest: no siprest of this user runs here\n',
    });
    expect(readdirSync(folder)).toHaveLength(0);
    const again = await start(answers);
    await again.stop('SIGKILL');
    const program = await start(answers);
    const { code, printed } = await run('status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ processes: [{ pid: program.pid }] });
  });

  it('are told apart by names', async () => {
    const { run, start } = place();
    const [edge, core] = [await start(answers, '--name', 'edge'), await start(answers, '--name', 'core')];
    const pidOf = async (name: string) =>
      (
        JSON.parse((await run('status', '--json', '--name', name)).printed) as {
          processes: { pid: number }[];
        }
      ).processes[0]?.pid;
    expect([await pidOf('edge'), await pidOf('core')]).toEqual([edge.pid, core.pid]);
    const several = await run('status');
    expect(several.code).toBe(1);
    expect(several.printed).toContain(`${edge.pid} ("edge")`);
    expect(several.printed).toContain(`${core.pid} ("core")`);
    expect(await run('reload', '--name', 'none')).toEqual({
      code: 1,
      printed: 'siprest: no siprest of the name "none" runs here\n',
    });
    expect((await run('status', '--name', '../x')).printed).toContain('letters, digits');
  });

  it('may be at a path, which a running server keeps and a dead one gives up', async () => {
    const { run, start } = place();
    const path = join(temporaryFolder('path'), 'siprest.sock');
    const first = await start(answers, '--socket', path);
    expect(await run('reload', '--socket', path)).toMatchObject({ code: 0 });
    const second = await start(answers, '--socket', path);
    await second.prints(`${path} is the socket of process ${first.pid}, which runs`);
    await second.stop();
    expect((await run('status', '--socket', path)).code).toBe(0);
    await first.stop('SIGKILL');
    expect(existsSync(path)).toBe(true);
    const third = await start(answers, '--socket', path);
    expect((await run('status', '--socket', path)).code).toBe(0);
    await third.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('of a service are found in the folder of the service', async () => {
    // root alone may make such a folder
    if (process.getuid?.() !== 0) return;
    const { run } = place();
    const service = `/run/siprest-test-${process.pid}`;
    mkdirSync(service);
    try {
      const program = closeLater(await startSiprest(answers, { env: { XDG_RUNTIME_DIR: service } }));
      expect((await run('status', '--pid', String(program.pid))).code).toBe(0);
      await program.stop();
    } finally {
      rmSync(service, { recursive: true });
    }
  });
});

const relays = (callee: number) => `${modules}route {
  if (has_totag()) {
    loose_route();
    t_relay();
    exit;
  }
  if (is_method("OPTIONS")) {
    send_reply(200, "OK");
    exit;
  }
  if (is_method("INVITE")) record_route();
  $du = "sip:127.0.0.1:${callee}";
  t_relay();
}
`;

describe('a port that is in use', { timeout: 60_000 }, () => {
  it('ends with a line that names the process, and what is left there', async () => {
    const { run, start, env } = place();
    const callee = await SipPeer.open();
    const program = await start(relays(callee.port), '--name', 'edge', '--grace', '20');
    const inUse = `siprest: cannot listen on udp:127.0.0.1:${program.port}: another program uses this port: siprest "edge", process ${program.pid}, which`;
    expect(await run('run', program.file)).toEqual({ code: 1, printed: `${inUse} runs\n` });
    const caller = await SipPeer.open();
    const invite = caller.request(program.port, 'sip:bob@biloxi.example');
    const asked = await callee.next('INVITE');
    process.kill(program.pid, 'SIGTERM');
    const refused = await run('run', '--wait-for-port', '1', program.file);
    expect(refused.code).toBe(1);
    expect(refused.printed).toContain(`udp:127.0.0.1:${program.port} is in use: it is waited for, up to 1 s`);
    expect(refused.printed).toMatch(
      new RegExp(`${inUse} stops: [12] calls? (?:is|are) left, and 1\\d s for them`),
    );
    const waiting = launchSiprest(['run', '--processes', '2', '--wait-for-port', '20', program.file], env);
    await waiting.prints('it is waited for');
    expect(await waiting.stop()).toBe(0);
    callee.reply(asked, 486);
    caller.acknowledge(program.port, invite, await caller.next(486));
    expect(await program.ended).toBe(0);
  });

  it('names another program too', async () => {
    const { run } = place();
    const other = await SipPeer.open();
    const file = join(temporaryFolder('taken'), 'siprest.cfg');
    writeFileSync(file, `socket=udp:127.0.0.1:${other.port}\n${answers}`);
    const { code, printed } = await run('run', file);
    expect(code).toBe(1);
    expect(printed).toContain(`another program uses this port: process ${process.pid} (`);
  });
});

/** A request within the call that was answered so. */
function within(caller: SipPeer, port: number, method: 'ACK' | 'BYE', answer: PeerMessage): void {
  const [, contact = ''] = /<(.*)>/.exec(answer.header('contact') ?? '') ?? [];
  caller.request(port, contact, {
    method,
    callId: answer.header('call-id') ?? '',
    cseq: method === 'ACK' ? 1 : 2,
    to: answer.header('to') ?? '',
    headers: answer.all('record-route').map((route) => `Route: ${route}`),
  });
}

describe('an upgrade', { timeout: 60_000 }, () => {
  it.each([1, 2])(
    'loses no call: one that rings, one that talks, a new one (%s processes)',
    async (processes) => {
      const { start, env } = place();
      const callee = await SipPeer.open();
      const args = ['--processes', String(processes), '--name', 'edge', '--wait-for-port', '20'];
      const old = await start(relays(callee.port), ...args);
      const { port } = old;
      const caller = await SipPeer.open();
      // one that talks
      caller.request(port, 'sip:bob@biloxi.example', { callId: 'talking' });
      callee.reply(await callee.next('INVITE'), 200);
      const talking = await caller.next(200);
      within(caller, port, 'ACK', talking);
      await callee.next('ACK');
      // one that rings
      caller.request(port, 'sip:bob@biloxi.example', { callId: 'ringing' });
      const asked = await callee.next('INVITE');
      callee.reply(asked, 180);
      await caller.next(180);
      const next = closeLater(launchSiprest(['run', ...args, old.file], env));
      await next.prints('it is waited for');
      process.kill(old.pid, 'SIGTERM');
      // a new one is told to come again, and does
      for (let nth = 0, status = 200; status === 200; nth++)
        status = (await sendSip({ method: 'OPTIONS', callId: `look-${nth}` }, { port }))[0]?.status ?? 0;
      const [refused] = await sendSip({ method: 'INVITE', callId: 'new' }, { port });
      expect(refused?.status).toBe(503);
      callee.reply(asked, 200);
      const answered = await caller.next(200);
      within(caller, port, 'ACK', answered);
      await callee.next('ACK');
      expect(await old.ended).toBe(0);
      await next.prints('listening on');
      for (const call of [talking, answered]) {
        within(caller, port, 'BYE', call);
        callee.reply(await callee.next('BYE'), 200);
        await caller.next(200);
      }
      caller.request(port, 'sip:bob@biloxi.example', { callId: 'later' });
      callee.reply(await callee.next('INVITE'), 486);
      expect((await caller.next(486)).status).toBe(486);
    },
  );
});
