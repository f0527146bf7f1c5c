/** Policies in TypeScript and JavaScript on the built program: run, checked, reloaded, and refused. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runBuilt } from '../support/built-command.ts';
import type { Launched } from '../support/launch.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder('policy');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const check = (file: string, ...args: readonly string[]) => runBuilt(['check', ...args, file]);

let running: Launched | null = null;
afterEach(async () => {
  await running?.stop('SIGKILL');
  running = null;
});

const policy = (port: number) => `import { defineServer, type Call } from 'siprest';
import { answer } from './lib/answer.ts';
interface Kept { readonly reason: string }
export default defineServer({
  sockets: ['udp:127.0.0.1:${port}'],
  onOptions(call: Call) {
    const kept: Kept = { reason: answer() };
    return call.reply(480, kept.reason);
  },
});
`;
const answering = (reason: string) => `export const answer = (): string => '${reason}';\n`;

describe.each([1, 2])('siprest run policy.ts with %d processes', (processes) => {
  it('serves it, and loads its local files again at a reload', async () => {
    const port = await freePort();
    const folder = folderWith({ 'policy.ts': policy(port), 'lib/answer.ts': answering('First') });
    const [file, library] = [join(folder, 'policy.ts'), join(folder, 'lib/answer.ts')];
    const env = { XDG_RUNTIME_DIR: folder };
    running = launchSiprest(['run', '--processes', String(processes), file], env);
    await running.prints(/listening/);
    const reload = async () => {
      const { code, stdout, stderr } = await runBuilt(['reload'], { env });
      return { code, said: stdout + stderr };
    };
    const answer = async () => (await sendSip({ method: 'OPTIONS' }, { port }))[0]?.reason;
    expect(await answer()).toBe('First');
    writeFileSync(library, answering('Second'));
    expect(await reload()).toMatchObject({ code: 0 });
    expect(await answer()).toBe('Second');
    for (const [text, said] of [
      ['export const answer = ', 'expression expected'],
      ['export enum Answer { A }', 'this TypeScript syntax cannot run as it is: enum'],
      ['export const answer = undefined as never; throw new Error("not today");', 'throws Error: not today'],
      ['export const answers = 1;', 'does not export answer'],
      ['export const answer = 1; process.exit(3);', 'the top level exits with 3'],
    ] as const) {
      writeFileSync(library, text);
      const refused = await reload();
      expect(refused.code).toBe(1);
      expect(refused.said).toContain(said);
      expect(await answer()).toBe('Second');
    }
    writeFileSync(library, answering('Third'));
    expect(await reload()).toMatchObject({ code: 0 });
    expect(await answer()).toBe('Third');
  });
});

describe('siprest check', () => {
  it('finds the errors in the files of a policy, in all formats', async () => {
    const folder = folderWith({
      'good.js': `import { defineServer } from 'siprest'; export default defineServer({ onInvite: (call) => call.reply(403) });`,
      'late.ts': `import { defineServer } from 'siprest';\nexport default defineServer({ onInvte() {} } as object);\n`,
      'none.mjs': 'export const policy = 1;\n',
      'waits.ts': 'export default 1;\nawait new Promise(() => {});\n',
    });
    expect(await check(join(folder, 'good.js'))).toMatchObject({ code: 0 });
    const late = await check(join(folder, 'late.ts'), '--json');
    expect(late.code).toBe(1);
    expect(JSON.parse(late.stdout)).toMatchObject({
      valid: false,
      diagnostics: [{ code: 'top-level', line: 2, severity: 'error' }],
    });
    const none = await check(join(folder, 'none.mjs'), '--format', 'github');
    expect(none.stdout).toContain('title=siprest%3A definition');
    expect(await check(join(folder, 'missing.ts'))).toMatchObject({ code: 1 });
    expect((await check(join(folder, 'waits.ts'))).stdout).toContain(
      'waits for something that never happens',
    );
  });

  it('rejects a policy with another major version of siprest installed, and runs it with the same', async () => {
    const files = (version: string) => ({
      'policy.ts': `import { defineServer } from 'siprest';\nexport default defineServer({});\n`,
      'node_modules/siprest/package.json': JSON.stringify({ name: 'siprest', version, main: 'index.js' }),
      'node_modules/siprest/index.js': 'throw new Error("the other one");',
    });
    const other = await check(join(folderWith(files('7.1.0')), 'policy.ts'));
    expect(other.code).toBe(1);
    expect(other.stdout).toContain(
      'error[version-conflict]: siprest 0.1.0 runs this file, but siprest 7.1.0',
    );
    expect(await check(join(folderWith(files('0.1.9')), 'policy.ts'))).toMatchObject({ code: 0 });
  });
});
