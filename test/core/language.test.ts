/** What the language's statements do at run time, where no conformance vector shows it. */
import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/runtime/index.ts';
import type { FunctionSpec } from '../../src/script/index.ts';
import { request } from '../sip/simulated.ts';
import { benchOf, printedBy } from '../support/script-bench.ts';

/** `answer(1)` returns its argument, `answer_later(1)` waits before it does, `answer_now(1)` need not but might. */
const functions: readonly FunctionSpec<Run>[] = [
  {
    name: 'answer',
    arguments: [{ name: 'status', type: 'int', summary: '' }],
    summary: '',
    run: (_, status: number) => status,
  },
  {
    name: 'answer_later',
    arguments: [{ name: 'status', type: 'int', summary: '' }],
    summary: '',
    start: async (_, status: number) => {
      await new Promise((resolve) => setImmediate(resolve));
      return () => status;
    },
  },
  {
    name: 'answer_now',
    arguments: [{ name: 'status', type: 'int', summary: '' }],
    summary: '',
    start: (_, status: number) => () => status,
  },
];

async function printedLater(statements: string, rest = ''): Promise<string[]> {
  const bench = benchOf(`route {\n${statements}\n}\n${rest}\n`, functions);
  await bench.main(request());
  await bench.routing.background.settled();
  await bench.pool.idle();
  return bench.log;
}

const print = (expression: string) => `$var(x) = ${expression}; xlog("$var(x) $rc");`;

describe('null', () => {
  it.each([
    ['an unset variable', '$var(language_unset)', '<null> 1'],
    ['beside text', '"a" + $var(language_unset) + "b"', 'ab 1'],
    ['beside null', '$var(language_unset) + $var(language_unset)', ' 1'],
    ['beside a number on its left', '12 + $var(language_unset)', '12 1'],
    ['in a multiplication', '2 * $var(language_unset)', '0 1'],
  ])('%s: %s', (_, expression, printed) => {
    expect(printedBy(`$var(x) = "kept"; ${print(expression)}`)).toEqual([printed]);
  });

  it.each([
    ['equal lengths', '"  " | "AB"', 'ab 1'],
    ['a variable with a number', '"ab" & $var(number)', '!" 1'],
    ['a number of its own', '"ab" & 12', 'kept -1'],
    ['other lengths', '"ab" ^ "a"', 'kept -1'],
    ['null', '$var(language_unset) | "a"', 'kept -1'],
    ['a number on the left', '8 & "8"', 'kept -1'],
  ])('bits of texts: %s: %s', (_, expression, printed) => {
    expect(printedBy(`$var(x) = "kept"; $var(number) = 12; ${print(expression)}`).at(-1)).toBe(printed);
  });

  it('equals only null, and is neither less nor greater than anything', () => {
    const conditions = [
      '$var(n) == NULL',
      '$var(n) != NULL',
      '$var(n) == ""',
      '$var(n) == 0',
      '$var(n) != 0',
      '$var(n) < 1',
      '$var(n) >= 0',
      '$var(n) =~ "."',
      '$var(n) !~ "."',
      '$var(n)',
      '!$var(n)',
      '"" == NULL',
    ];
    const statements = conditions.map((one, i) => `if (${one}) xlog("${i}");`).join('\n');
    const held = printedBy(`$var(n) = NULL;\n${statements}`).map((line) => conditions[Number(line)]);
    expect(held).toEqual(['$var(n) == NULL', '$var(n) != 0', '$var(n) !~ "."', '!$var(n)']);
  });

  it('for a required argument fails the call, and is logged with its place', () => {
    const { log, main } = benchOf(
      'route {\n  $var(n) = NULL;\n  answer($var(n));\n  xlog("rc $rc");\n}',
      functions,
    );
    void main();
    expect(log).toEqual([
      expect.stringMatching(/^ERROR: test\.cfg:3: answer\(\): the argument "status" is not a number$/),
      'rc -1',
    ]);
  });
});

