import { describe, expect, test } from 'vitest';
import { diagnosticCodes, diagnosticRecords, renderDiagnostics } from '../../src/script/index.ts';
import { load, loadBody, rendered } from './fixture.ts';

/** The errors that scripts have most, as a terminal shows them. */
const golden: readonly (readonly [name: string, body: string, text: string])[] = [
  [
    'a function that is mistyped',
    '  rest_gett("http://x/$fU", $var(b));',
    `error[unknown-function]: unknown function rest_gett()
 --> test.cfg:4:3
  |
4 |   rest_gett("http://x/$fU", $var(b));
  |   ^^^^^^^^^
  = help: did you mean rest_get()?
`,
  ],
  [
    'a module that is not loaded',
    '  t_on_failure("x");',
    `error[module-not-loaded]: t_on_failure() belongs to the module tm, which is not loaded
 --> test.cfg:4:3
  |
4 |   t_on_failure("x");
  |   ^^^^^^^^^^^^
  = help: add: loadmodule "tm.so"
`,
  ],
  [
    'a variable that runs into text',
    '  xlog("call to $fU.com\\n");',
    `error[unknown-variable]: unknown variable $fU.com
 --> test.cfg:4:17
  |
4 |   xlog("call to $fU.com\\n");
  |                 ^^^^^^^
  = help: use $(fU).com if text follows the variable
`,
  ],
  [
    'a dollar sign that is not a variable',
    '  xlog("it costs $ 5");',
    `error[lone-dollar]: \`$\` does not begin a variable here
 --> test.cfg:4:18
  |
4 |   xlog("it costs $ 5");
  |                  ^
  = help: use $$ for a literal dollar sign
`,
  ],
  [
    'an argument that is missing',
    '  rest_get("http://x");',
    `error[argument-count]: rest_get(): the argument "body" is missing
 --> test.cfg:4:3
  |
4 |   rest_get("http://x");
  |   ^^^^^^^^^^^^^^^^^^^^
  = help: usage: rest_get(url, body, [ctype], [retcode])
`,
  ],
  [
    'an argument of the wrong kind',
    '  rest_get("http://x", "body");',
    `error[argument-type]: rest_get(): the argument "body" must be a variable
 --> test.cfg:4:24
  |
4 |   rest_get("http://x", "body");
  |                        ^^^^^^
  = help: for example $var(result)
`,
  ],
  [
    'an assignment as a condition',
    '  if ($var(a) = 1) xlog("x");',
    `error[assignment-in-condition]: an assignment is not a condition
 --> test.cfg:4:15
  |
4 |   if ($var(a) = 1) xlog("x");
  |               ^
  = help: use == to compare
`,
  ],
  [
    'a semicolon that is missing',
    '  xlog("x")\n  exit;',
    `error[missing-semicolon]: missing \`;\` after this statement
 --> test.cfg:4:11
  |
4 |   xlog("x")
  |           ^
`,
  ],
  [
    'a parenthesis that is missing',
    '  send_reply(200, "OK";',
    `error[unclosed-parenthesis]: missing \`)\` after the arguments
 --> test.cfg:4:22
  |
4 |   send_reply(200, "OK";
  |             - the arguments start here
  |                      ^
`,
  ],
  [
    'a variable that cannot be set',
    '  $fU = "bob";',
    `error[read-only-variable]: assignment: $fU is read-only
 --> test.cfg:4:3
  |
4 |   $fU = "bob";
  |   ^^^
`,
  ],
  [
    'a resume route that does not exist',
    '  async(rest_get("http://x", $var(b)), resum);\n}\nroute[resume] {\n  exit;',
    `error[unknown-route]: unknown route[resum]
 --> test.cfg:4:40
  |
4 |   async(rest_get("http://x", $var(b)), resum);
  |                                        ^^^^^
  = help: did you mean route[resume]?
`,
  ],
  [
    'the same missing name in several places',
    '  t_relay();\n  exit;\n}\nroute[b] {\n  if (!t_relay()) exit;',
    `error[unknown-function]: unknown function t_relay()
 --> test.cfg:4:3
  |
4 |   t_relay();
  |   ^^^^^^^
...
8 |   if (!t_relay()) exit;
  |        ------- and here
`,
  ],
  [
    'statements that are never reached',
    '  exit;\n  xlog("never");',
    `warning[unreachable]: never reached: it follows exit
 --> test.cfg:5:3
  |
5 |   xlog("never");
  |   ^^^^^^^^^^^^^
`,
  ],
  [
    'three equals signs',
    '  if ($var(a) === 1) exit;',
    `error[syntax]: \`===\` is not an operator
 --> test.cfg:4:15
  |
4 |   if ($var(a) === 1) exit;
  |               ^^^
  = help: use == instead
`,
  ],
  [
    'a strict inequality',
    '  if ($var(a) !== 1) exit;',
    `error[syntax]: \`!==\` is not an operator
 --> test.cfg:4:15
  |
4 |   if ($var(a) !== 1) exit;
  |               ^^^
  = help: use != instead
`,
  ],
  [
    'elseif in one word',
    '  if ($var(a)) { exit; } elseif ($var(b)) { exit; }',
    `error[syntax]: \`elseif\` is not a statement
 --> test.cfg:4:26
  |
4 |   if ($var(a)) { exit; } elseif ($var(b)) { exit; }
  |                          ^^^^^^
  = help: use else if (...) instead
`,
  ],
  [
    'a comma behind the last argument',
    '  send_reply(200, "OK",);',
    `error[argument-count]: no argument follows this comma
 --> test.cfg:4:23
  |
4 |   send_reply(200, "OK",);
  |                       ^
  = help: remove it; usage: send_reply(code, reason)
`,
  ],
  [
    'a comma behind the text of xlog()',
    '  xlog("x",);',
    `error[argument-count]: no argument follows this comma
 --> test.cfg:4:11
  |
4 |   xlog("x",);
  |           ^
  = help: remove it; usage: xlog([level], text)
`,
  ],
  [
    'a comparison the wrong way round',
    '  if ($var(a) => 1) exit;',
    `error[assignment-in-condition]: an assignment is not a condition
 --> test.cfg:4:15
  |
4 |   if ($var(a) => 1) exit;
  |               ^
  = help: use >= instead
`,
  ],
  [
    'a transformation with letters left out',
    '  xlog("$(fU{s.subt})");',
    `error[unknown-transformation]: unknown transformation {s.subt}
 --> test.cfg:4:14
  |
4 |   xlog("$(fU{s.subt})");
  |              ^^^^^^
  = help: did you mean {s.substr}?
`,
  ],
  [
    'an increment',
    '  $var(i)++;',
    `error[syntax]: \`++\` is not an operator
 --> test.cfg:4:10
  |
4 |   $var(i)++;
  |          ^^
  = help: use $var(i) += 1 instead
`,
  ],
  [
    'a variable null',
    '  if ($fU == $null) exit;',
    `error[unknown-variable]: unknown variable $null
 --> test.cfg:4:14
  |
4 |   if ($fU == $null) exit;
  |              ^^^^^
  = help: use NULL instead
`,
  ],
  [
    'a line with tabs and more than ASCII before the error',
    '\txlog("grüße 世界 $nope");',
    `error[unknown-variable]: unknown variable $nope
 --> test.cfg:4:23
  |
4 |     xlog("grüße 世界 $nope");
  |                    ^^^^^
`,
  ],
];

