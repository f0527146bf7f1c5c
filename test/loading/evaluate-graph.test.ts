/** Files that siprest compiles itself do what they do when Node imports them, and are evaluated anew each time. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { compileGraph, evaluateGraph, type Namespace } from '../../src/loading/index.ts';
import { hasErrors } from '../../src/script/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder('loading');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function evaluate(path: string): Promise<Namespace> {
  const { graph, diagnostics } = compileGraph(path);
  expect(diagnostics).toEqual([]);
  if (graph === null) throw new Error('no graph');
  return evaluateGraph(structuredClone(graph));
}

const load = (files: Readonly<Record<string, string>>) =>
  evaluate(join(folderWith(files), Object.keys(files)[0] ?? ''));

describe('evaluateGraph()', () => {
  it('returns what Node returns', async () => {
    const names = ['syntax', 'names', 'counter', 'odd', 'even'];
    const read = (name: string) => readFileSync(new URL(`files/${name}.js.txt`, import.meta.url), 'utf8');
    const folder = folderWith({
      ...Object.fromEntries(names.map((name) => [`${name}.js`, read(name)])),
      'package.json': '{ "type": "module" }',
    });
    const path = join(folder, 'syntax.js');
    const native = spawnSync(process.execPath, [path], { encoding: 'utf8' }).stdout;
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const own = await evaluate(path);
    expect(`${String(log.mock.lastCall)}\n`).toBe(native);
    log.mockRestore();
    expect(own).toMatchObject({ later: true });
    expect((own['default'] as () => unknown)()).toMatchObject({ increment: 1, even: 'b', count: { z: 2 } });
  });

  it('runs erasable TypeScript in all its forms', async () => {
    const exported = await load({
      'a.ts': `
        import type { Other } from './missing.ts';
        import { type Shape, double } from './b.ts';
        interface Local<T> { readonly value: T }
        type Names = 'x' | 'y';
        declare const outside: string;
        abstract class Base<T> { protected readonly kept?: T; abstract f(): T; }
        class Made extends Base<number> implements Local<number> { value = 3 as number; override f(): number { return double(this.value!); } }
        function over(a: string): string;
        function over(a: number): number;
        function over(a: unknown): unknown { return a satisfies unknown; }
        export const made: number = new Made().f(), shape: Shape | Other | Names | null = null, text = over<string>('t');
        function over2<const T>(this: void, value: T) { return value; }
        export { over2 };
        void over2;
      `.replace("over<string>('t')", "over('t')"),
      'b.ts': `export interface Shape { readonly x: number }\nexport const double = <T extends number>(n: T): number => 2 * n;\n`,
    });
    expect(exported).toMatchObject({ made: 6, shape: null, text: 't' });
  });

  it('evaluates local files again, including JSON and CommonJS, and packages once', async () => {
    const folder = folderWith({
      'a.js': `import value from './b.cjs'; import rates from './rates.json' with { type: 'json' }; import * as path from 'node:path';
        export const id = {}, join = path.join; export { value, rates };`,
      'b.cjs': `module.exports = require('./c.cjs') + 1;`,
      'c.cjs': 'module.exports = 1;',
      'rates.json': '{ "a": 1 }',
      'package.json': '{ "type": "module" }',
    });
    const first = await evaluate(join(folder, 'a.js'));
    expect(first).toMatchObject({ value: 2, rates: { a: 1 } });
    writeFileSync(join(folder, 'c.cjs'), 'module.exports = 5;');
    writeFileSync(join(folder, 'rates.json'), '{ "a": 2 }');
    const second = await evaluate(join(folder, 'a.js'));
    expect(second).toMatchObject({ value: 6, rates: { a: 2 } });
    expect(second['id']).not.toBe(first['id']);
    expect(second['join']).toBe(first['join']);
  });

  it('gives a file the running siprest, wherever the file is', async () => {
    const { loaded, RestClient } = await load({
      'a.ts': `import { loadScript } from 'siprest'; import { RestClient } from 'siprest/rest'; export { RestClient }; export const loaded: unknown = loadScript;`,
    });
    expect(loaded).toBe((await import('../../src/index.ts')).loadScript);
    expect(RestClient).toBe((await import('../../src/rest.ts')).RestClient);
  });

  it('keeps the lines of stack traces', async () => {
    const { fail } = await load({
      'a.ts': `type A = {\n  b: 1;\n};\nexport const fail = () => {\n  throw new Error('here');\n};\n`,
    });
    expect(fail).toThrow('here');
    try {
      (fail as () => void)();
    } catch (error) {
      expect((error as Error).stack).toMatch(/file:.*a\.ts:5:9/);
    }
  });

  it('frees unused modules', async () => {
    const { graph } = compileGraph(
      join(folderWith({ 'a.js': 'export default { big: new Array(1e5).fill({}) };' }), 'a.js'),
    );
    if (graph === null) throw new Error('no graph');
    const references: WeakRef<object>[] = [];
    for (let i = 0; i < 40; i++) references.push(new WeakRef(await evaluateGraph(graph)));
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await expect
      .poll(() => {
        collect();
        return references.filter((one) => one.deref() !== undefined).length;
      })
      .toBeLessThan(20);
  });
});

describe('compileGraph()', () => {
  const errorsOf = (files: Readonly<Record<string, string>>) => {
    const { diagnostics, sources, graph } = compileGraph(
      join(folderWith(files), Object.keys(files)[0] ?? ''),
    );
    expect(graph === null).toBe(hasErrors(diagnostics));
    return diagnostics.map(({ code, message, span, help }) => {
      const { line, column } = sources.locate(span.start);
      return [code, message, `${line}:${column} ${sources.slice(span.start, span.end)}`, help];
    });
  };

  it.each([
    ['enum A { B }', 'enum', 'enum A { B }'],
    ['namespace N { export const a = 1; }', 'namespace declaration', 'namespace N { export const a = 1; }'],
    ['class A { constructor(private b: number) {} }', 'parameter property', 'b: number'],
    ['import a = require("b");', 'import equals declaration', 'import a = require("b");'],
  ])('refuses %s', (text, what, marked) => {
    const [[code, message, place] = []] = errorsOf({ 'a.ts': `\n\tconst é = '🎉€'; ${text}\n` });
    expect(code).toBe('non-erasable');
    expect(message).toBe(`this TypeScript syntax cannot run as it is: ${what}`);
    // a column is one of bytes
    expect(place).toBe(`2:${24 + text.indexOf(marked)} ${marked}`);
  });

  it('reports unresolved imports, with suggestions', () => {
    expect(
      errorsOf({
        'a.ts': `import { doubel } from './b.ts';\nimport c from './b.js';\nimport { Shape } from './b.ts';\nimport 'siprest/rst';\nimport './no.ts';\n`,
        'b.ts': 'export const double = 2; export interface Shape {}\n',
      }),
    ).toEqual([
      ['unknown-import', 'there is no file "./b.js"', "2:15 './b.js'", 'use "./b.ts" instead'],
      ['unknown-import', 'siprest has no "siprest/rst"', "4:8 'siprest/rst'", 'did you mean "siprest/rest"?'],
      ['unknown-import', 'there is no file "./no.ts"', "5:8 './no.ts'", undefined],
      ['unknown-import', '"./b.ts" does not export doubel', '1:10 doubel', 'did you mean "double"?'],
      [
        'unknown-import',
        '"./b.ts" does not export Shape',
        '3:10 Shape',
        'if it is a type: import { type Shape }',
      ],
    ]);
  });

  it('finds syntax errors in both languages', () => {
    expect(errorsOf({ 'a.js': 'const a = ;\n' })).toEqual([
      ['syntax', 'unexpected token', '1:11 ;', undefined],
    ]);
    const [[code, , place] = []] = errorsOf({ 'a.ts': 'const a: number = ;\n' });
    expect([code, place]).toEqual(['syntax', '1:19 ;']);
  });
});
