import { describe, expect, test } from 'vitest';
import {
  type ExpressionNode,
  type ParsedScript,
  parseScript,
  type StatementNode,
  variableText,
} from '../../src/script/index.ts';

function parse(text: string): ParsedScript {
  const parsed = parseScript(text, 'test.cfg');
  expect(parsed.diagnostics).toEqual([]);
  return parsed;
}

function statements(body: string): readonly StatementNode[] {
  return parse(`route {\n${body}\n}`).script.routes[0]?.body.statements ?? [];
}

/** An expression with all its parentheses. */
function shape(node: ExpressionNode | null): string {
  if (node === null) return '';
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'string':
      return JSON.stringify(node.value);
    case 'null':
      return 'NULL';
    case 'variable':
      return variableText(node);
    case 'call':
      return `${node.name.text}(${node.arguments.map(shape).join(', ')})`;
    case 'route-call':
      return `route(${[node.name.kind === 'name' ? node.name.text : shape(node.name), ...node.arguments.map(shape)].join(', ')})`;
    case 'binary':
      return `(${shape(node.left)} ${node.operator} ${shape(node.right)})`;
    case 'unary':
      return `${node.operator}${shape(node.operand)}`;
    case 'test':
      return `[${shape(node.operand)}]`;
    case 'async':
    case 'launch':
      return `${node.kind}(${shape(node.call)})`;
  }
}

function expression(text: string): string {
  const [statement] = statements(`$var(x) = ${text};`);
  if (statement?.kind !== 'assign') throw new Error('no assignment');
  return shape(statement.value);
}

describe('expressions', () => {
  test.each([
    ['7 + 3 * 2', '((7 + 3) * 2)'],
    ['10 - 4 - 3', '((10 - 4) - 3)'],
    ['(7 + 3) * 2', '((7 + 3) * 2)'],
    ['4 + ( 7 & ( ~2 ) )', '(4 + (7 & ~2))'],
    ['1 << 4 | 3', '((1 << 4) | 3)'],
    ['1 || 0 && 0', '((1 || 0) && 0)'],
    ['1 and 0 OR 2', '((1 && 0) || 2)'],
    ['$fU == "a" && !f()', '(($fU == "a") && !f())'],
    ['! $var(a) == 1', '!($var(a) == 1)'],
    ['not f() and g()', '(!f() && g())'],
    ['$var(a) + 1 > 2 - 3', '(($var(a) + 1) > (2 - 3))'],
    ['[$var(a) & 4]', '[($var(a) & 4)]'],
    ['$fU =~ "^a" "b$"', '($fU =~ "^ab$")'],
    ['-5', '-5'],
    ['-$var(a)', '-$var(a)'],
    ['5 - -5', '(5 - -5)'],
    ['-2147483648', '-2147483648'],
    ['0x1F + 010', '(31 + 8)'],
    ['0xffffffff', '-1'],
    ['yes + off', '(1 + 0)'],
    ['NULL', 'NULL'],
    ['null', 'NULL'],
    ['$si == 10.0.0.1', '($si == "10.0.0.1")'],
    ['route(a-b, 1, $fU)', 'route(a-b, 1, $fU)'],
    ['route($var(x), 1)', 'route($var(x), 1)'],
    ['route("to_$rU")', 'route("to_$rU")'],
    ['route("a")', 'route(a)'],
    ['f(a, , b)', 'f("a", , "b")'],
    ['f(my-flag, L_INFO, NULL, yes, -1)', 'f("my-flag", "L_INFO", NULL, 1, -1)'],
    [
      'f(udp:10.0.0.1:5060, udp:[::1]:5060, 10.0.0.1:5060, tcp:*:5060)',
      'f("udp:10.0.0.1:5060", "udp:[::1]:5060", "10.0.0.1:5060", "tcp:*:5060")',
    ],
    ['f()', 'f()'],
  ])('%s', (text, expected) => {
    expect(expression(text)).toBe(expected);
  });
});

