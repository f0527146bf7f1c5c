import { chmodSync, existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerJsonRpc } from '../../src/observe/index.ts';
import { CommandError } from '../../src/runtime/index.ts';
import { Control } from '../../src/workers/control.ts';
import { askServer, ControlError, controlledServers } from '../../src/workers/control-client.ts';
import { closeLater } from '../support/close-later.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function listen(directory: string) {
  return closeLater(
    await Control.listen(
      (text) =>
        answerJsonRpc(text, async (method, params) => {
          if (method === 'fail') throw new CommandError(500, 'it has errors');
          return { method, params };
        }),
      { directory },
    ),
  );
}

describe('the control socket', () => {
  it('answers a request, reports errors, and is found by the process id', async () => {
    const directory = join(temporaryFolder('control'), 'own');
    const control = await listen(directory);
    const [found] = await controlledServers(directory);
    expect(found).toMatchObject({
      pid: process.pid,
      name: null,
      path: join(directory, `${process.pid}.sock`),
    });
    expect(await askServer(process.pid, 'ps', directory)).toEqual({ method: 'ps', params: [] });
    await expect(askServer(process.pid, 'fail', directory)).rejects.toThrow(
      new ControlError('it has errors', true),
    );
    control.close();
    expect(existsSync(join(directory, `${process.pid}.sock`))).toBe(false);
    await expect(askServer(process.pid, 'ps', directory)).rejects.toThrow(/no siprest of this user answers/);
  });

  it.each([
    ['a word', 'halt\n', { code: -32_700, message: 'Parse error', data: 'not JSON' }],
    [
      'a line that is too long',
      'x'.repeat(100_000),
      { code: -32_600, message: 'Invalid Request', data: 'longer than 65536 bytes' },
    ],
    ['bytes', '\0\xff\n', { code: -32_700, message: 'Parse error', data: 'not JSON' }],
  ])('refuses %s', async (_, question, error) => {
    const directory = join(temporaryFolder('control'), 'own');
    await listen(directory);
    const socket = connect(join(directory, `${process.pid}.sock`));
    socket.end(question, 'latin1');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(JSON.parse(answer)).toEqual({ jsonrpc: '2.0', error, id: null });
  });

  it('is not created in a folder open to others', async () => {
    const directory = temporaryFolder('control');
    chmodSync(directory, 0o755);
    await expect(listen(directory)).rejects.toThrow(/is accessible to other users/);
  });
});
