/** What programs read of `siprest check` and `siprest status`, against the schemas that are shipped. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runBuilt } from '../support/built-command.ts';
import { closeLater } from '../support/close-later.ts';
import { startSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder('formats');
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const schema = (name: string) =>
  ajv.compile(JSON.parse(readFileSync(`docs/schemas/${name}.schema.json`, 'utf8')) as object);
const isChecked = schema('check');
const isStatus = schema('status');

const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(before));

const siprest = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => runBuilt(args, { env });

const file = (name: string, text: string) => writeFileSync(join(folder, name), text);
file('good.cfg', 'route { exit; }\n');
file(
  'bad one.cfg',
  'socket=sctp:127.0.0.1:5061\nsocket=udp:127.0.0.1:5060\nloadmodule "b2b_logic.so"\nroute {\n  nope(100%);\n  b2b_init_request();\n  $fU = 1;\n}\nroute[a] { exit; }\nroute[a] { exit; }\n',
);
const all = ['good.cfg', 'bad one.cfg', 'none.cfg'];

interface Checked {
  readonly file: string;
  readonly valid: boolean;
  readonly diagnostics: readonly { readonly code: string; readonly message: string }[];
}

it('check: JSON of one file is an object, of several an array, of a missing one a diagnostic', async () => {
  for (const name of all) {
    const { code, stdout, stderr } = await siprest(['check', '--json', name]);
    const checked = JSON.parse(stdout) as Checked;
    expect(isChecked(checked), JSON.stringify(isChecked.errors)).toBe(true);
    expect(checked).toMatchObject({ file: name, valid: name === 'good.cfg' });
    expect([code, stderr]).toEqual([name === 'good.cfg' ? 0 : 1, '']);
  }
  const { code, stdout } = await siprest(['check', '--format', 'json', ...all]);
  const checked = JSON.parse(stdout) as Checked[];
  expect(isChecked(checked), JSON.stringify(isChecked.errors)).toBe(true);
  expect(checked.map((one) => one.file)).toEqual(all);
  expect(checked[2]?.diagnostics).toMatchObject([
    { code: 'unreadable-file', message: 'cannot read none.cfg: no such file' },
  ]);
  expect(code).toBe(1);
  expect(isChecked([{ file: 'x' }])).toBe(false);
});

it('check: several files as text', async () => {
  const { code, stdout, stderr } = await siprest(['check', ...all]);
  expect(stdout).toMatch(/^good\.cfg: no errors\n/);
  expect(stdout).toContain('bad one.cfg: ');
  expect(stderr).toBe('siprest: cannot read none.cfg: no such file\n');
  expect(code).toBe(1);
  expect((await siprest(['check', 'good.cfg', 'good.cfg'])).code).toBe(0);
});

it('check: SARIF has a rule for each code, and a result for each diagnostic', async () => {
  const { code, stdout } = await siprest(['check', '--format', 'sarif', ...all]);
  expect(code).toBe(1);
  const { version, runs } = JSON.parse(stdout) as {
    version: string;
    runs: {
      tool: { driver: { name: string; rules: { id: string }[] } };
      results: { ruleId: string; ruleIndex: number; level: string; locations: unknown[] }[];
    }[];
  };
  expect(version).toBe('2.1.0');
  const [run] = runs;
  const rules = run?.tool.driver.rules ?? [];
  for (const { ruleId, ruleIndex, level } of run?.results ?? []) {
    expect(rules[ruleIndex]?.id).toBe(ruleId);
    expect(['error', 'warning', 'note']).toContain(level);
  }
  expect(run?.results).toContainEqual(
    expect.objectContaining({
      ruleId: 'duplicate-route',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'bad%20one.cfg' },
            region: { startLine: 10, startColumn: 1, endLine: 10, endColumn: 9 },
          },
        },
      ],
      relatedLocations: [expect.objectContaining({ id: 0, message: { text: 'first defined here' } })],
    }),
  );
  expect(run?.results.map(({ ruleId }) => ruleId)).toContain('unreadable-file');
  expect(await siprest(['check', '--format', 'sarif', 'good.cfg'])).toMatchObject({ code: 0 });
});

it("check: GitHub's annotations, one a line, escaped", async () => {
  file('percent,1.cfg', 'route {\n  $fU = "100%";\n}\n');
  const { code, stdout } = await siprest(['check', '--format', 'github', 'percent,1.cfg', 'none%.cfg']);
  expect(
    stdout,
  ).toBe(`::error file=percent%2C1.cfg,line=2,endLine=2,col=3,endColumn=6,title=siprest%3A read-only-variable::assignment: $fU is read-only
::error file=none%25.cfg,line=1,endLine=1,col=1,endColumn=1,title=siprest%3A unreadable-file::cannot read none%25.cfg: no such file
`);
  expect(code).toBe(1);
});

it('check: an unknown format is rejected with a list of the known ones', async () => {
  const { code, stderr } = await siprest(['check', '--format', 'xml', 'good.cfg']);
  expect(code).toBe(1);
  expect(stderr).toContain('text, json, sarif, github');
});

it('status: JSON matches its schema, for one process and for several', async () => {
  for (const processes of ['1', '2']) {
    const env = { XDG_RUNTIME_DIR: temporaryFolder('runtime') };
    closeLater(
      await startSiprest('loadmodule "sl.so"\nroute { sl_send_reply(200, "OK"); }\n', {
        args: ['--processes', processes],
        env,
      }),
    );
    const status = JSON.parse((await siprest(['status', '--json'], env)).stdout) as { processes: unknown[] };
    expect(isStatus(status), JSON.stringify(isStatus.errors)).toBe(true);
    expect(status.processes).toHaveLength(Number(processes));
  }
  expect(isStatus({ processes: [{}], total: {} })).toBe(false);
});
