import { describe, expect, test } from 'vitest';
import { load, loadBody, rendered, summary } from './fixture.ts';

describe('one error is reported once, where it is', () => {
  test.each([
    ['a missing semicolon at the end of a line', '$var(a) = 1\nxlog("x");', ['4 missing-semicolon']],
    ['a missing semicolon before a brace', 'if (1) { xlog("x") }\nxlog("y");', ['4 missing-semicolon']],
    ['a missing parenthesis after arguments', 'xlog("x";\nxlog("y");', ['4 unclosed-parenthesis']],
    ['a missing parenthesis in a condition', 'if ($var(a) == 1 {\n  xlog("x");\n}\nxlog("y");', ['4 syntax']],
    ['an assignment as a condition', 'if ($var(a) = 1) {\n  xlog("x");\n}', ['4 assignment-in-condition']],
    ['a missing operator', 'if ($var(a) 1) xlog("x"); else xlog("y");', ['4 syntax']],
    ['a word without a meaning', 'if (methods == "INVITE") xlog("x");', ['4 bare-word']],
    ['an else without an if', 'if (1) xlog("a"); xlog("b"); else xlog("c");', ['4 syntax']],
    [
      'a string whose quote is missing',
      'xlog("one);\nxlog("two");\nxlog("three");',
      ['4 unterminated-string'],
    ],
    ['a variable without its dollar', 'var(a) = 1;\nxlog("x");', ['4 syntax']],
    ['a variable that is not closed', '$var(a) = $(fU{s.len);\nxlog("x");', ['4 bad-transformation']],
    ['a variable in parentheses with a second dollar', '$var(a) = $($fU);\nxlog("x");', ['4 bad-variable']],
    ['an index outside $()', '$var(a) = $avp(x)[1];\nxlog("x");', ['4 bad-variable']],
    ['an unknown character', 'xlog("a"); ` \nxlog("x");', ['4 unexpected-character']],
    ['a for with a wrong head', 'for ($var(x) $avp(l)) { xlog("x"); }\nxlog("y");', ['4 syntax']],
    ['a switch over an expression', 'switch (1 + 1) { case 1: xlog("x"); }\nxlog("y");', ['4 syntax']],
    [
      'a case without a colon',
      'switch ($var(a)) { case 1 xlog("x"); break; case 2: xlog("y"); }',
      ['4 syntax'],
    ],
    ['a number beyond 32 bits', '$var(a) = 99999999999;', ['4 number-range']],
    ['async without a route', 'async(rest_get("u", $var(b)));\nxlog("x");', ['4 syntax']],
  ])('%s', (_, body, expected) => {
    expect(summary(loadBody(body))).toEqual(expected);
  });

  test('a modparam that is not closed takes nothing of what follows with it', () => {
    const text = `loadmodule "tls_mgm.so"
modparam("tls_mgm", "client_domain", "one"
modparam("tls_mgm", "client_domain", "two"

loadmodule "rest_client.so"
server_header="x"
route {
  rest_get("u", $var(b));
}
`;
    const script = load(text);
    expect(summary(script)).toEqual(['2 unclosed-parenthesis', '3 unclosed-parenthesis']);
    expect(rendered(script)).toContain(`
2 | modparam("tls_mgm", "client_domain", "one"
  |                                          ^
`);
  });

  test('a module whose quote is missing is reported where it is', () => {
    expect(
      summary(load('loadmodule "json.so\t# JSON\nloadmodule "rest_client.so"\nroute { exit; }')),
    ).toEqual(['1 unterminated-string']);
  });

  test('a block that is never closed ends where the next route begins', () => {
    const script = load(
      'route {\n  if (1) {\n    xlog("a");\n  xlog("b");\n}\n\nroute[two] {\n  xlog("c");\n}\n',
    );
    expect(summary(script)).toEqual(['1 unclosed-block']);
    expect(script.script.routes.map((one) => one.name?.text ?? '')).toEqual(['', 'two']);
  });

  test('a brace too many, and what stands outside because of it', () => {
    expect(summary(load('route {\n  xlog("a");\n}\n}\nroute[b] { xlog("b"); }\n'))).toEqual([
      '4 unmatched-brace',
    ]);
    expect(
      summary(
        load(
          'route {\n  if (1) {\n  xlog("a");\n  }\n  }\n  xlog("b");\n  exit;\n}\nroute[b] { xlog("b"); }\n',
        ),
      ),
    ).toEqual(['6 statement-outside-route']);
  });

  test('a module parameter that is written wrongly', () => {
    const text =
      'loadmodule rest_client.so\nloadmodule "tls_mgm.so"\nmodparam("tls_mgm", "client_domain")\nmodparam("tls_mgm", "client_domain", $var(x))\nroute { exit; }\n';
    expect(summary(load(text))).toEqual(['1 syntax', '3 syntax', '4 syntax']);
  });
});

test('several errors are all found at once, by the parser and the checker', () => {
  const script = loadBody(
    '$var(a) = ;\nxlog("x"\nif ($var(a) = 2) { rest_gett("u", $var(b)); }\n$fU = "x";\nroute(a, , b);\nxlog("$nope");',
  );
  expect(summary(script)).toEqual([
    '4 syntax',
    '5 unclosed-parenthesis',
    '6 assignment-in-condition',
    '6 unknown-function',
    '7 read-only-variable',
    '8 syntax',
    '9 unknown-variable',
  ]);
});

test('beyond two hundred errors the rest is ignored', () => {
  const script = loadBody('$var(a) = ;\n'.repeat(10_000));
  expect(script.diagnostics.length).toBe(201);
  expect(script.diagnostics.at(-1)?.code).toBe('too-many-errors');
});
