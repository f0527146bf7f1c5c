/** Warnings about the order of execution: each with a script that earns it, and its neighbours that do not. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../src/index.ts';

const modules = [
  'proto_udp',
  'sl',
  'signaling',
  'tm',
  'rest_client',
  'rest_policy',
  'json',
  'textops',
  'cfgutils',
];
const loads = modules.map((name) => `loadmodule "${name}.so"\n`).join('');

const flowCodes: ReadonlySet<string> = new Set([
  'stale-return-code',
  'variable-over-async',
  'unescaped-input',
  'text-as-number',
  'refused-argument',
]);

/** What is warned of, each by its code and the text that it marks. */
function warningsOf(text: string): readonly string[] {
  const { diagnostics, sources } = loadScript(text);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return diagnostics
    .filter(({ code }) => flowCodes.has(code))
    .map(({ code, span }) => {
      const { base, text: source } = sources.fileAt(span.start);
      return `${code} ${source.slice(span.start - base, span.end - base)}`;
    });
}

const inRoute = (body: string, routes = '') => warningsOf(`${loads}route {\n${body}\n}\n${routes}\n`);
const get = 'rest_get("http://h/x", $var(b), , $var(c))';

describe('$rc after another statement', () => {
  test.each([
    [`${get}; xlog("done\\n"); if ($rc < 0) exit;`],
    [`${get}; $var(x) = 5; if ($rc < 0) exit;`],
    [`$var(r) = ${get}; if ($rc < 0) exit;`],
    [`${get}; setflag(A); switch ($rc) { case -1: exit; }`],
    [`${get}; if ($rc == -1) exit; if ($rc < 0) exit;`],
    [`${get}; xlog("a"); xlog("b $rc");`],
    [`${get}; if ($var(c) == 200) xlog("x"); else xlog("y"); $var(z) = NULL; if ($rc < 0) exit;`],
  ])('%s', (body) => {
    expect(inRoute(body)).toEqual(['stale-return-code $rc']);
  });

  test.each([
    [`${get}; if ($rc < 0) exit;`],
    [`${get}; $var(rc) = $rc; xlog("$var(rc)"); if ($var(rc) < 0) exit;`],
    [`${get}; xlog("the code is $rc\\n");`],
    [`xlog("x"); ${get}; if ($rc < 0) { xlog("no"); exit; }`],
    [`${get}; if ($rc == -1) { xlog("x"); exit; } else if ($rc < 0) exit;`],
    [`${get}; if ($var(c) == 200) xlog("x"); else route(r); if ($rc < 0) exit;`],
    ['route(r); if ($rc < 0) exit;'],
    ['$json(x) := "nope"; if ($rc < 0) exit;'],
    ['$var(i) = 5 - $var(j); if ($rc < 0) exit;'],
    [`while ($var(i) < 3) { ${get}; $var(i) += 1; } if ($rc < 0) exit;`],
    [`if (${get} && isflagset(A)) exit; if ($var(c) == 1) setflag(A); else ${get}; if ($rc == -1) exit;`],
  ])('not %s', (body) => {
    expect(inRoute(body, 'route[r] { return(2); }')).toEqual([]);
  });
});

describe('$var over async()', () => {
  test.each([
    ['$var(u) = "a"; async(rest_get("http://h/", $var(b)), next);', 'xlog("$var(u) $var(b)"); exit;'],
    ['$var(u) = 1; launch(rest_get("http://h/", $var(b)), next); exit;', 'if ($var(u) == 1) exit;'],
    ['$var(u) = 1; route(ask);', 'xlog("$var(u)");', 'route[ask] { async(rest_get("http://h/"), next); }'],
    ['$var(u) = 1; async(rest_get("http://h/"), next);', 'route(deep);', 'route[deep] { xlog("$var(u)"); }'],
    [
      'if ($si == "1.1.1.1") $var(u) = 1; else $var(u) = 2; async(rest_get("http://h/"), next);',
      'if ($rc > 0) $var(u) = 3; if ($var(u) == 1) exit;',
    ],
  ])('%s | %s', (body, next, more = '') => {
    expect(inRoute(body, `route[next] { ${next} }\n${more}`)).toEqual(['variable-over-async $var(u)']);
  });

  test.each([
    ['async(rest_get("http://h/", $var(b), $var(t), $var(c)), next);', 'xlog("$var(b) $var(t) $var(c)");'],
    ['$avp(u) = 1; async(rest_get("http://h/"), next);', 'xlog("$avp(u)");'],
    ['$var(u) = 1; async(rest_get("http://h/"), next);', '$var(u) = 2; xlog("$var(u)");'],
    ['$var(u) = 1; async(rest_get("http://h/"), next);', 'route(sets); xlog("$var(u)");'],
    ['$var(u) = 1; xlog("$var(u)"); async(rest_get("http://h/"), next);', 'xlog("$var(never)");'],
    ['$var(u) = "x"; async(rest_get("http://h/$var(u)"), next);', 'exit;'],
  ])('not %s | %s', (body, next) => {
    expect(inRoute(body, `route[next] { ${next} }\nroute[sets] { $var(u) = 5; return; }`)).toEqual([]);
  });
});

