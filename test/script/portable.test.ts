import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Diagnostic, loadScript } from '../../src/index.ts';
import { notPortable } from '../../src/modules/not-portable.ts';
import { forms } from '../../src/script/portable-forms.ts';

/** What siprest takes: whether OpenSIPS 4.0.1 starts with it, which was tried with each. */
interface Cases {
  readonly taken: readonly string[];
  readonly refused: readonly string[];
}
const cases: Readonly<Record<'statement' | 'file' | 'script', Cases>> = JSON.parse(
  readFileSync(new URL('portable-cases.json', import.meta.url), 'utf8'),
);

const modules = ['proto_udp', 'sl', 'tm', 'rr', 'maxfwd', 'sipmsgops', 'textops', 'cachedb_local', 'json'];
const head = `log_level=1
socket=udp:127.0.0.1:5060
${[...modules, 'rest_client', 'cfgutils', 'signaling'].map((name) => `loadmodule "${name}.so"\n`).join('')}`;
const tail = '\nroute[other] { return(1); }\n';

const scripts = {
  statement: (text: string) => `${head}route {\n${text}\n}${tail}`,
  file: (text: string) => `${head}${text}\nroute { exit; }${tail}`,
  script: (text: string) => text,
};

function named(text: string): readonly Diagnostic[] {
  const { diagnostics } = loadScript(text, { portable: true });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return diagnostics.filter(({ code }) => code === 'not-portable');
}

describe.each(['statement', 'file', 'script'] as const)('a %s', (kind) => {
  test.each(cases[kind].taken)('OpenSIPS accepts: %s', (text) => {
    expect(named(scripts[kind](text)).map(({ message }) => message)).toEqual([]);
  });

  test.each(cases[kind].refused)('OpenSIPS rejects: %s', (text) => {
    const found = named(scripts[kind](text));
    expect(found).not.toEqual([]);
    for (const { severity, message, help } of found) {
      expect(severity).toBe('warning');
      expect(message).toMatch(/^OpenSIPS rejects \S/);
      expect(help).toBeTruthy();
    }
  });
});

test('each form has a script that shows it', () => {
  const all = Object.entries(cases).flatMap(([kind, { refused }]) =>
    refused.flatMap((text) => named(scripts[kind as keyof typeof scripts](text))),
  );
  const messages = new Set(all.map(({ message }) => message));
  const missing = Object.entries(forms).filter(([, { what }]) => !messages.has(`OpenSIPS rejects ${what}`));
  expect(missing.map(([name]) => name)).toEqual([]);
});

test('without the option nothing is reported', () => {
  const { diagnostics } = loadScript('listen=udp:127.0.0.1:5060\nroute { return(1 + 1); }\n');
  expect(diagnostics).toEqual([]);
});

test('findings in included files come in the order of the includes', () => {
  const text = (module: string) =>
    `socket=udp:127.0.0.1:5060\nloadmodule "proto_udp.so"\n${module}\nroute { exit; }\n`;
  const readFile = (name: string) =>
    name === 'modules.cfg' ? 'loadmodule "tm.so"\n' : 'modparam("tm", "fr_timeout", 5)\n';
  const codes = (module: string) =>
    loadScript(text(module), { portable: true, readFile })
      .diagnostics.filter(({ code }) => code === 'not-portable')
      .map(({ message }) => message);
  expect(codes('include_file "modules.cfg"\nmodparam("tm", "fr_timeout", 5)')).toEqual([]);
  expect(codes('include_file "modules.cfg"\ninclude_file "parameters.cfg"')).toEqual([]);
  expect(codes('include_file "parameters.cfg"\ninclude_file "modules.cfg"')).toEqual([
    'OpenSIPS rejects a parameter before the loadmodule of its module',
  ]);
});

test('each name of the table says what to use instead', () => {
  for (const [name, help] of Object.entries(notPortable)) {
    expect(name).toMatch(/^(?:[\w-]+=|\w+\.so|\w+:\w+|\w+\(\)|\$[\w.]+|\{[\w.]+\}|async\(\w+\))$/);
    expect(help).toMatch(/^[a-z]/);
  }
});