describe('text and a number literal', () => {
  it('are never compared: every comparison is false, and logged', () => {
    const conditions = ['$var(t) == 10', '10 == $var(t)', '$var(t) != 3', '$var(t) > 9', '$var(t) >= -1'];
    const lines = printedBy(
      `$var(t) = "10";\n${conditions.map((one, i) => `if (${one}) xlog("${i}");`).join('\n')}`,
    );
    expect(lines).toHaveLength(conditions.length);
    for (const line of lines) expect(line).toMatch(/^ERROR: test\.cfg:\d+: .*"10" is text .*\{s\.int\}/);
  });

  it('fail the whole condition, whatever surrounds the comparison', () => {
    const conditions = ['!($var(t) == 5)', '$var(t) == 5 || 1', '1 && !($var(t) != 5)', '1 || $var(t) == 5'];
    const lines = printedBy(
      `$var(t) = "abc"; ${conditions.map((one, i) => `if (${one}) xlog("T${i}"); else xlog("F${i}");`).join('\n')}
       while (!($var(t) == 5)) { xlog("turn"); break; }`,
    );
    expect(lines.filter((line) => !line.startsWith('ERROR'))).toEqual(['F0', 'F1', 'F2', 'T3']);
  });

  it('are compared after {s.int} has converted the text', () => {
    expect(printedBy('$var(t) = "10 s"; if ($(var(t){s.int}) > 9) xlog("more");')).toEqual(['more']);
  });

  it('a number beside quoted text is compared by its digits', () => {
    expect(
      printedBy(
        '$var(n) = 5; $var(t) = "5"; if ($var(n) == "5") xlog("a"); if ($var(n) == $var(t)) xlog("b");',
      ),
    ).toEqual(['a', 'b']);
  });

  it('a numeric case does not match its digits as text, but a text case matches a number', () => {
    const choose = 'switch ($var(x)) { case 2: xlog("number"); break; case "2": xlog("text"); break; }';
    const turned = 'switch ($var(x)) { case "2": xlog("text"); break; case 2: xlog("number"); break; }';
    expect(printedBy(`$var(x) = "2"; ${choose} $var(x) = 2; ${choose} ${turned}`)).toEqual([
      'text',
      'number',
      'text',
    ]);
  });
});

describe('arithmetic', () => {
  it.each([
    ['7 / 2', '3'],
    ['-7 / 2', '-3'],
    ['-7 % 3', '-1'],
    ['2147483647 + 1', '-2147483648'],
    ['65536 * 65536', '0'],
    ['1 << 31', '-2147483648'],
    ['"7" + "6"', '76'],
    ['7 + 3 * 2', '20'],
    ['6 & 3 + 1', '4'],
    ['1 << 2 + 1', '8'],
    ['1 ^ 3 - 1', '3'],
    ['1 | 1 << 2', '4'],
    ['~5 + 1', '-5'],
  ])('%s is %s', (expression, printed) => {
    expect(printedBy(print(expression))).toEqual([`${printed} 1`]);
  });

  it.each([
    '5 - "abc"',
    '12 - $var(digits)',
    '~$var(digits)',
    '"n" + 5',
    '"n" + (1 + 2)',
    '5 + "n"',
    '$var(language_unset) + 1',
    '$var(language_unset) * 3',
    '"a" + $var(language_unset) * 5',
    '~ $var(language_unset)',
    '"7" * "6"',
  ])('%s has no value: the variable keeps its own, $rc is -1, and the log names the place', (expression) => {
    const [line, printed, ...more] = printedBy(`$var(digits) = "8"; $var(x) = "kept"; ${print(expression)}`);
    expect(line).toMatch(/^ERROR: test\.cfg:\d+: .* has no result: /);
    expect([printed, ...more]).toEqual(['kept -1']);
  });

  it.each(['$ru', '$du', '$avp(x)'])('an assignment to %s fails alike', (target) => {
    const lines = printedBy(`$du = "sip:a@b"; $avp(x) = "k"; $var(before) = ${target};
      ${target} = 5 - "a"; xlog("$rc"); if ($var(before) == ${target}) xlog("same");`);
    expect(lines.slice(1)).toEqual(['-1', 'same']);
  });

  it.each(['5 / 0', '5 % 0', '5 / $var(language_unset)'])('%s is 0, with a line in the log', (expression) => {
    expect(printedBy(print(expression))).toEqual([
      expect.stringMatching(/^ERROR: test\.cfg:\d+: division by 0 gives 0$/),
      '0 1',
    ]);
  });

  it.each([
    ['+=', '13'],
    ['-=', '7'],
    ['*=', '30'],
    ['/=', '3'],
    ['%=', '1'],
    ['&=', '2'],
    ['|=', '11'],
    ['^=', '9'],
    ['<<=', '80'],
    ['>>=', '1'],
  ])('10 %s 3 leaves %s', (operator, printed) => {
    expect(printedBy(`$var(x) = 10; $var(x) ${operator} 3; xlog("$var(x)");`)).toEqual([printed]);
  });

  it.each(['+= "q"', '+= $var(language_unset)', '*= $var(language_unset)', '-= "3"'])(
    'after %s a number is what it was',
    (change) => {
      expect(printedBy(`$var(i) = 7; $var(i) ${change}; xlog("$var(i) $rc");`).slice(1)).toEqual(['7 -1']);
    },
  );

  it('+= concatenates text', () => {
    expect(printedBy('$var(t) = "a"; $var(t) += "b"; xlog("$var(t) $rc");')).toEqual(['ab 1']);
  });

  it('a compound assignment to an $avp adds a value, like an assignment', () => {
    expect(printedBy('$avp(x) = 1; $avp(x) += 5; xlog("$(avp(x)[*])");')).toEqual(['6, 1']);
  });
});

