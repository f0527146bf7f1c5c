import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBuilt as siprest } from '../support/built-command.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder('check');
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(before));

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('accepts a bond of sockets, and says that it has no effect', async () => {
  const path = file(
    'bond.cfg',
    'socket = udp:127.0.0.1:5060\nsocket = bond:out { "udp:127.0.0.1:5060", "tcp:127.0.0.1:5060" }\nroute { exit; }\n',
  );
  const { code, stdout } = await siprest(['check', path]);
  expect(code).toBe(0);
  expect(stdout).toContain('bond:out has no effect');
});

const good = 'route {\n  exit;\n}\n';
const bad = 'loadmodule "sl.so"\nroute {\n  sl_send_repyl(200, "OK");\n}\n';
const lacking = `loadmodule "b2b_logic.so"
loadmodule "my_own.so"
modparam("b2b_logic", "db_mode", 0)
route {
  b2b_init_request();
  if ($b2b_logic.key == 3) b2b_init_request("B");
  my_thing($fU);
  enum_query();
}
`;

describe('siprest check', () => {
  it('accepts a valid script', async () => {
    const { code, stdout } = await siprest(['check', file('good.cfg', good)]);
    expect(stdout).toBe(`${join(folder, 'good.cfg')}: no errors\n`);
    expect(code).toBe(0);
  });

  it('shows an error, counts it and exits 1', async () => {
    file('bad.cfg', bad);
    const { code, stdout } = await siprest(['check', 'bad.cfg']);
    expect(stdout).toBe(`error[unknown-function]: unknown function sl_send_repyl()
 --> bad.cfg:3:3
  |
3 |   sl_send_repyl(200, "OK");
  |   ^^^^^^^^^^^^^
  = help: did you mean sl_send_reply()?

bad.cfg: 1 error
`);
    expect(code).toBe(1);
  });

  it('names what OpenSIPS rejects with --portable, and exits 1', async () => {
    const head = 'socket=udp:127.0.0.1:5060\nloadmodule "proto_udp.so"\n';
    file('own.cfg', `${head}route { route(a); }\nroute[a] { return($var(x) * 2); }\n`);
    file('both.cfg', `${head}route { route(a); }\nroute[a] { return($var(x)); }\n`);
    expect(await siprest(['check', 'own.cfg'])).toMatchObject({ code: 0 });
    expect(await siprest(['check', '--portable', 'both.cfg'])).toMatchObject({ code: 0 });
    const { code, stdout } = await siprest(['check', '--portable', 'own.cfg']);
    expect(code).toBe(1);
    expect(stdout).toContain(`warning[not-portable]: OpenSIPS rejects an expression in return
 --> own.cfg:4:19
  |
4 | route[a] { return($var(x) * 2); }
  |                   ^^^^^^^^^^^
  = help: assign it to a variable and return that: return($var(result))
`);
    expect(stdout).toContain('own.cfg: no errors, 1 warning\n');
    const checked = JSON.parse((await siprest(['check', '--portable', '--json', 'own.cfg'])).stdout);
    expect(checked).toMatchObject({ valid: true });
    expect(checked.diagnostics).toContainEqual(expect.objectContaining({ code: 'not-portable' }));
  });

  it('names settings without effect in one line, with --verbose each with its reason', async () => {
    const text =
      'socket=udp:127.0.0.1:5060\nfork=no\nloadmodule "proto_udp.so"\nloadmodule "mi_html.so"\nroute { exit; }\n';
    file('inert.cfg', text);
    expect(await siprest(['check', 'inert.cfg'])).toMatchObject({
      code: 0,
      stdout: `note[inert]: 3 modules and settings have no effect here: fork, proto_udp, mi_html; --verbose shows why

inert.cfg: no errors
`,
    });
    const { stdout } = await siprest(['check', '--verbose', 'inert.cfg']);
    expect(stdout).toContain('note[inert]: the module proto_udp has no effect: UDP is part of siprest\n');
    expect(stdout).toContain('warning[inert]: fork has no effect: ');
    expect(stdout).toContain('inert.cfg: no errors, 1 warning\n');
    const { diagnostics } = JSON.parse((await siprest(['check', '--json', 'inert.cfg'])).stdout) as {
      readonly diagnostics: readonly { readonly code: string }[];
    };
    expect(diagnostics.map(({ code }) => code)).toEqual(['inert', 'inert', 'inert']);
  });

  it('reads stdin for -', async () => {
    const { code, stdout } = await siprest(['check', '-'], { input: bad });
    expect(stdout).toContain('--> stdin:3:3');
    expect(stdout).toContain('stdin: 1 error');
    expect(code).toBe(1);
  });

  it('prints the same as JSON, with the trail of includes', async () => {
    mkdirSync(join(folder, 'parts'), { recursive: true });
    file('parts/answer.cfg', 'route[answer] {\n  $fU = "x";\n  exit;\n}\nroute[answer] { exit; }\n');
    file('main.cfg', 'route {\n  route(answer);\n}\ninclude_file "parts/answer.cfg"\n');
    const { code, stdout } = await siprest(['check', '--json', 'main.cfg']);
    expect(code).toBe(1);
    const included = 'parts/answer.cfg';
    expect(JSON.parse(stdout)).toEqual({
      file: 'main.cfg',
      valid: false,
      diagnostics: [
        {
          file: included,
          line: 2,
          column: 3,
          endLine: 2,
          endColumn: 6,
          severity: 'error',
          code: 'read-only-variable',
          message: 'assignment: $fU is read-only',
          help: null,
          labels: [],
          includedFrom: [{ file: 'main.cfg', line: 4 }],
          absent: null,
        },
        {
          file: included,
          line: 5,
          column: 1,
          endLine: 5,
          endColumn: 14,
          severity: 'error',
          code: 'duplicate-route',
          message: 'route[answer] is defined twice',
          help: null,
          labels: [
            {
              file: included,
              line: 1,
              column: 1,
              endLine: 1,
              endColumn: 14,
              message: 'first defined here',
            },
          ],
          includedFrom: [{ file: 'main.cfg', line: 4 }],
          absent: null,
        },
      ],
    });
    expect(JSON.parse((await siprest(['check', '--json', '-'], { input: good })).stdout)).toEqual({
      file: 'stdin',
      valid: true,
      diagnostics: [],
    });
  });

  it('lists names that siprest lacks, once each with their places', async () => {
    file('lacking.cfg', lacking);
    const { code, stdout } = await siprest(['check', 'lacking.cfg']);
    expect(stdout).toBe(`error[not-available]: 2 modules and 4 names that siprest does not have
  module b2b_logic: lacking.cfg:1, 3
    b2b_init_request()  lacking.cfg:5, 6
    $b2b_logic.key      lacking.cfg:6
  module my_own: lacking.cfg:2
    my_thing()          lacking.cfg:7
  of the module enum
    enum_query()        lacking.cfg:8

lacking.cfg: no errors, siprest lacks 2 modules and 4 names
`);
    expect(code).toBe(1);
    const { diagnostics } = JSON.parse((await siprest(['check', '--json', 'lacking.cfg'])).stdout) as {
      diagnostics: { code: string; absent: unknown; labels: { line: number }[] }[];
    };
    expect(
      diagnostics.find(({ code: name, labels }) => name === 'not-available' && labels[0]?.line === 6),
    ).toMatchObject({
      absent: { kind: 'function', name: 'b2b_init_request', module: 'b2b_logic' },
    });
    expect((await siprest(['check', '--allow-missing', 'lacking.cfg'])).code).toBe(0);
  });
});

