import { expect, test } from 'vitest';
import { ShardedMap } from '../../src/sip/sharded-map.ts';

test('holds what a Map holds, whatever is added and removed', () => {
  const map = new ShardedMap<number>();
  const model = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const key = `INVITE z9hG4bK${(i * 7919) % 6007} 192.0.2.1:5060`;
    if (i % 3 === 0) expect(map.delete(key)).toBe(model.delete(key));
    else {
      map.set(key, i);
      model.set(key, i);
    }
    expect(map.get(key)).toBe(model.get(key));
  }
  expect(map.size).toBe(model.size);
  expect(new Set(map.values())).toEqual(new Set(model.values()));
});
