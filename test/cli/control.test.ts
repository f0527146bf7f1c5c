/** How a running server is found, asked and followed by the next one. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { launchSiprest, startSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['signaling', 'sl', 'tm', 'rr', 'sipmsgops', 'rest_client']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');
const answers = `${modules}route { send_reply(200, "OK"); }\n`;

describe('a suspended server (SIGSTOP)', () => {
  it('status and reload exit 1 with a line', async () => {
    const { run, start } = place();
    const program = await start(answers);
    process.kill(program.pid, 'SIGSTOP');
    const asked = await Promise.all(
      ['status', 'reload'].map((command) => run(command, '--pid', String(program.pid))),
    );
    process.kill(program.pid, 'SIGCONT');
    const printed = `siprest: process ${program.pid} has not answered for 5 s: it is suspended or very busy\n`;
    expect(asked).toEqual([
      { code: 1, printed },
      { code: 1, printed },
    ]);
  });

  it('a command that waits for it ends on SIGTERM', async () => {
    const { env, start } = place();
    const program = await start(answers);
    process.kill(program.pid, 'SIGSTOP');
    const command = launchSiprest(['status'], env);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await command.stop('SIGTERM');
    process.kill(program.pid, 'SIGCONT');
    expect(command.stderr).toBe('');
  });

  it('a command waits for a slow reload, since the server shows that it is alive', async () => {
    const { run, start } = place();
    const service = closeLater(
      await startService((_, response) => setTimeout(respond, 6000, response, 200, 'late')),
    );
    const program = await start(answers);
    writeFileSync(
      program.file,
      `socket=udp:127.0.0.1:${program.port}\n${modules}startup_route { rest_get("${service.origin}/", $var(x)); }\nroute { send_reply(200, "$var(x)"); }\n`,
    );
    expect(await run('reload')).toEqual({ code: 0, printed: `${program.file} was reloaded\n` });
  });
});

describe('sockets of servers', () => {
  it('left by kill -9 are recognized and removed', async () => {
    const { run, start, folder } = place();
    const dead = await start(answers);
    await dead.stop('SIGKILL');
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await run('status')).toMatchObject({
      code: 1,
      printed: 'siprest: no siprest of this user is running\n',
    });
    expect(readdirSync(folder)).toHaveLength(0);
    const again = await start(answers);
    await again.stop('SIGKILL');
    const program = await start(answers);
    const { code, printed } = await run('status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ processes: [{ pid: program.pid }] });
  });

  it('are distinguished by name', async () => {
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
      printed: 'siprest: no siprest named "none" is running\n',
    });
    expect((await run('status', '--name', '../x')).printed).toContain('letters, digits');
  });

  it('may be at a path, which is free again after a server has died', async () => {
    const { run, start } = place();
    const path = join(temporaryFolder('path'), 'siprest.sock');
    const first = await start(answers, '--socket', path);
    expect(await run('reload', '--socket', path)).toMatchObject({ code: 0 });
    const second = await start(answers, '--socket', path);
    await second.prints(`${path} is the socket of the running process ${first.pid}`);
    await second.stop();
    expect((await run('status', '--socket', path)).code).toBe(0);
    await first.stop('SIGKILL');
    expect(existsSync(path)).toBe(true);
    const third = await start(answers, '--socket', path);
    expect((await run('status', '--socket', path)).code).toBe(0);
    await third.stop();
    expect(existsSync(path)).toBe(false);
  });

  it("of a service are found in the service's folder", async () => {
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

it('a port in use by another program: the error names its process', async () => {
  const { run } = place();
  const other = await SipPeer.open();
  const file = join(temporaryFolder('taken'), 'siprest.cfg');
  writeFileSync(file, `socket=udp:127.0.0.1:${other.port}\n${answers}`);
  const { code, printed } = await run('run', file);
  expect(code).toBe(1);
  expect(printed).toContain(`another program uses this port: process ${process.pid} (`);
});
