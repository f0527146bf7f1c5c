import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScript } from '../../src/script/index.ts';

interface Vector {
  readonly id: string;
  readonly script: string;
}

/** The black-box runner is plain JavaScript. */
const runner: { configuration(vectors: readonly Vector[], modulePath: string): string } = await import(
  new URL('../conformance/run.mjs', import.meta.url).href
);
const folder = new URL('../conformance/vectors/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

/** Vectors about text that is warned of. */
const warned: Readonly<Record<string, readonly string[]>> = { 'field-stray-quote': ['unexpected-character'] };

describe('the scripts of the conformance vectors parse', () => {
  test.each(files)('%s', (file) => {
    const vectors: readonly Vector[] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    expect(vectors.length).toBeGreaterThan(10);
    for (const vector of vectors) {
      const text = Buffer.from(runner.configuration([vector], '/modules/'), 'utf8').toString('latin1');
      const { diagnostics, script } = parseScript(text, vector.id);
      expect(
        diagnostics.map(({ code }) => code),
        vector.id,
      ).toEqual(warned[vector.id] ?? []);
      expect(script.routes.length, vector.id).toBeGreaterThan(1);
    }
  });
});
