import { expect, it } from 'vitest';
import { FailedTargets, type SharedTexts, type TargetChange } from '../../src/sip/failed-targets.ts';
import type { Target } from '../../src/sip/proxy-types.ts';

class Shared implements SharedTexts {
  readonly #texts = new Map<string, string>();
  readonly #watchers: ((key: string) => void)[] = [];

  get size(): number {
    return this.#texts.size;
  }

  get(key: string): unknown {
    return this.#texts.get(key);
  }

  set(key: string, text: string): boolean {
    this.#texts.set(key, text);
    for (const watch of this.#watchers) watch(key);
    return true;
  }

  delete(key: string): void {
    this.#texts.delete(key);
    for (const watch of this.#watchers) watch(key);
  }

  keys(): Iterable<string> {
    return this.#texts.keys();
  }

  watch(changed: (key: string) => void): void {
    this.#watchers.push(changed);
  }
}

const at = (port: number): Target => ({ address: '192.0.2.1', port, transport: 'udp' });
const silence = { kind: 'timeout', detail: 'silence', isOnly: false } as const;

/** The memories of two processes, and what the second has told. */
function two() {
  let date = 1000;
  const texts = new Shared();
  const told: TargetChange['kind'][] = [];
  const options = { texts, date: () => date };
  const one = new FailedTargets(options);
  const other = new FailedTargets({ ...options, changed: ({ kind }) => told.push(kind) });
  for (const memory of [one, other]) memory.avoidance = { time: 30_000, isProbed: false, isStrict: false };
  const pass = (milliseconds: number) => {
    date += milliseconds;
  };
  const ports = (memory: FailedTargets) =>
    memory.order({ targets: [at(1), at(2)], failure: null }).targets.map(({ port }) => port);
  return { one, other, told, pass, ports, texts };
}

it('is empty as long as nothing fails, and again afterwards', () => {
  const { one, other, told } = two();
  expect([one.isEmpty, other.isEmpty]).toEqual([true, true]);
  one.failed(at(1), silence);
  expect([one.isEmpty, other.isEmpty]).toEqual([false, false]);
  other.answered(at(2));
  expect(other.isEmpty).toBe(false);
  other.answered(at(1));
  expect([one.isEmpty, other.isEmpty]).toEqual([true, true]);
  expect(told).toEqual(['answered']);
});

it('all processes avoid what failed in one, and one of them tries it again', () => {
  const { one, other, told, pass, ports } = two();
  one.failed(at(1), silence);
  other.failed(at(1), silence);
  expect(told).toEqual([]);
  expect([ports(one), ports(other)]).toEqual([
    [2, 1],
    [2, 1],
  ]);
  pass(30_000);
  expect([ports(other), ports(one), ports(other)]).toEqual([
    [1, 2],
    [2, 1],
    [2, 1],
  ]);
  other.failed(at(1), silence);
  expect(told).toEqual(['failed']);
  pass(59_999);
  expect(ports(one)).toEqual([2, 1]);
  pass(1);
  expect(ports(one)).toEqual([1, 2]);
});

it('tries all if all have failed', () => {
  const { one, ports } = two();
  one.failed(at(1), silence);
  one.failed(at(2), silence);
  expect(ports(one)).toEqual([1, 2]);
  one.avoidance = { time: 30_000, isProbed: false, isStrict: true };
  expect(one.order({ targets: [at(1), at(2)], failure: null }).failure).toBe('avoided');
});

it('remembers a thousand, and forgets those that nobody has asked for', () => {
  const { one, pass, texts } = two();
  for (let port = 1; port <= 1001; port++) one.failed(at(port), silence);
  expect(texts.size).toBe(1000);
  expect(one.isAvoided(at(1001))).toBe(false);
  pass(700_000);
  one.failed(at(1001), silence);
  expect([texts.size, one.isAvoided(at(1001))]).toEqual([1, true]);
});