describe('the return value at the end of a route', () => {
  it.each([
    ['if (0) $var(x) = 1;', 1],
    ['answer(-1); if (0) $var(x) = 1; else { }', 1],
    ['answer(-1); if (1) { if (0) $var(x) = 1; }', 1],
    ['answer(-1); if (1) { }', 1],
    ['answer(-1); if (0) $var(x) = 1; else if (0) $var(x) = 2;', 1],
    ['if (1) answer(-1);', -1],
    ['if (0) $var(x) = 1; else answer(-3);', -3],
    ['answer(-3);', -3],
    ['answer(-1); while (0) { }', 1],
    ['while (1) { break; }', -5],
    ['switch ($rm) { case "OPTIONS": $var(x) = 1; break; }', -5],
    ['answer(-1); switch ($rm) { case "none": $var(x) = 1; }', 1],
    ['$avp(l) = "a"; for ($var(v) in $(avp(l)[*])) { answer(-2); }', -2],
    ['answer(-1); for ($var(v) in $(avp(none)[*])) { $var(x) = 1; }', 1],
    ['return($avp(none));', -1],
    ['return($rm);', 1],
  ])('%s: %i', (body, status) => {
    const bench = benchOf(`route {\n route(sub); xlog("$rc");\n}\nroute[sub] { ${body} }`, functions);
    void bench.main(request());
    expect(bench.log).toEqual([String(status)]);
  });

  it('after an if that did nothing $rc is 0', () => {
    expect(printedBy('$var(x) = 1; if ($rm == "none") { exit; } xlog("$rc");')).toEqual(['0']);
  });
});

describe('route() with a name from run time', () => {
  it.each(['"nope"', 'NULL', '""', '"0"'])(
    'of no route (%s) is -1 with a log line, and never the main route',
    (name) => {
      const lines = printedBy(`$var(r) = ${name}; route($var(r)); xlog("$rc");`);
      expect(lines).toEqual([expect.stringMatching(/^ERROR: test\.cfg:\d+: route\(\): /), '-1']);
    },
  );
});

it('text and an integer variable are concatenated', () => {
  expect(printedBy('$var(i) = 12; $var(x) = "a" + $var(i); xlog("$var(x)");')).toEqual(['a12']);
});

describe('for', () => {
  it('adds a value to an $avp in each iteration', () => {
    expect(
      printedBy(
        '$avp(l) = "a"; $avp(l) = "b"; for ($avp(v) in $(avp(l)[*])) { xlog("$avp(v)"); } xlog("$(avp(v)[*])");',
      ),
    ).toEqual(['b', 'a', 'a, b']);
  });

  it('iterates over nothing without [*], and reports it', () => {
    expect(printedBy('$var(l) = "a"; for ($var(v) in $var(l)) xlog("in"); xlog("$rc");')).toEqual([
      expect.stringContaining('without [*]'),
      '-10',
    ]);
  });
});

