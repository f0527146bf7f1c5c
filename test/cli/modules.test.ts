/** `siprest modules`: what is known of modules, those of siprest and one's own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = async (...args: readonly string[]) => {
  const program = launchSiprest(['modules', ...args]);
  return { code: await program.ended, stdout: program.stdout, stderr: program.stderr };
};

describe('siprest modules', () => {
  it('lists the modules of siprest, and shows one', async () => {
    const list = await modules();
    expect(list.stdout).toMatch(/^rest_client +Queries HTTP services/m);
    expect(list.code).toBe(0);
    const one = await modules('rest_client.so');
    expect(one.stdout).toContain('loadmodule "rest_client.so"');
    expect(one.stdout).toMatch(/connection_timeout: seconds, default 20 s/);
    expect(one.stdout).toContain('rest_get(url, [body_pv], [ctype_pv], [retcode_pv])');
    expect(one.stdout).toContain('{rest.escape}');
    expect(await modules('rest_clent')).toMatchObject({
      code: 1,
      stderr: 'siprest: siprest has no module "rest_clent" (did you mean "rest_client"?)\n',
    });
  });

  it('shows the rows of a module of one’s own', async () => {
    const { code, stdout } = await modules('examples/module/billing.ts');
    expect(code).toBe(0);
    for (const line of [
      'billing: Prices and credit.',
      '  loadmodule "./billing.ts"',
      '  timeout: int, default 2000 ms, 1 …',
      '  billing_credit(account, cents)',
      '      cents (variable): Gets its credit.',
      '      May be called by async() and launch().',
      '  $billing_asked',
      '  {billing.euros}',
      '  event_route[E_BILLING_REFUSED]',
      '      $param(account): Who may not call.',
    ])
      expect(stdout.split('\n')).toContain(line);
  });

  it('shows the errors of a file that defines no module', async () => {
    const folder = temporaryFolder('modules');
    const [broken, policy] = [join(folder, 'broken.ts'), join(folder, 'policy.ts')];
    writeFileSync(broken, 'export default 1;\n');
    writeFileSync(policy, `import { defineServer } from 'siprest';\nexport default defineServer({});\n`);
    const first = await modules(broken);
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('the default export is neither a policy nor a module');
    const second = await modules(policy);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('defines a policy, not a module');
  });
});