describe("a caller's text in a URL", () => {
  test.each([
    ['rest_get("http://h/$fU", $var(b));', '$fU'],
    ['rest_get("http://h/?a=$(hdr(X-A)[0])", $var(b));', '$(hdr(X-A)[0])'],
    ['rest_delete("http://h/$(fu{uri.user})");', '$(fu{uri.user})'],
    ['$var(u) = "http://h/" + $rU; rest_get($var(u), $var(b));', '$var(u)'],
    ['$var(u) = $rU; rest_post("http://h/$var(u)", "x", , $var(b));', '$var(u)'],
    ['$var(u) = "http://h/"; $var(u) += $rU; rest_json("$var(u)", $json(a));', '$var(u)'],
    ['for ($var(h) in $(hdr(X)[*])) rest_head("http://h/$var(h)");', '$var(h)'],
    ['rest_get("$hdr(X-URL)", $var(b));', '$hdr(X-URL)'],
  ])('%s', (body, marked) => {
    expect(inRoute(body)).toEqual([`unescaped-input ${marked}`]);
  });

  test.each([
    ['rest_get("http://h/$(fU{rest.escape})?n=$(hdr(X){s.int})&h=$(fu{s.md5})&ip=$si", $var(b));'],
    ['$var(u) = "http://h/" + $(rU{rest.escape}); rest_get("$var(u)", $var(b));'],
    ['$var(u) = "http://h/"; rest_get("$(var(u){rest.query,a,$fU,b,$hdr(X)})", $var(b));'],
    ['$var(u) = $fU; rest_get("http://h/$(var(u){rest.escape})", $var(b));'],
    ['$var(u) = $fU; $var(u) = "x"; rest_get("http://h/$var(u)", $var(b));'],
    ['rest_post("http://h/", "$fU", "text/plain", $var(b));'],
    ['$var(u) = $fU; route(sets); rest_get("http://h/$var(u)", $var(b));'],
  ])('not %s', (body) => {
    expect(inRoute(body, 'route[sets] { $var(u) = "y"; return; }')).toEqual([]);
  });
});

describe('text compared with a number', () => {
  test.each([
    [`${get}; if ($var(b) > 10) exit;`, '$var(b)'],
    ['if ($rU == 100) exit;', '$rU'],
    ['if (0 < $hdr(Expires)) exit;', '$hdr(Expires)'],
    ['$var(x) = "5"; if ($var(x) == 5) exit;', '$var(x)'],
    ['$var(x) = "5" + $rU; if ($var(x) == -5) exit;', '$var(x)'],
    ['rest_request("GET", "http://h/", , , $avp(b)); if ($avp(b) == 1) exit;', '$avp(b)'],
  ])('%s', (body, marked) => {
    expect(inRoute(body)).toEqual([`text-as-number ${marked}`]);
  });

  test('after async() as well', () => {
    const routes = 'route[next] { if ($var(b) > 10 || $var(c) == 200) exit; }';
    expect(inRoute('async(rest_get("http://h/", $var(b), , $var(c)), next);', routes)).toEqual([
      'text-as-number $var(b)',
    ]);
  });

  test.each([
    [`${get}; if ($(var(b){s.int}) > 10 || $var(c) == 200 || $var(b) == "10") exit;`],
    ['if ($rU == "100" || $rs == 200 || $cl > 5 || $mf > 3) exit;'],
    ['$var(x) = "5"; if ($fU == "a") $var(x) = 5; if ($var(x) == 5) exit;'],
    ['$var(x) = "5"; route(sets); if ($var(x) == 5) exit;'],
    ['$var(x) = "5"; while ($var(x) != 3) { $var(x) = 3; }'],
    [`$var(x) = ${get}; if ($var(x) == 1) exit;`],
    ['rest_json("http://h/", $json(a)); if ($json(a/n) == 1) exit;'],
  ])('not %s', (body) => {
    expect(inRoute(body, 'route[sets] { $var(x) = 5; return; }')).toEqual([]);
  });
});

