/**
 * docs/diagnostics.md: each wrong example gives the code of its section, each right one gives it not, nor an error.
 * What the wrong ones look like on the screen is in golden/, a file for each code; `vitest -u` writes them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadScript, renderDiagnostics } from '../../src/index.ts';
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

/** All modules on one line, with what they cannot do without. */
const loads = [
  ...catalog.modules.filter(({ inert }) => inert === undefined).map(({ name }) => `loadmodule "${name}.so"`),
  'modparam("rest_queue", "folder", "queue")',
].join(' ');

/** Statements stand in a route whose modules are loaded; what has no main route gets one. */
function scriptOf(example: string, mainRoute: boolean): string {
  const isFile = /^(?:route(?:\[| \{)|timer_route|loadmodule|include_file|\w+=)/.test(example);
  if (!isFile) return `${loads}\nroute[done] { exit; }\nroute {\n${example}\n}\n`;
  return example + (/^route \{/m.test(example) || !mainRoute ? '' : '\nroute { exit; }\n');
}

function codesOf(example: string, mainRoute: boolean, portable = false): readonly string[] {
  const { diagnostics } = loadScript(scriptOf(example, mainRoute), { portable });
  return diagnostics.map(({ code, severity }) => (severity === 'error' ? `${code}!` : code));
}

describe('the examples of docs/diagnostics.md', () => {
  test.each(sections)('$code', ({ code, wrong, right }) => {
    expect(diagnosticCodes).toHaveProperty(code);
    const found = codesOf(wrong, code !== 'no-main-route', code === 'not-portable').map((one) =>
      one.replace('!', ''),
    );
    expect(found).toContain(code);
    // one error, one code; what is absent may be a module and a function of it
    expect(new Set(found)).toEqual(new Set([code]));
    expect(
      codesOf(right, true, code === 'not-portable').filter((one) => one.endsWith('!') || one === code),
    ).toEqual([]);
  });

  test('are at least thirty, each once', () => {
    const codes = sections.map(({ code }) => code);
    expect(codes.length).toBeGreaterThanOrEqual(30);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

/** Codes that scripts run into less often. */
const others: readonly Pick<Section, 'code' | 'wrong'>[] = [
  { code: 'nested-too-deeply', wrong: `$var(x) = ${'('.repeat(300)}1;` },
  { code: 'too-many-errors', wrong: '$fU = 1;\n'.repeat(300) },
  { code: 'no-socket', wrong: 'socket=sctp:127.0.0.1:5060\n' },
  { code: 'argument-value', wrong: 'if (t_local_replied("first")) exit;' },
  {
    code: 'parameter-conflict',
    wrong: 'loadmodule "rest_client.so"\nmodparam("rest_client", "connection_timeout", 30)\n',
  },
];

describe('on the screen', () => {
  test.each([...sections, ...others])('$code', async ({ code, wrong }) => {
    const { diagnostics, sources } = loadScript(scriptOf(wrong, code !== 'no-main-route'), {
      fileName: 'script.cfg',
      portable: code === 'not-portable',
    });
    const found = diagnostics.filter((one) => one.code === code);
    expect(found).not.toHaveLength(0);
    await expect(renderDiagnostics(found, sources, { color: false })).toMatchFileSnapshot(
      `golden/${code}.txt`,
    );
  });

  test('every code has its golden file', () => {
    const shown = [...sections, ...others].map(({ code }) => code);
    expect(shown.toSorted()).toEqual(Object.keys(diagnosticCodes).toSorted());
  });
});
