/** `siprest test` on the examples: its exit code, its reports, and the coverage of the scripts. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

const siprest = async (...args: readonly string[]) => {
  try {
    return { code: 0, ...(await run(process.execPath, ['dist/cli/main.js', 'test', ...args])) };
  } catch (error) {
    return error as { readonly code: number; readonly stdout: string; readonly stderr: string };
  }
};

describe('siprest test', () => {
  it('runs the tests of a folder, and reports their coverage', async () => {
    const folder = temporaryFolder('test');
    const [junit, lcov] = [join(folder, 'junit.xml'), join(folder, 'lcov.info')];
    const { code, stdout } = await siprest(
      'examples/testing',
      '--coverage',
      '--junit',
      junit,
      '--lcov',
      lcov,
    );
    expect(stdout).toMatch(/tests 20\n/);
    expect(code).toBe(0);
    expect(stdout).toContain('examples/credit/opensips.cfg: 16 of 17 lines, 2 of 2 routes');
    expect(stdout).toMatch(
      /routing\/opensips\.cfg: 33 of 45 lines, 3 of 3 routes\n {2}never reached:\n {4}lines 32-33, /,
    );
    expect(readFileSync(junit, 'utf8')).toContain('a busy place is followed by the next one');
    const report = readFileSync(lcov, 'utf8');
    expect(report).toMatch(/SF:.*examples\/credit\/opensips\.cfg\n/);
    expect(report).toMatch(/FNDA:[1-9]\d*,route\[resume\]\n/);
  });

  it('fails with a test, and shows what was sent', async () => {
    const file = join(temporaryFolder('test'), 'failing.test.ts');
    writeFileSync(
      file,
      `import { test } from 'node:test';
import { simulate } from 'siprest/testing';
test('is answered', async () => {
  const sim = await simulate({ script: \`
socket = udp:10.0.0.1:5060
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "rest_client.so"
route {
  rest_get("http://unknown.example/x", $var(body));
  send_reply(200, "OK");
}\` });
  const answer: number = (await sim.caller('alice').send('OPTIONS', 'sip:x@example.org').final()).status;
  console.log(answer);
});
`,
    );
    const { code, stdout } = await siprest(file);
    expect(code).toBe(1);
    expect(stdout).toContain("unexpected lookup of unknown.example: use callee('unknown.example')");
    expect(stdout).toContain('-OPTIONS sip:x@');
  });

  it('names the line of a policy that waits for a real timer', async () => {
    const folder = temporaryFolder('test');
    writeFileSync(
      join(folder, 'policy.ts'),
      `import { defineServer } from 'siprest';
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export default defineServer({
  sockets: ['udp:192.0.2.1:5060'],
  async onInvite(call) {
    await pause(20);
    call.reply(486);
  },
});
`,
    );
    writeFileSync(
      join(folder, 'policy.test.ts'),
      `import { test } from 'node:test';
import { simulate } from 'siprest/testing';
test('is busy', async () => {
  const sim = await simulate(new URL('policy.ts', import.meta.url));
  await sim.caller().invite('sip:bob@home.example').final();
});
`,
    );
    const { code, stdout } = await siprest(join(folder, 'policy.test.ts'));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /the handler of INVITE waits for a real timer set at \S*policy\.ts:2: use call\.sleep\(\)/,
    );
  });

  it('runs again after a change of the script, until it is stopped', async () => {
    const folder = temporaryFolder('test');
    const script = (status: number) =>
      `socket = udp:10.0.0.1:5060\nloadmodule "sl.so"\nloadmodule "signaling.so"\nroute { send_reply(${status}, "Here"); }\n`;
    writeFileSync(join(folder, 'opensips.cfg'), script(200));
    writeFileSync(
      join(folder, 'watched.test.js'),
      `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'siprest/testing';
test('is answered', async () => {
  const sim = await simulate(new URL('opensips.cfg', import.meta.url));
  assert.equal((await sim.caller().send('OPTIONS', 'sip:x@example.org').final()).status, 200);
  await sim.close();
});
`,
    );
    const child = spawn(
      process.execPath,
      [resolve('dist/cli/main.js'), 'test', '--watch', '--junit', 'junit.xml'],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    const runs = () => output.split('waiting for changes').slice(0, -1);
    await until(() => runs().length === 1);
    expect(runs()[0]).toContain('pass 1\n');
    writeFileSync(join(folder, 'opensips.cfg'), script(404));
    await until(() => runs().length === 2);
    expect(runs()[1]).toContain('fail 1\n');
    // its own reports do not count as changes
    writeFileSync(join(folder, 'opensips.cfg'), script(200));
    await until(() => runs().length === 3);
    expect(runs()[2]).toContain('pass 1\n');
    const ended = new Promise((settle) => {
      child.once('exit', settle);
    });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('prints the coverage left by another runner', async () => {
    const folder = temporaryFolder('coverage');
    const lcov = join(folder, 'lcov.info');
    const before = process.env['SIPREST_COVERAGE'];
    process.env['SIPREST_COVERAGE'] = folder;
    expect((await siprest('examples/testing/credit.test.ts')).code).toBe(0);
    process.env['SIPREST_COVERAGE'] = before ?? '';
    if (before === undefined) delete process.env['SIPREST_COVERAGE'];
    const { code, stdout } = await siprest('--coverage-from', folder, '--lcov', lcov);
    expect(code).toBe(0);
    expect(stdout).toContain('examples/credit/opensips.cfg: 16 of 17 lines, 2 of 2 routes');
    expect(readFileSync(lcov, 'utf8')).toMatch(/SF:.*examples\/credit\/opensips\.cfg\n/);
  });

  it('names a missing file', async () => {
    expect(await siprest('no-such.test.ts')).toMatchObject({
      code: 1,
      stderr: 'siprest: no-such.test.ts: no such file or directory\n',
    });
  });
});
