/** Scripts with modules in TypeScript, wherever scripts are loaded: by tests, and by policies. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Launched, launch } from '../support/launch.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const greeter = (greeting: string) => `import { defineModule } from 'siprest';
import { polite } from './lib/polite.ts';
let greeted: number = 0;
export default defineModule({
  name: 'greeter',
  summary: 'Greets callers.',
  functions: [{
    name: 'greet',
    arguments: [{ name: 'result', type: 'variable', summary: 'Gets the greeting.' }],
    summary: 'Greets.',
    run: (run, result) => (result.set(run, polite('${greeting}') + ' ' + ++greeted) ? 1 : -1),
  }],
});
`;

const script = (socket: string) => `
socket = ${socket}
loadmodule "proto_udp.so"
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "lib/../greeter.ts"
route {
  greet($var(greeting));
  send_reply(200, "$var(greeting)");
}
`;

const policy = (socket: string) => `import { defineServer } from 'siprest';
export default defineServer({
  sockets: ['${socket}'],
  script: new URL('./opensips.cfg', import.meta.url),
  onInvite: (call) => call.reply(486),
});
`;

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder('script-modules');
  mkdirSync(join(folder, 'lib'));
  const all = {
    'lib/polite.ts': 'export const polite = (text: string): string => `${text}!`;\n',
    'greeter.ts': greeter('Hello'),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  return folder;
}

/** The program, in a folder. */
async function siprest(folder: string, ...args: readonly string[]) {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const program = launch(process.execPath, [main, ...args], { cwd: folder });
  return { code: await program.ended, said: program.stdout + program.stderr };
}

let running: Launched | null = null;
afterEach(async () => {
  await running?.stop('SIGKILL');
  running = null;
});

describe('siprest test', () => {
  it('loads the modules of scripts, anew for each simulation', async () => {
    const simulated = 'udp:192.0.2.1:5060';
    const folder = folderWith({
      'opensips.cfg': script(simulated),
      'policy.ts': policy(simulated),
      'some.test.ts': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate, type TestedPolicy } from 'siprest/testing';

const text: string = ${JSON.stringify(script(simulated))};
const all: Record<string, TestedPolicy> = { text: { script: text }, file: 'opensips.cfg', policy: 'policy.ts' };
for (const [name, tested] of Object.entries(all))
  for (const time of ['first', 'second'])
    test(\`\${name}, \${time} time\`, async () => {
      const sim = await simulate(tested);
      const { reason } = await sim.caller('alice').send('OPTIONS', 'sip:bob@home.example').final();
      assert.equal(reason, 'Hello! 1');
      await sim.close();
    });
`,
    });
    const { code, said } = await siprest(folder, 'test', '--coverage');
    expect(said).toContain('pass 6');
    expect(said).toContain('opensips.cfg: 2 of 2 lines, 1 of 1 routes');
    expect(code).toBe(0);
  });

  it('rejects in tests what it rejects in policies', async () => {
    const folder = folderWith({
      'enum.test.ts': 'const before = 1;\nexport enum Colour { Red }\n',
      'entry.test.ts': `import 'siprest/tests';\n`,
      'broken.test.ts': `import { simulate } from 'siprest/testing';
await simulate({ script: 'loadmodule "./broken.ts"\\nroute { exit; }' });
`,
      'broken.ts': 'export const one: number = ;\n',
    });
    const nonErasable = await siprest(folder, 'test', 'enum.test.ts');
    expect(nonErasable.said).toMatch(/enum\.test\.ts:2:8: this TypeScript syntax cannot run as it is: enum/);
    expect(nonErasable.said).toContain('use a union of strings');
    const entry = await siprest(folder, 'test', 'entry.test.ts');
    expect(entry.said).toContain('siprest has no "siprest/tests" (did you mean "siprest/rest"');
    const broken = await siprest(folder, 'test', 'broken.test.ts');
    expect(broken.said).toContain('the module "./broken.ts" has errors');
    expect(broken.said).toContain('broken.ts:1:28');
    for (const { code } of [nonErasable, entry, broken]) expect(code).toBe(1);
  });
});

describe.each([1, 2])('a policy whose script has a module, with %d processes', (processes) => {
  it('is served and reloaded, and refused with the errors of the script and of its module', async () => {
    const port = await freePort();
    const socket = `udp:127.0.0.1:${port}`;
    const folder = folderWith({ 'opensips.cfg': script(socket), 'policy.ts': policy(socket) });
    const file = join(folder, 'policy.ts');
    const env = { XDG_RUNTIME_DIR: folder };
    running = launchSiprest(['run', '--processes', String(processes), file], env);
    await running.prints(/listening/);
    const answer = async (method: string) => (await sendSip({ method }, { port })).at(-1)?.reason;
    const reload = async () => {
      const program = launchSiprest(['reload'], env);
      return { code: await program.ended, said: program.stdout + program.stderr };
    };
    expect(await answer('OPTIONS')).toBe('Hello! 1');
    expect(await answer('INVITE')).toBe('Busy Here');
    writeFileSync(join(folder, 'greeter.ts'), greeter('Good evening'));
    expect(await reload()).toMatchObject({ code: 0 });
    expect(await answer('OPTIONS')).toBe('Good evening! 1');

    writeFileSync(join(folder, 'greeter.ts'), 'throw new Error("not today");\n');
    const refused = await reload();
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('policy.ts:2:1');
    expect(refused.said).toContain('opensips.cfg has errors');
    expect(refused.said).toContain('greeter.ts:1:1');
    expect(refused.said).toContain('the top level throws Error: not today');
    expect(await siprest(folder, 'check', 'policy.ts')).toMatchObject({ code: 1 });
    expect(await answer('OPTIONS')).toMatch(/^Good evening! \d$/);

    writeFileSync(join(folder, 'greeter.ts'), greeter('Hello'));
    writeFileSync(join(folder, 'opensips.cfg'), script(socket).replace('greet(', 'great('));
    const misspelt = await siprest(folder, 'check', 'policy.ts');
    expect(misspelt.code).toBe(1);
    expect(misspelt.said).toMatch(/opensips\.cfg:8:3\n[\s\S]*did you mean greet/);
  });
});
