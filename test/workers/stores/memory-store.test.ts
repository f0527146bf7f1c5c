import { expect, it } from 'vitest';
import { MemoryStore } from '../../../src/workers/stores/memory-store.ts';
import { StoreState } from '../../../src/workers/stores/store-state.ts';
import { describeStore } from '../../runtime/store-contract.ts';

describeStore('in memory', ({ processes, ...options }) => {
  const state = new StoreState(options);
  return {
    stores: Array.from({ length: processes }, (_, session) => new MemoryStore(state, session)),
    end: (session) => state.end(session),
    close: () => state.close(),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
});

it('in memory, operations that need not wait create no promise', () => {
  const store = new MemoryStore();
  const lock = { kind: 'lock', space: 's', key: 'k', reentrant: false, wait: 0, lease: null } as const;
  expect(store.ask({ ...lock, owner: 1 })).toBe('granted');
  expect(store.ask({ ...lock, owner: 2 })).toBe('held');
  expect(store.ask({ kind: 'set', collection: 'c', key: 'k', value: 'v', ttl: 1000 })).toBe('stored');
  expect(store.ask({ kind: 'get', collection: 'c', key: 'k' })).toBe('v');
  expect(store.values('s').add('n', 2)).toBe(2);
});