describe('conditions', () => {
  const tell = `
route[yes] { xlog("yes $param(1)"); return(1); }
route[no] { xlog("no $param(1)"); return(-1); }
`;

  it('evaluate no more than needed', () => {
    expect(printedBy('if (route(no, 1) && route(yes, 2)) xlog("then"); else xlog("else");', tell)).toEqual([
      'no 1',
      'else',
    ]);
    expect(printedBy('if (route(yes, 1) || route(no, 2)) xlog("then");', tell)).toEqual(['yes 1', 'then']);
    expect(printedBy('if (!route(no, 1) && !route(yes, 2)) xlog("then");', tell)).toEqual(['no 1', 'yes 2']);
  });

  it('evaluate no more than needed if the first operand waits', async () => {
    expect(
      await printedLater(
        `if (answer_later(-1) && route(yes, 2)) xlog("then"); else xlog("else");
         if (answer_later(1) || route(yes, 3)) xlog("then"); else xlog("else");
         if (answer_later(1) && answer_later(-1) || answer_later(1)) xlog("then"); else xlog("else");`,
        tell,
      ),
    ).toEqual(['else', 'then', 'then']);
  });

  it('end the script with a status of 0, anywhere in it', () => {
    for (const condition of ['answer(0)', '!answer(0)', 'answer(1) && answer(0)', 'answer(0) || answer(1)']) {
      const bench = benchOf(
        `route {\n if (${condition}) xlog("then"); else xlog("else");\n xlog("on");\n}`,
        functions,
      );
      void bench.main();
      expect(bench.log, condition).toEqual([]);
    }
  });

  it('end the script with a status of 0 after waiting', async () => {
    expect(await printedLater('if (answer_later(0)) xlog("then"); else xlog("else"); xlog("on");')).toEqual(
      [],
    );
    expect(await printedLater('$var(x) = answer_later(0); xlog("on");')).toEqual([]);
    expect(await printedLater('while (answer_later(0)) xlog("turn"); xlog("on");')).toEqual([]);
    expect(await printedLater('route(r); xlog("on");', 'route[r] { return(answer_later(0)); }')).toEqual([]);
  });
});

describe('while', () => {
  it('is stopped by max_while_loops, logged with its place, and the script continues', () => {
    const lines = printedBy(
      '$var(i) = 0;\nwhile (1) {\n  $var(i) = $var(i) + 1;\n}\nxlog("on after $var(i)");',
      '',
      'max_while_loops=50',
    );
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ERROR: test\.cfg:\d+: while: stopped after 50 turns \(max_while_loops\)$/);
    expect(lines[1]).toBe('on after 50');
  });

  it('may iterate that often, and a condition that waits counts as well', async () => {
    expect(
      printedBy(
        '$var(i) = 0; while ($var(i) < 50) { $var(i) = $var(i) + 1; } xlog("$var(i)");',
        '',
        'max_while_loops=50',
      ),
    ).toEqual(['50']);
    const lines = await printedLater(
      '$var(i) = 0; while (answer_later(1)) { $var(i) = $var(i) + 1; if ($var(i) > 4) break; } xlog("$var(i)");',
    );
    expect(lines).toEqual(['5']);
  });

  it('is left by return and exit inside it', () => {
    const rest = 'route[r] { while (1) { return(7); } }\nroute[e] { while (1) { while (1) { exit; } } }';
    expect(printedBy('route(r); xlog("$rc"); route(e); xlog("not this");', rest)).toEqual(['7']);
  });

  it('is left by break, only the innermost one', async () => {
    const loops = (inner: string) =>
      `$var(i) = 0; while ($var(i) < 3) { $var(i) = $var(i) + 1; while (1) { ${inner} break; } xlog("$var(i)"); }`;
    expect(printedBy(loops(''))).toEqual(['1', '2', '3']);
    expect(await printedLater(loops('answer_later(1);'))).toEqual(['1', '2', '3']);
  });
});

