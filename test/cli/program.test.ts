import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';

const built = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../dist/cli/${name}`, import.meta.url)));

describe('the bundle of the program', () => {
  it('has a code cache that V8 accepts', () => {
    const source = built('siprest.cjs').toString('latin1');
    const cache = built('siprest.cache');
    const tag = /^\/\/ build [0-9a-f]{16}/.exec(source)?.[0] ?? '';
    expect(cache.toString('latin1', 0, tag.length)).toBe(tag);
    const script = new Script(source, { cachedData: cache.subarray(tag.length) });
    expect(script.cachedDataRejected).toBe(false);
  });

  it('contains the licences of the packages in it', () => {
    const source = built('siprest.cjs').toString('latin1');
    for (const name of ['commander', 'ipaddr.js']) expect(source).toContain(`/*\n${name}\n`);
    expect(source).not.toContain('node_modules/undici/');
  });
});