describe('fixed text that is rejected', () => {
  test.each([
    ['rest_append_hf("no header");', '"no header"'],
    ['rest_append_hf("Content-Length: $var(n)");', '"Content-Length: $var(n)"'],
    ['rest_append_hf("Bad Name: $var(n)");', '"Bad Name: $var(n)"'],
    ['rest_append_hf("A: 1\\r\\nB: 2");', '"A: 1\\r\\nB: 2"'],
    ['rest_request("GET IT", "http://h/");', '"GET IT"'],
  ])('%s', (body, marked) => {
    expect(inRoute(body)).toEqual([`refused-argument ${marked}`]);
  });

  test.each([
    ['rest_append_hf("X-Id: $ci");'],
    ['rest_append_hf("$var(line)");'],
    ['rest_request($var(m), "http://h/");'],
  ])('not %s', (body) => {
    expect(inRoute(body)).toEqual([]);
  });
});

interface Vector {
  readonly id: string;
  readonly script: string;
}

/** The black-box runner is plain JavaScript. */
const runner: { configuration(vectors: readonly Vector[], modulePath: string): string } = await import(
  new URL('../conformance/run.mjs', import.meta.url).href
);

/** Vectors about the very thing that is warned of. */
const earned: Readonly<Record<string, readonly string[]>> = {
  'edge-mismatch-fails-whole-condition': ['text-as-number'],
  'flow-launch-noroute': ['stale-return-code'],
  'flow-rc-chain': ['stale-return-code'],
  'flow-rc-xlog': ['stale-return-code'],
  'lang-rc-after-assign': ['stale-return-code'],
  'rest-credit-allowed': ['unescaped-input'],
  'rest-credit-error': ['unescaped-input'],
  'rest-credit-forbidden': ['unescaped-input'],
  'rest-get-url-pvar': ['unescaped-input'],
  'rest-get-url-var': ['unescaped-input'],
  'wire-hf-space': ['refused-argument'],
};

const codesIn = (text: string) =>
  [...new Set(loadScript(text).diagnostics.map(({ code }) => code))].filter((code) => flowCodes.has(code));

const vectors = new URL('../conformance/vectors/', import.meta.url);

test('no conformance script gets one, except those about it', () => {
  const found: Record<string, readonly string[]> = {};
  for (const file of readdirSync(vectors).filter((name) => name.endsWith('.json')))
    for (const vector of JSON.parse(readFileSync(new URL(file, vectors), 'utf8')) as readonly Vector[]) {
      const codes = codesIn(runner.configuration([vector], '/modules/'));
      if (codes.length > 0) found[vector.id] = codes;
    }
  expect(found).toEqual(earned);
});

const pages = [
  'README.md',
  ...readdirSync('docs').flatMap((name) => (/^(?!diagnostics).*\.md$/.test(name) ? `docs/${name}` : [])),
];
const examples = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.cfg'),
);

test.each(examples)('no warning for examples/%s', (name) => {
  expect(codesIn(readFileSync(`examples/${name}`, 'latin1'))).toEqual([]);
});

test.each(pages)('no warning for the scripts of %s', (page) => {
  for (const [, script = ''] of readFileSync(page, 'latin1').matchAll(/^```opensips\n([\s\S]*?)^```$/gm))
    expect(codesIn(script)).toEqual([]);
});

test('a long chain of generated routes is checked', () => {
  const routes = Array.from(
    { length: 5_000 },
    (_, i) =>
      `route[r${i}] { $var(v${i}) = $fU; if ($var(v${i}) == "x") route(r${i + 1}); xlog("$var(v${i + 1})"); }`,
  ).join('\n');
  expect(codesIn(`route { route(r0); }\n${routes}\nroute[r5000] { exit; }`)).toEqual([]);
});
