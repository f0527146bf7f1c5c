import { chmodSync, existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Control } from '../../src/workers/control.ts';
import { askServer, ControlError, controlledServers } from '../../src/workers/control-client.ts';
import { closeLater } from '../support/close-later.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function listen(directory: string) {
  return closeLater(
    await Control.listen(
      {
        status: async () => ({ fine: true }),
        reload: () => Promise.reject(new Error('it has errors')),
        identity: async () => ({
          pid: process.pid,
          name: null,
          state: 'running',
          sockets: [],
          unfinished: 0,
          graceLeft: null,
        }),
      },
      { directory },
    ),
  );
}

describe('the control socket', () => {
  it('answers a question, says what went wrong, and is found by the process id', async () => {
    const directory = join(temporaryFolder('control'), 'own');
    const control = await listen(directory);
    const [found] = await controlledServers(directory);
    expect(found).toMatchObject({
      pid: process.pid,
      name: null,
      path: join(directory, `${process.pid}.sock`),
    });
    expect(await askServer(process.pid, 'status', directory)).toEqual({ fine: true });
    await expect(askServer(process.pid, 'reload', directory)).rejects.toThrow(
      new ControlError('it has errors'),
    );
    control.close();
    expect(existsSync(join(directory, `${process.pid}.sock`))).toBe(false);
    await expect(askServer(process.pid, 'status', directory)).rejects.toThrow(
      /no siprest of this user answers/,
    );
  });

  it.each([
    ['an unknown command', 'halt\n'],
    ['a line without an end', 'x'.repeat(10_000)],
    ['bytes', '\0\xff\n'],
  ])('refuses %s', async (_, question) => {
    const directory = join(temporaryFolder('control'), 'own');
    await listen(directory);
    const socket = connect(join(directory, `${process.pid}.sock`));
    socket.end(question, 'latin1');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(JSON.parse(answer)).toEqual({ error: 'unknown command; use status, reload, identity' });
  });

  it('is not made where others may enter', async () => {
    const directory = temporaryFolder('control');
    chmodSync(directory, 0o755);
    await expect(listen(directory)).rejects.toThrow(/is accessible to other users/);
  });
});
