import { expect, test } from 'vitest';
import { LocalCache } from '../../src/modules/cachedb-local.ts';
import { runScript } from '../support/run-script.ts';

const modules = ['cachedb_local'];

test('keys are removed by patterns, in the collection that is named', async () => {
  const { prints } = await runScript(
    `cache_store("local", "info_1", "a"); cache_store("local", "info_2", "b"); cache_store("local", "other", "c");
     cache_store("local:second", "info_1", "d");
     cache_remove_chunk("info_[1-9]"); xlog("$rc");
     cache_fetch("local", "info_1", $var(v)); xlog("$rc");
     cache_fetch("local", "other", $var(v)); xlog("$rc $var(v)");
     cache_fetch("local:second", "info_1", $var(v)); xlog("$rc $var(v)");
     cache_remove_chunk("two", "i*"); cache_fetch("local:second", "info_1", $var(v)); xlog("$rc");
     cache_remove_chunk("none", "i*"); xlog("$rc");`,
    {
      modules,
      rest: `modparam("cachedb_local", "cache_collections", "two/r = 5; default = 4")
        modparam("cachedb_local", "cachedb_url", "local:second:///two")`,
    },
  );
  expect(prints).toEqual(['1', '-2', '1 c', '1 d', '-2', '-1']);
});

test('counters count, and refuse what is no number', async () => {
  const { prints } = await runScript(
    `cache_add("local", "n", 5, 0, $var(v)); xlog("$rc $var(v)");
     cache_sub("local", "n", 7, 0, $var(v)); xlog("$rc $var(v)");
     cache_counter_fetch("local", "n", $var(v)); xlog("$rc $var(v)");
     cache_store("local", "t", "text"); cache_add("local", "t", 1, 0); xlog("$rc");
     cache_remove("local", "n"); cache_counter_fetch("local", "n", $var(v)); xlog("$rc");
     cache_fetch("redis:x", "n", $var(v)); xlog("$rc");`,
    { modules },
  );
  expect(prints).toEqual(['1 5', '1 -2', '1 -2', '-1', '-2', '-1']);
});

test('what is over is not there any more, and adding does not make it last longer', () => {
  let now = 0;
  const cache = new LocalCache(() => now);
  cache.store('short', 'a', 1);
  cache.store('long', 'b', 0);
  cache.add('count', 1, 2);
  now = 1000;
  expect([cache.fetch('short'), cache.fetch('long'), cache.fetch('count')]).toEqual([null, 'b', 1]);
  cache.add('count', 1, 2);
  now = 1999;
  expect(cache.fetch('count')).toBe(2);
  now = 2500;
  expect(cache.add('count', 1, 2)).toBe(1);
  now = 4500;
  cache.sweep();
  expect([cache.fetch('count'), cache.fetch('long')]).toEqual([null, 'b']);
});
