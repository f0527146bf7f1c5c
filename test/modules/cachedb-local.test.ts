import { expect, test } from 'vitest';
import { ByteBudget } from '../../src/timers/index.ts';
import { MemoryStore } from '../../src/workers/stores/memory-store.ts';
import { RemoteStore } from '../../src/workers/stores/remote-store.ts';
import { StoreState } from '../../src/workers/stores/store-state.ts';
import { runScript } from '../support/run-script.ts';

const modules = ['cachedb_local'];

test('keys are removed by pattern, in the named collection', async () => {
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

test('counters count, and reject a value that is not a number', async () => {
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

test('a full or unreachable cache is -1, and logged', async () => {
  const script = `cache_store("local", "k", "${'x'.repeat(1000)}"); xlog("$rc");
    cache_add("local", "n", 1, 0); xlog("$rc");
    cache_fetch("local", "n", $var(v)); xlog("$rc");
    $shv(name) = "${'x'.repeat(1000)}"; xlog("$shv(name)");
    get_dynamic_lock("key"); xlog("$rc");
    update_stat("n", 1); xlog("$rc");`;
  const run = (store: MemoryStore | RemoteStore) =>
    runScript(script, { modules: [...modules, 'cfgutils', 'statistics'], host: { store } });

  const full = await run(new MemoryStore(new StoreState({ memory: new ByteBudget(300) })));
  expect(full.prints).toEqual(['-1', '1', '1', '0', '-1', '-1']);
  expect(full.log.filter((line) => /full|no memory left/.test(line)).length).toBe(3);

  const gone = new RemoteStore({ send: () => undefined });
  gone.close();
  const failed = await run(gone);
  expect(failed.prints).toEqual(['-1', '-1', '-1', 'x'.repeat(1000), '-1', '-1']);
  expect(failed.log.filter((line) => line.includes('the supervisor is gone')).length).toBe(5);
});
