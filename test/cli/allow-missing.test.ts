import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { programPath, type RunningSiprest, startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

let siprest: RunningSiprest | null = null;
afterEach(async () => {
  await siprest?.stop();
  siprest = null;
});

const script = `
log_level=3
xlog_level=3
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "b2b_logic.so"
loadmodule "sqlops.so"
route {
  b2b_init_request("B");
  $var(first) = $rc;
  $b2b_logic.ctx(x) = "y";
  $var(status) = $b2b_logic.key;
  async(sql_query("select 1", "$avp(rows)"), answered);
}
route[answered] {
  if ($var(status) == NULL) t_reply(480, "rc $rc after $var(first)");
}
`;

describe('a script that uses names siprest lacks', () => {
  it('does not start', () => {
    const path = join(temporaryFolder('missing'), 'script.cfg');
    writeFileSync(path, script);
    const { status, stderr, stdout } = spawnSync(process.execPath, [programPath, 'run', path], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('siprest lacks 2 modules and 4 names; not started');
    expect(stderr).toContain('--allow-missing');
  });

  it('starts with --allow-missing: functions return -1, variables are null, and each use is logged', async () => {
    siprest = await startSiprest(script, { args: ['--allow-missing'] });
    const [reply] = await sendSip({ method: 'OPTIONS' }, { port: siprest.port });
    expect(reply?.reason).toBe('rc -1 after -1');
    await siprest.stop();
    const { stderr } = siprest;
    expect(stderr).toContain('4 uses of features that siprest does not have');
    for (const name of ['b2b_init_request()', '$b2b_logic.ctx', '$b2b_logic.key', 'sql_query()'])
      expect(stderr).toMatch(
        new RegExp(`\\.cfg:\\d+: ${name.replace(/[()$]/g, '\\$&')}: not supported by siprest`),
      );
  });
});