it('suggests modules of siprest or of OpenSIPS', async () => {
  file('meant.cfg', 'loadmodule "rest_clinet.so"\nloadmodule "presense.so"\nroute { exit; }\n');
  const { code, stdout } = await siprest(['check', 'meant.cfg']);
  expect(stdout).toContain('help: did you mean "rest_client"?');
  expect(stdout).toContain('warning[inert]: the module presense has no effect');
  expect(stdout).toContain('help: did you mean "presence"?');
  expect(code).toBe(1);
});

describe('the preprocessor option -p', () => {
  const command = `"${process.execPath}" -e "process.stdin.setEncoding('latin1').on('data', (t) => process.stdout.write(t.replaceAll('ANSWER', '486'), 'latin1'))"`;

  it('pipes the script, with what it includes, through the command', async () => {
    file('busy.cfg', 'route[busy] {\n  sl_send_reply(ANSWER, "Busy \xfc");\n}\n');
    file('templated.cfg', 'loadmodule "sl.so"\ninclude_file "busy.cfg"\nroute {\n  route(busy);\n}\n');
    expect((await siprest(['check', 'templated.cfg'])).code).toBe(1);
    const { code, stdout } = await siprest(['check', '-p', command, 'templated.cfg']);
    expect(stdout).toBe('templated.cfg: no errors\n');
    expect(code).toBe(0);
  });

  it('reports a clear error if the command fails', async () => {
    file('good.cfg', good);
    for (const [failing, text] of [
      ['exit 3', /preprocessor "exit 3" ended with 3/],
      ['no-such-command-here', /ended with 127: .*not found/],
      ['echo oops >&2; false', /ended with 1: oops/],
    ] as const) {
      const { code, stderr } = await siprest(['check', '-p', failing, 'good.cfg']);
      expect(stderr).toMatch(text);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    }
  });

  it('accepts a command that reads nothing', async () => {
    file('long.cfg', `${good}${'# a comment\n'.repeat(50_000)}`);
    expect((await siprest(['check', '-p', "echo 'route { exit; }'", 'long.cfg'])).stdout).toBe(
      'long.cfg: no errors\n',
    );
  });
});

describe('any file', () => {
  it.each([
    ['nothing', ''],
    ['zeros', Buffer.alloc(10_000)],
    ['random bytes', randomBytes(20_000)],
    ['a program', Buffer.concat([Buffer.from('\x7fELF'), randomBytes(5000)])],
    ['one line of 10 MB', `route { xlog("${'x'.repeat(10_000_000)}"); }\n`],
    ['100,000 parentheses', `route { $var(a) = ${'('.repeat(100_000)}; }`],
    ['a file that includes itself', 'include_file "itself.cfg"\nroute { exit; }\n'],
  ])('%s: diagnostics, never a stack trace', async (_, bytes) => {
    const path = file('itself.cfg', bytes);
    const { code, stdout, stderr } = await siprest(['check', path]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/(errors?|no errors)(, \d+ warnings?)?\n$/);
    expect(stdout).not.toMatch(/\bat .*\.(js|ts):\d+/);
    expect([0, 1]).toContain(code);
  });

  it('a folder and a missing file are one line', async () => {
    for (const path of [folder, join(folder, 'nowhere.cfg')]) {
      const { code, stderr } = await siprest(['check', path]);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain('cannot read');
      expect(code).toBe(1);
    }
  });
});