describe('statements', () => {
  test('of every kind', () => {
    const kinds = statements(`
      ; $var(a) = 1; $avp(l) := NULL; $var(a) <<= 2;
      if ($var(a) == 1) f(); else if (2) { g(); } else exit;
      while ($var(a) < 3) { break; };
      for ($var(x) in $(avp(l)[*])) f($var(x));
      switch ($var(a)) { case 1: case -1: f(); break; case "x": g(); default: h(); }
      route(next); route("next", 1); { f(); }
      async(rest_get("u", $var(b)), resume-it, 3); launch(f("u")); launch(f("u"), done, "x");
      assert($var(a) == 1, "text");
      drop; exit(); return; return 6; return(3, "x"); return (-1); return();
    `).map((one) => one.kind);
    expect(kinds.join(' ')).toBe(
      'assign assign assign if while for-each switch route-call route-call block async launch launch assert drop exit return return return return return',
    );
  });

  test('if and else match across lines and blocks', () => {
    const [one, two] = statements('if (1) { f(); } else if (2) g(); else { h(); };\nif (3);');
    expect(one).toMatchObject({
      kind: 'if',
      otherwise: { kind: 'if', then: { kind: 'call' }, otherwise: { kind: 'block' } },
    });
    expect(two).toMatchObject({ kind: 'if', then: { kind: 'block', statements: [] }, otherwise: null });
  });

  test('a switch keeps its cases in order', () => {
    const [one] = statements('switch ($var(a)) { case -1: f(); break; case "x": case 2: default: g(); }');
    if (one?.kind !== 'switch') throw new Error('no switch');
    expect(one.cases.map((c) => [c.value?.value ?? null, c.statements.length])).toEqual([
      [-1, 2],
      ['x', 0],
      [2, 0],
      [null, 1],
    ]);
  });

  test('return has its values', () => {
    const values = statements('return; return(); return 6; return(3, "x");').map((one) =>
      one.kind === 'return' ? one.values.map(shape) : null,
    );
    expect(values).toEqual([[], [], ['6'], ['3', '"x"']]);
  });

  test('async and launch have their routes', () => {
    const [one, two] = statements('async(f(1), "r-1", $var(t)); launch(f(1), 7);');
    expect(one).toMatchObject({ kind: 'async', resume: { text: 'r-1' }, timeout: { kind: 'variable' } });
    expect(two).toMatchObject({ kind: 'launch', report: { text: '7' }, parameter: null });
  });
});

describe('the file', () => {
  test('routes of all kinds, names bare, quoted and numbers', () => {
    const { script } = parse(`
      route { f(); } route[a-b] { f(); } route["q"] { f(); } route[7] { f(); }
      branch_route[b] { f(); } failure_route[f.1] { f(); } onreply_route { f(); } onreply_route[o] { f(); }
      local_route { f(); } error_route { f(); } startup_route { f(); } timer_route[t, 30] { f(); }
      event_route[E_X] { f(); } event_route[E_Y, async] { f(); }`);
    const names = script.routes.map((one) =>
      `${one.routeKind} ${one.name?.text ?? ''} ${one.interval ?? ''}`.trim(),
    );
    expect(names).toEqual([
      'route',
      'route a-b',
      'route q',
      'route 7',
      'branch_route b',
      'failure_route f.1',
      'onreply_route',
      'onreply_route o',
      'local_route',
      'error_route',
      'startup_route',
      'timer_route t 30',
      'event_route E_X',
      'event_route E_Y',
    ]);
  });

  test('global parameters', () => {
    const { script } = parse(`
      log_level=3 # comment
      debug = -1
      server_signature=no;
      mem-group = "x"

      socket=udp:127.0.0.1:5060 as 1.2.3.4:5060 use_workers 2 anycast
      socket = udp:[::1]:5060  // six
      socket=tcp:*:5060
      listen=udp:eth0
      listen="udp:lo:5060"
      mpath="/usr/lib/"
      auto_scaling_profile = P
        scale up to 6 on 70% for 4 cycles within 5
        scale down to 2 on 18% for 10 cycles
      dst_blacklist = gw:{(tcp , 192.168.2.100 , 5060 , "")}
      log_level=4 xlog_level=2`);
    const settings = script.settings.map((one) => [
      one.name.text,
      one.value.value,
      ...one.options.map((option) => `${option.name.text} ${option.value?.text ?? ''}`.trim()),
    ]);
    expect(settings).toEqual([
      ['log_level', 3],
      ['debug', -1],
      ['server_signature', 0],
      ['mem-group', 'x'],
      ['socket', 'udp:127.0.0.1:5060', 'as 1.2.3.4:5060', 'use_workers 2', 'anycast'],
      ['socket', 'udp:[::1]:5060'],
      ['socket', 'tcp:*:5060'],
      ['listen', 'udp:eth0'],
      ['listen', 'udp:lo:5060'],
      ['mpath', '/usr/lib/'],
      [
        'auto_scaling_profile',
        'P',
        'scale up to 6 on 70% for 4 cycles within 5',
        'scale down to 2 on 18% for 10 cycles',
      ],
      ['dst_blacklist', 'gw:{(tcp , 192.168.2.100 , 5060 , "")}'],
      ['log_level', 4],
      ['xlog_level', 2],
    ]);
  });

  test('modules and their parameters', () => {
    const { script } = parse(`
      loadmodule "rest_client.so"
      loadmodule "/usr/lib/modules/tm/tm.so";
      modparam("rest_client", "curl_timeout", 4)
      modparam("a|b", "name", "one" "two");
      modparam("a", "n", -2) modparam("a", "n", yes)`);
    expect(script.modules.map((one) => one.module)).toEqual(['rest_client', 'tm']);
    expect(
      script.moduleParameters.map((one) => [
        one.modules.text,
        one.name.text,
        one.value.value,
        one.value.quoted,
      ]),
    ).toEqual([
      ['rest_client', 'curl_timeout', 4, false],
      ['a|b', 'name', 'onetwo', true],
      ['a', 'n', -2, false],
      ['a', 'n', 1, false],
    ]);
  });

  test('comments of all styles', () => {
    parse('# one\n// two\n/* three\n * four */ route { /**/ f(); # five\n // six\n g("#no // comment"); }');
  });
});