describe('for each', () => {
  const fill = '$avp(a) = 1; $avp(a) = 2; $avp(a) = 3;';

  it('iterates over the values at its start', () => {
    expect(
      printedBy(
        `${fill} for ($var(v) in $(avp(a)[*])) { $avp(a) = 9; xlog("$var(v)"); } xlog("$(avp(a)[*])");`,
      ),
    ).toEqual(['3', '2', '1', '9, 9, 9, 3, 2, 1']);
  });

  it('does not run over nothing, and keeps its order if its body waits', async () => {
    expect(printedBy('for ($var(v) in $(avp(nothing)[*])) xlog("turn"); xlog("on");')).toEqual(['on']);
    expect(
      await printedLater(
        `${fill} for ($var(v) in $(avp(a)[*])) { answer_later(1); xlog("$var(v)"); } xlog("on");`,
      ),
    ).toEqual(['3', '2', '1', 'on']);
  });
});

describe('switch', () => {
  const cases = (value: string, wait = '') => `
    $var(x) = ${value};
    switch ($var(x)) {
      case 1: xlog("one");
      case 2: ${wait} xlog("two"); break;
      default: xlog("other");
      case "text": xlog("text");
    }
    xlog("on");`;

  it.each([
    ['1', ['one', 'two', 'on']],
    ['2', ['two', 'on']],
    ['"TEXT"', ['text', 'on']],
    ['3', ['other', 'text', 'on']],
    ['NULL', ['other', 'text', 'on']],
  ])('falls through from the case of %s to the next break', async (value, printed) => {
    expect(printedBy(cases(value))).toEqual(printed);
    expect(await printedLater(cases(value, 'answer_later(1);'))).toEqual(printed);
  });

  it('is left by return and exit inside it', () => {
    const rest = 'route[r] { switch ($param(1)) { case 1: return(5); default: exit; } }';
    expect(printedBy('route(r, 1); xlog("$rc"); route(r, 2); xlog("not this");', rest)).toEqual(['5']);
  });
});

describe('a variable with a number and a text value', () => {
  it('is the number in conditions and arithmetic, and the text beside text', () => {
    const statements = `setflag("X");
      xlog("$msg.flag(X) $msg.flag(Y) $(msg.flag(X){s.len})");
      if ($msg.flag(X) && !$msg.flag(Y)) xlog("conditions");
      if ($msg.flag(X) == 1 && $msg.flag(Y) == 0) xlog("numbers");
      if ($msg.flag(X) == "true" && $msg.flag(Y) =~ "^false$") xlog("words");
      $var(n) = $msg.flag(X) + 1; xlog("$var(n)");`;
    expect(printedBy(statements)).toEqual(['true false 4', 'conditions', 'numbers', 'words', '2']);
  });
});

describe('routes', () => {
  it('return values in addition to the code', () => {
    expect(
      printedBy(
        'route(r); xlog("$rc $(return(0)) $(return(1)) $(return(2))");',
        'route[r] { $var(y) = "text"; return(3, $var(y), 8); }',
      ),
    ).toEqual(['3 text 8 <null>']);
  });

  it('have their own parameters, and restore those of the caller', () => {
    expect(
      printedBy(
        'route(outer, "a");',
        `route[outer] { route(inner, "b"); xlog("outer $param(1) $param(2)"); }
         route[inner] { xlog("inner $param(1)"); }`,
      ),
    ).toEqual(['inner b', 'outer a <null>']);
  });

  it('are called by a name in a variable or a string with variables', () => {
    const rest = 'route[to_bob] { xlog("$route.name $param(1)"); return(-4); }';
    expect(
      printedBy('$var(r) = "to_bob"; route($var(r), 7); xlog("$rc"); route("to_$var(who)", 8);', rest, ''),
    ).toEqual(['to_bob 7', '-4', expect.stringMatching(/route\(\): unknown route\[to_<null>\]$/)]);
    expect(printedBy('$var(who) = "bob"; if (!route("to_$var(who)", 8)) xlog("$rc");', rest)).toEqual([
      'to_bob 8',
      '-4',
    ]);
  });

  it('that do not exist when called return -1', () => {
    expect(printedBy('$var(r) = "none"; if (route($var(r))) xlog("yes"); else xlog("$rc");')).toEqual([
      expect.stringMatching(/route\(\): unknown route\[none\]$/),
      '-1',
    ]);
  });

  it('nested too deep end the script, logged with the place', () => {
    const lines = printedBy('route(again); xlog("not this");', 'route[again] {\n  route(again);\n}');
    expect(lines).toEqual([
      expect.stringMatching(/^ERROR: test\.cfg:\d+: route\(again\): routes are nested deeper than 100$/),
    ]);
  });

  it('end the script with return(0) and with exit, from any depth', () => {
    const rest = (end: string) => `route[a] { route(b); xlog("not this"); }\nroute[b] { ${end}; }`;
    for (const end of ['return(0)', 'exit', 'drop'])
      expect(printedBy('xlog("before"); route(a); xlog("nor this");', rest(end))).toEqual(['before']);
  });
});