describe('a diagnostic on the screen', () => {
  test.each(golden)('%s', (_, body, text) => {
    expect(rendered(loadBody(body))).toBe(text);
  });

  test('two of the same kind in different files, with the trail of includes', () => {
    const files: Readonly<Record<string, string>> = { 'sub.cfg': 'route[a] {\n  exit;\n}\n' };
    const script = load('route { exit; }\nroute[a] { exit; }\ninclude_file "sub.cfg"\n', {
      readFile: (path) => files[path] as string,
    });
    expect(rendered(script)).toBe(`error[duplicate-route]: route[a] is defined twice
 --> sub.cfg:1:1
  |
1 | route[a] {
  | ^^^^^^^^
 ::: test.cfg:2:1
  |
2 | route[a] { exit; }
  | -------- first defined here
  = included from test.cfg:3
`);
  });

  test('a very long line is shown around the error', () => {
    const text = rendered(loadBody(`  xlog("${'é'.repeat(50_000)} $nope ${'x'.repeat(50_000)}");`));
    const [, , , line = '', marker = ''] = text.split('\n');
    expect(line.length).toBeLessThan(200);
    expect(line).not.toContain('\uFFFD');
    expect(line.slice(marker.indexOf('^'), marker.lastIndexOf('^') + 1)).toBe('$nope');
  });

  test('a script cannot send control sequences to the terminal', () => {
    const text = rendered(loadBody('  nope\x1b[2J("\x1b]0;x\x07");\n  \x1b[31mx();'));
    expect(text).not.toContain('\x1b');
    expect(text).not.toContain('\x07');
  });

  test('passwords of the script are not shown', () => {
    const lines = [
      'modparam("auth", "secret", "s3cret" "x")',
      'modparam("usrloc", "db_url", "mysql://opensips:s3cret@localhost/opensips" "x")',
      'route { $var(password) = "s3cret"; nope("http://u:s3cret@h/"); nope("Authorization: Basic s3cret"); }',
    ];
    const loaded = load(lines.join('\n'));
    const texts = [rendered(loaded), JSON.stringify(diagnosticRecords(loaded.diagnostics, loaded.sources))];
    expect(texts[0]).toContain('mysql://opensips:******@localhost/opensips');
    for (const text of texts) expect(text).not.toContain('s3cret');
  });

  test('colours are used on request', () => {
    const { diagnostics, sources } = loadBody('  nope();');
    expect(renderDiagnostics(diagnostics, sources, { color: true })).toContain('\x1b[31m');
    expect(renderDiagnostics(diagnostics, sources, { color: false })).not.toContain('\x1b');
  });
});

test('each code has a description', () => {
  for (const [code, text] of Object.entries(diagnosticCodes)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(text.length).toBeGreaterThan(10);
  }
});