describe('included files', () => {
  const files: Readonly<Record<string, string>> = {
    'routes.cfg': 'route[sub] { include_file "deep.cfg" }\n',
    'deep.cfg': '\n  f();\n  g(;\n',
    'loop.cfg': 'include_file "loop.cfg"',
  };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };

  test('their tokens come where they are included, and errors in them are found', () => {
    const { script, sources, diagnostics } = parseScript(
      'route { f(); }\nimport_file "routes.cfg"\nroute[z] { f(); }',
      'main.cfg',
      read,
    );
    expect(script.routes.map((one) => one.name?.text ?? '')).toEqual(['', 'sub', 'z']);
    expect(diagnostics.map((one) => one.code)).toEqual(['syntax']);
    const at = diagnostics[0]?.span.start ?? 0;
    expect(sources.locate(at)).toMatchObject({ file: 'deep.cfg', line: 3, column: 5, lineText: '  g(;' });
    expect(sources.includeTrail(at).map((one) => `${one.file}:${one.line}`)).toEqual([
      'routes.cfg:1',
      'main.cfg:2',
    ]);
  });

  test('one that is missing, includes itself, or has no folder to be searched in is an error', () => {
    const messages = (text: string, reader?: typeof read) =>
      parseScript(text, 'main.cfg', reader).diagnostics.map((one) => one.message);
    expect(messages('include_file "no.cfg"', read)).toEqual(['cannot include "no.cfg": no such file']);
    expect(messages('include_file "loop.cfg"', read)).toEqual([
      'cannot include "loop.cfg": the file includes itself',
    ]);
    expect(messages('include_file "a"', (path) => `include_file "${path}a"`)).toEqual([
      `cannot include "${'a'.repeat(21)}": files include one another more than 20 deep`,
    ]);
    expect(messages('include_file "a.cfg"')).toEqual([
      'cannot include "a.cfg": this script cannot include files',
    ]);
  });
});

test('a place in the source has its line and column', () => {
  const { sources } = parseScript('ab\r\ncd\n\nef', 'x.cfg');
  const at = (offset: number) => {
    const { line, column, lineText } = sources.locate(offset);
    return [line, column, lineText];
  };
  expect(at(0)).toEqual([1, 1, 'ab']);
  expect(at(2)).toEqual([1, 3, 'ab']);
  expect(at(4)).toEqual([2, 1, 'cd']);
  expect(at(7)).toEqual([3, 1, '']);
  expect(at(9)).toEqual([4, 2, 'ef']);
  expect(at(999)).toEqual([4, 3, 'ef']);
});
