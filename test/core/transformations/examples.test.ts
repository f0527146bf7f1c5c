import { expect, test } from 'vitest';
import { coreTransformations } from '../../../src/core/transformations/index.ts';
import type { Run } from '../../../src/runtime/run.ts';
import { transform } from './transform.ts';

/** What an evaluation asks for; the texts of the examples name no variables. */
const run = {
  routing: { script: { text: (source: string) => ({ evaluate: () => source }) } },
  complain: () => {},
} as unknown as Run;

for (const { name, example } of coreTransformations) {
  if (example === undefined) continue;
  const [input, transformation, output] = example;
  test(`${name}: ${JSON.stringify(input)} ${transformation}`, () => {
    expect(transform(input, transformation, run)).toEqual(output);
  });
}

test('all have an example, except those for an element of a list', () => {
  const without = coreTransformations.filter(({ example }) => example === undefined);
  expect(without.filter(({ name }) => !/^nameaddr\.-?\d+\./.test(name))).toEqual([]);
});

test('no name stands twice', () => {
  const names = coreTransformations.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});

test('null stays null', () => {
  for (const { name, example } of coreTransformations) {
    if (example !== undefined) expect(transform(null, example[1], run), name).toBeNull();
  }
});