describe('assert()', () => {
  const statements = 'assert($rc == 99, "as it should be"); xlog("on");';

  it('checks nothing unless enable_asserts is set', () => {
    expect(printedBy(statements)).toEqual(['on']);
    expect(printedBy(statements, '', 'enable_asserts=1')).toEqual([
      expect.stringMatching(/^ERROR: test\.cfg:\d+: assert: as it should be$/),
    ]);
  });
});

describe('async()', () => {
  it('may be called again in a resume route, and $avp is kept', async () => {
    const lines = await printedLater(
      '$avp(path) = "a"; async(answer_later(7), second); xlog("not this");',
      `route[second] { xlog("second $rc $avp(path)"); $avp(path) := "b"; async(answer_later(8), third); xlog("nor this"); }
       route[third] { xlog("third $rc $avp(path)"); async(answer_later(-9), fourth); }
       route[fourth] { route(inside); xlog("nor this"); }
       route[inside] { xlog("fourth $rc"); exit; }`,
    );
    expect(lines).toEqual(['second 7 a', 'third 8 b', 'fourth -9']);
  });

  it('ends the script from routes, loops and conditions', async () => {
    const resume =
      'route[resume] { xlog("resumed"); }\nroute[asks] { while (1) { async(answer_later(1), resume); } }';
    expect(await printedLater('if (route(asks)) xlog("not this"); xlog("nor this");', resume)).toEqual([
      'resumed',
    ]);
  });

  it('on an ACK, which has no transaction, is a blocking call', async () => {
    const bench = benchOf(
      'route { async(answer_later(5), resume); }\nroute[resume] { xlog("resumed $rc"); }',
      functions,
    );
    const flow = bench.main(request({ method: 'ACK' }));
    expect(flow).toBeInstanceOf(Promise);
    expect(bench.routing.background.size).toBe(0);
    await flow;
    expect(bench.log).toEqual(['resumed 5']);
  });

  it('that completes at once and resumes into itself ends at script_time_limit', async () => {
    const bench = benchOf(
      'script_time_limit=20\nroute { async(answer_now(1), again); }\nroute[again] { async(answer_now(1), again); }',
      functions,
    );
    await bench.main(request());
    expect(bench.log).toEqual([expect.stringContaining('ended after 20 ms (script_time_limit)')]);
  });

  it('is an error without a request', () => {
    expect(() =>
      benchOf('route { exit; }\nstartup_route { async(answer_later(1), r); }\nroute[r] { exit; }', functions),
    ).toThrow('async() is not allowed in a startup_route');
  });
});

describe('launch()', () => {
  it('passes its parameter, a format string evaluated at launch', async () => {
    const lines = await printedLater(
      `$avp(n) = 1; launch(answer_later(4), report, "n=$avp(n) of $fU"); $avp(n) := 2; xlog("on $rc");
       launch(answer_later(-4), report, $avp(n)); launch(answer_later(6));`,
      'route[report] { xlog("$param(1): $rc, avp $avp(n), from $fU"); }',
    );
    expect(lines).toEqual([
      'on 1',
      'n=1 of alice: 4, avp <null>, from <null>',
      '2: -4, avp <null>, from <null>',
    ]);
  });
});

