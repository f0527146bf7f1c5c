/** A module that siprest lacks stops a script only if the script uses something of it. */
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../src/workers/load-script.ts';

const found = (script: string) =>
  loadScript(`loadmodule "tm.so"\n${script}`).diagnostics.map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );
const unused = (name: string) =>
  `warning inert: the module ${name} has no effect: siprest does not have it, and the script uses none of its functions, variables and events`;
const missing = (name: string) => `error not-available: siprest does not have the module ${name}`;

describe('a module that siprest lacks', () => {
  test('is a warning, with its parameters, if the script uses nothing of it', () => {
    expect(
      found(`loadmodule "presence.so"
modparam("presence", "db_url", "mysql://x")
modparam("presence|tm", "fr_timeout", 5)
route { exit; }`),
    ).toEqual([unused('presence')]);
  });

  test.each([
    ['a function', 'route { handle_publish(); }', 'presence'],
    [
      'a function in the background',
      'route { async(b2b_init_request("x"), route_x); }\nroute[route_x] { exit; }',
      'b2b_logic',
    ],
    ['a variable', 'route { $var(x) = $siprec(group); }', 'siprec'],
    ['a variable in text', 'route { xlog("$siprec(group)"); }', 'siprec'],
    ['an event', 'route { exit; }\nevent_route[E_PRESENCE_PUBLISH] { exit; }', 'presence'],
  ])('is an error when the script uses %s of it', (_, script, module) => {
    expect(found(`loadmodule "${module}.so"\n${script}`)).toContain(missing(module));
  });

  test('is an error if it may define an undocumented name', () => {
    const own = 'loadmodule "our_own.so"\nmodparam("our_own", "x", 1)\n';
    expect(found(`${own}route { exit; }`)).toEqual([unused('our_own')]);
    expect(found(`${own}route { our_very_own_function("x"); }`)).toContain(missing('our_own'));
  });

  test('that shares a name with another one counts only if loaded', () => {
    expect(found('loadmodule "b2b_entities.so"\nroute { b2b_init_request("x"); }')).toContain(
      unused('b2b_entities'),
    );
  });

  test('is a typo if a known name is similar', () => {
    expect(found('loadmodule "textop.so"\nroute { exit; }')).toEqual([
      'error unknown-module: unknown module "textop"',
    ]);
  });
});

test('a script starts without database drivers', () => {
  expect(
    found('loadmodule "db_mysql.so"\nmodparam("db_mysql", "timeout_interval", 2)\nroute { exit; }'),
  ).toEqual([
    'note inert: the module db_mysql has no effect: siprest has no connection to MySQL; a REST service can answer what a table would',
  ]);
});
