/** Modules that have no scenario, or whose scenarios leave something out. */
import { describe, expect, test } from 'vitest';
import { edits } from '../../src/runtime/index.ts';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';

const printed = async (module: string, body: string, rest = '') =>
  (await runScript(body, { modules: [module], rest })).prints;

const added = async (module: string, body: string, rest = '', request = sampleRequest) => {
  const outcome = await runScript(body, { modules: [module], rest, request });
  const list = outcome.request?.state(edits) ?? [];
  return list.map((edit) => ('lines' in edit ? `${edit.kind} ${edit.lines}` : edit.kind));
};

describe('mathops', () => {
  test.each([
    ['1 $avp(n) swap swap dup drop / exp ln 1 swap /', '1 3.000000'],
    ['2 3 pow 10 mod', '1 8.000000'],
    ['2.5 nearbyint', '1 2.000000'],
    ['-2.5 round neg', '1 3.000000'],
    ['1 +', '-1 <null>'],
    ['1 2', '-1 <null>'],
    ['', '-1 <null>'],
    ['nonsense', '-1 <null>'],
  ])('math_rpn("%s")', async (expression, expected) => {
    expect(
      await printed(
        'mathops',
        `$avp(n) = "3"; $var(r) = NULL; math_rpn("${expression}", $var(r)); xlog("$rc $var(r)");`,
      ),
    ).toEqual([expected]);
  });

  test.each([
    ['2 ^ 3 ^ 2', '64.000000'],
    ['-2 ^ 2', '4.000000'],
    ['--3 + sin(0)', '3.000000'],
    ['log(1000) + ln(1)', '3.000000'],
    ['-1 / 0', '-inf'],
    ['sqrt(-1)', 'nan'],
  ])('math_eval("%s")', async (expression, expected) => {
    expect(await printed('mathops', `math_eval("${expression}", $var(r)); xlog("$var(r)");`)).toEqual([
      expected,
    ]);
  });

  test('math_compare() returns a number', async () => {
    const body = ['1 + 8", "7 / 2', '1", "2', '2", "4 / 2'].map(
      (two) => `math_compare("${two}", $var(r)); if ($var(r) == $var(r) + 0) xlog("$var(r)");`,
    );
    expect(await printed('mathops', body.join('\n'))).toEqual(['1', '-1', '0']);
  });

  test('an expression of any depth has a result', async () => {
    const deep = '('.repeat(5000);
    expect(await printed('mathops', `math_eval("${deep}1", $var(r)); xlog("$rc");`)).toEqual(['-1']);
  });
});

describe('regex', () => {
  test('returns the matched part, and names what needs backtracking', async () => {
    expect(
      await printed(
        'regex',
        `pcre_match("call 555-1234 now", "[0-9]+-[0-9]+", $var(m)); xlog("$rc $var(m)");
         pcre_match("none", "[0-9]+", $var(m)); xlog("$rc $var(m)");
         pcre_match("aa", "(a)\\\\1"); xlog("$rc");
         pcre_match("ab", "a(?=b)"); xlog("$rc");
         pcre_match_group("x"); xlog("$rc");`,
      ),
    ).toEqual(['1 555-1234', '-1 <null>', '-4', '-4', '-2']);
  });

  test('blanks and comments are ignored on request', async () => {
    const rest = 'modparam("regex", "pcre_extended", 1)\nmodparam("regex", "pcre_dotall", 1)';
    expect(
      await printed(
        'regex',
        'pcre_match("ab c", "a b [ ] c"); xlog("$rc"); pcre_match("a\\nb", "a.b"); xlog("$rc");',
        rest,
      ),
    ).toEqual(['1', '1']);
  });
});

describe('path', () => {
  test('adds the address of the socket and the source', async () => {
    expect(await added('path', 'add_path(); add_path_received("edge");')).toEqual([
      'insert-before Path: <sip:127.0.0.1;lr>\r\n',
      expect.stringMatching(/^insert-before Path: <sip:edge@127\.0\.0\.1;received=sip:[\d.]+:\d+;lr>\r\n$/),
    ]);
    expect(await printed('path', 'add_path("a@b>"); xlog("$rc");')).toEqual(['-1']);
  });

  test('loose_route() follows the received address of its own Route', async () => {
    const request = sampleRequest.replace(
      'Max-Forwards',
      'Route: <sip:127.0.0.1;lr;received=sip:192.0.2.7:5062>\nMax-Forwards',
    );
    const rest = 'loadmodule "rr.so"\nalias=udp:127.0.0.1:5060\nmodparam("path", "use_received", 1)';
    const { prints } = await runScript('loose_route(); xlog("$du");', { modules: ['path'], rest, request });
    expect(prints).toEqual(['sip:192.0.2.7:5062']);
  });
});

describe('diversion', () => {
  test('the last one added is topmost, above those of the request', async () => {
    expect(
      await added(
        'diversion',
        'add_diversion("user-busy"); add_diversion("no-answer", "sip:x@y.example", 2);',
        'modparam("diversion", "suffix", ";privacy=full")',
      ),
    ).toEqual([
      'insert-before Diversion: <sip:x@y.example>;reason=no-answer;counter=2;privacy=full\r\n' +
        'Diversion: <sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone>;reason=user-busy;privacy=full\r\n',
    ]);
  });

  test('text that would add a header is refused', async () => {
    expect(
      await printed('diversion', '$var(x) = "a\\r\\nX: y"; add_diversion($var(x)); xlog("$rc");'),
    ).toEqual(['-1']);
  });
});

describe('ratelimit', () => {
  test('counts go down to zero, and are listed', async () => {
    expect(
      await printed(
        'ratelimit',
        `rl_check("a", 5); rl_check("a/s", 5); rl_check("b", 5); xlog("$rl_count(a) $rl_count(b)");
         rl_dec_count("a"); xlog("$rl_count(a)"); rl_reset_count("b"); xlog("$rl_count(b)");
         rl_values($avp(all)); xlog("$(avp(all)[*])"); rl_values($avp(some), "^b"); xlog("$avp(some)");
         rl_dec_count("none"); xlog("$rc");`,
      ),
    ).toEqual(['2 1', '1', '0', 'b, a', 'b', '-1']);
  });
});