describe('a path that does not wait', () => {
  it('creates no promise: its outcome is available at once', () => {
    const bench = benchOf(
      `route {
  $var(i) = 0;
  while ($var(i) < 10) {
    $var(i) = $var(i) + 1;
    switch ($var(i)) { case 3: route(deeper, $var(i)); break; default: $avp(all) = $var(i); }
  }
  for ($var(v) in $(avp(all)[*]))
    if ($var(v) =~ "^[0-9]$" && !($var(v) == 4))
      xlog("L_DBG", "$(var(v){s.len})");
  send_reply(200, "OK");
  if (0)
    answer_later(1);
}
route[deeper] { return($param(1)); }
loadmodule "signaling.so"`,
      functions,
    );
    const run = bench.newRun(request());
    expect(typeof bench.routing.script.main.execute(run)).toBe('number');
    expect(run.request.replied).toBe(true);
  });

  it('is distinguished from one that waits', async () => {
    const bench = benchOf('route { answer_later(1); }', functions);
    const flow = bench.routing.script.main.execute(bench.newRun(request()));
    expect(flow).toBeInstanceOf(Promise);
    await flow;
  });

  it('frees its worker at once', () => {
    const bench = benchOf('route { xlog("a"); }');
    bench.pool.submit(() => {
      void bench.main();
    });
    expect(bench.pool.busy).toBe(0);
    expect(bench.log).toEqual(['a']);
  });
});

describe('assignments', () => {
  it.each([
    ['1 + $var(i) == 12', '1 1'],
    ['2 * $var(i) == 20', '0 1'],
    ['5 + $var(i) > 3', '6 1'],
    ['$var(i) == 10 + 5', '6 1'],
    ['($var(i) == 15 - 5)', '-5 1'],
    ['$var(i) + 1 == 11', '1 1'],
  ])('compares before it adds: %s', (expression, printed) => {
    expect(printedBy(`$var(i) = 10; ${print(expression)}`)).toEqual([printed]);
  });

  it('keep AVPs and JSON if the expression fails', () => {
    const lines = printedBy(
      '$avp(q) = "keep"; $avp(q) = 5 - "a"; xlog("$(avp(q)[*]) $rc"); $avp(q) := 5 - "a"; xlog("$(avp(q)[*]) $rc"); $(avp(q)[0]) = $var(nothing_yet) - 1; xlog("$(avp(q)[*]) $rc");',
    );
    expect(lines.filter((line) => !line.startsWith('ERROR'))).toEqual(['keep -1', 'keep -1', 'keep -1']);
  });

  it('to a part of a URI take text or a variable; empty text unsets $du and restores $ru', async () => {
    const bench = benchOf(
      `route { $var(i) = 7; $rU = 5; xlog("$rU $rc"); $rU = $var(i) + 1; xlog("$rU $rc"); $rU = $var(i); xlog("$rU $rc");
        $rd = 5; xlog("$rd $rc"); $ru = ""; xlog("$rU $rc"); $du = "sip:a@b"; $du = ""; xlog("$du $rc"); }`,
    );
    await bench.main(request());
    expect(bench.log.filter((line) => !line.startsWith('ERROR'))).toEqual([
      'bob -1',
      'bob -1',
      '7 1',
      'biloxi.example.com -1',
      'bob 1',
      '<null> 1',
    ]);
  });
});

describe('the end of a route, branch or loop', () => {
  it('that is an if whose condition failed returns 1', () => {
    const lines = printedBy(
      `$var(t) = "abc"; $avp(l) = "a"; route(failing); xlog("$rc"); if (1) { if ($var(t) == 5) { } } xlog("$rc");
       for ($var(v) in $(avp(l)[*])) { if ($var(t) == 5) { exit; } } xlog("$rc");
       if (1) { $var(x) = 5 - "a"; } xlog("$rc"); if ($var(t) == 5) { } xlog("$rc");`,
      'route[failing] { if ($var(t) == 5) { exit; } }',
    );
    expect(lines.filter((line) => !line.startsWith('ERROR'))).toEqual(['1', '1', '1', '-1', '-1']);
  });

  it('is unaffected by a for without a body', () => {
    expect(
      printedBy('$avp(l) = "a"; $var(v) = "old"; for ($var(v) in $(avp(l)[*])) { } xlog("$var(v) $rc");'),
    ).toEqual(['old 1']);
  });

  it('$cs is text', async () => {
    const bench = benchOf('route { $var(x) = $cs + "z"; xlog("$rc"); $var(x) = 1 + $cs; xlog("$rc"); }');
    await bench.main(request());
    expect(bench.log.filter((line) => !line.startsWith('ERROR'))).toEqual(['1', '-1']);
  });
});
