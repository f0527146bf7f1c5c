/** docs/diagnostics.md: each wrong example gives the code of its section, each right one gives it not, nor an error. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { catalog } from '../../src/modules/catalog.ts';
import { diagnosticCodes } from '../../src/script/index.ts';

const page = readFileSync(new URL('../../docs/diagnostics.md', import.meta.url), 'utf8');

interface Section {
  readonly code: string;
  readonly wrong: string;
  readonly right: string;
}

const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text): Section => {
    const block = (language: string) =>
      new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1] ?? '';
    const code = text.slice(0, text.indexOf('\n'));
    return { code, wrong: block('opensips-wrong'), right: block('opensips') };
  });

const loads = catalog.modules
  .filter(({ inert }) => inert === undefined)
  .map(({ name }) => `loadmodule "${name}.so"`)
  .join('\n');

/** Statements stand in a route whose modules are loaded; what has no main route gets one. */
function codesOf(example: string, mainRoute: boolean): readonly string[] {
  const isFile = /^(?:route(?:\[| \{)|timer_route|loadmodule|include_file|\w+=)/.test(example);
  const text = isFile
    ? example + (/^route \{/m.test(example) || !mainRoute ? '' : '\nroute { exit; }\n')
    : `${loads}\nroute[done] { exit; }\nroute {\n${example}\n}\n`;
  const { diagnostics } = loadScript(text);
  return diagnostics.map(({ code, severity }) => (severity === 'error' ? `${code}!` : code));
}

describe('the examples of docs/diagnostics.md', () => {
  test.each(sections)('$code', ({ code, wrong, right }) => {
    expect(diagnosticCodes).toHaveProperty(code);
    const found = codesOf(wrong, code !== 'no-main-route').map((one) => one.replace('!', ''));
    expect(found).toContain(code);
    // one mistake, one code; what is absent may be a module and a function of it
    expect(new Set(found)).toEqual(new Set([code]));
    expect(codesOf(right, true).filter((one) => one.endsWith('!') || one === code)).toEqual([]);
  });

  test('thirty at least, each once', () => {
    const codes = sections.map(({ code }) => code);
    expect(codes.length).toBeGreaterThanOrEqual(30);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
