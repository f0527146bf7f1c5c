import { expect, test } from 'vitest';
import { runScript } from '../support/script-harness.ts';
import { programOf } from '../support/server.ts';

const modules = ['statistics'];

test('counters are added to, read and reset', async () => {
  const { prints, log } = await runScript(
    `xlog("$stat(calls) $stat(none)");
     update_stat("calls", 3); update_stat("calls", -1); xlog("$rc $stat(calls) $stat(dynamic:calls)");
     $var(name) = "new"; update_stat($var(name), 7); xlog("$stat(new) $stat($var(name))");
     reset_stat("calls"); xlog("$rc $stat(calls)");
     $stat(new) = 0; xlog("$stat(new)");
     update_stat("lasting", 2); reset_stat("lasting"); xlog("$rc $stat(lasting)");`,
    {
      modules,
      rest: `modparam("statistics", "variable", "calls")
        modparam("statistics", "variable", "lasting/no_reset")`,
    },
  );
  expect(prints).toEqual(['0 <null>', '1 2 2', '7 7', '1 0', '0', '-1 2']);
  expect(log.join('\n')).toContain('"lasting" cannot be reset');
});

test('a group is gone through by an iterator, and others have counters of the same names', async () => {
  const { prints, log } = await runScript(
    `update_stat("method:invite", 2); update_stat("method:bye", 1); update_stat("invite", 9);
     stat_iter_init("method", "i");
     while (stat_iter_next($var(n), $var(v), "i")) xlog("$var(n)=$var(v)");
     stat_iter_next($var(n), $var(v), "never begun"); xlog("$rc");
     update_stat("nowhere:x", 1); xlog("$rc"); stat_iter_init("nowhere", "i"); xlog("$rc");`,
    { modules, rest: 'modparam("statistics", "stat_groups", "method, packet")' },
  );
  expect(prints).toEqual(['invite=2', 'bye=1', '-1', '-1', '-1']);
  expect(log.join('\n')).toContain('"nowhere:x" is of no group that stat_groups defines');
});

test.each([
  ['modparam("statistics", "variable", "a/often")', /variable "a\/often" cannot be read/],
  ['modparam("statistics", "variable", "x:a")', /"x:a" is of no group/],
])('a parameter that means nothing is a mistake: %s', (line, why) => {
  expect(() => programOf(`loadmodule "statistics.so"\n${line}\nroute { exit; }`)).toThrow(why);
});
