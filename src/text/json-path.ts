/** A path into a JSON document: `name(/key | [index] | [])*`, for `$json(...)`. Spaces are part of names and keys. */
import type { JsonArray, JsonObject, JsonValue } from './json-values.ts';

/** A key, an index (negative: from the end), or the position after an array's last element. */
export type JsonStep = { readonly key: string } | { readonly index: number } | 'append';

export interface JsonPath {
  readonly name: string;
  readonly steps: readonly JsonStep[];
  /** From the suffix `.keys` or `.values`: what `[*]` iterates over. */
  readonly iterate: 'keys' | 'values';
}

/** Null for an invalid path. */
export function parseJsonPath(text: string): JsonPath | null {
  const [, path = '', suffix] = /^(.*?)(\.keys|\.values)?$/s.exec(text) ?? [];
  const end = path.search(/[/[]/);
  const name = end < 0 ? path : path.slice(0, end);
  if (name === '') return null;
  const steps = end < 0 ? [] : parseSteps(path, end);
  return steps && { name, steps, iterate: suffix === '.keys' ? 'keys' : 'values' };
}

function parseSteps(text: string, start: number): JsonStep[] | null {
  const steps: JsonStep[] = [];
  const step = /\/([^/[]+)|\[(-?\d{1,9})?\]/y;
  step.lastIndex = start;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) return null;
    const [, key, index] = match;
    steps.push(key !== undefined ? { key } : index !== undefined ? { index: Number(index) } : 'append');
  }
  return steps;
}

/** The value at the end of the steps; undefined if there is none. */
export function readSteps(
  root: JsonValue | undefined,
  steps: readonly JsonStep[],
  count = steps.length,
): JsonValue | undefined {
  let value = root;
  for (let i = 0; i < count && value !== undefined; i++) value = child(value, steps[i]);
  return value;
}

function child(value: JsonValue, step: JsonStep | undefined): JsonValue | undefined {
  if (step === undefined || step === 'append') return undefined;
  if ('key' in step) return value instanceof Map ? value.get(step.key) : undefined;
  return Array.isArray(value) ? value[position(value, step.index)] : undefined;
}

const position = (array: JsonArray, index: number) => (index < 0 ? array.length + index : index);

/** The array or object that contains the last step; undefined if the path does not lead to one. */
export function containerOf(
  root: JsonValue | undefined,
  steps: readonly JsonStep[],
): JsonArray | JsonObject | undefined {
  const container = readSteps(root, steps, steps.length - 1);
  return container instanceof Map || Array.isArray(container) ? container : undefined;
}

/** Sets the element named by a step in its container; false if it cannot exist. */
export function setAt(container: JsonArray | JsonObject, step: JsonStep, value: JsonValue): boolean {
  if (container instanceof Map) {
    if (step === 'append' || !('key' in step)) return false;
    container.set(step.key, value);
    return true;
  }
  if (step === 'append') {
    container.push(value);
    return true;
  }
  if ('key' in step) return false;
  const at = position(container, step.index);
  if (at < 0 || at >= container.length) return false;
  container[at] = value;
  return true;
}

/** Removes the element; later ones move up. False if an array has no such element. */
export function deleteAt(container: JsonArray | JsonObject, step: JsonStep): boolean {
  if (container instanceof Map) {
    if (step === 'append' || !('key' in step)) return false;
    container.delete(step.key);
    return true;
  }
  if (step === 'append' || 'key' in step) return false;
  const at = position(container, step.index);
  if (at < 0 || at >= container.length) return false;
  container.splice(at, 1);
  return true;
}

/** Whether `inner` is `outer` or inside it. */
export function contains(outer: JsonValue, inner: JsonArray | JsonObject): boolean {
  const open: JsonValue[] = [outer];
  const seen = new Set<JsonValue>();
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (value === inner) return true;
    if (!(value instanceof Map || Array.isArray(value)) || seen.has(value)) continue;
    seen.add(value);
    for (const part of value.values()) open.push(part);
  }
  return false;
}
