/**
 * The whole scripts of README, docs/ and examples/: `siprest check` finds nothing in them, with `--portable` neither, and they load and listen
 * as OpenSIPS wants it, so that the same text starts there.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { codeBlocks, pages, root } from '../support/pages.ts';
import { programPath } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const needed = 'socket=udp:127.0.0.1:5060\nloadmodule "proto_udp.so"\n';

/** Siprest's own module and its names, and modules in TypeScript: their pages name them as such. */
const notOfOpensips =
  /^OpenSIPS rejects (?:the module (?:rest_policy|rest_queue|\w+\.ts)|the parameter (?:credentials_url of auth_db|destination of dispatcher|rest_url of acc)|rest_\w+\(\)|\$rest_\w+|\{rest\.query\}|event_route\[E_REST_HOST_STATE\])$/;

/** A module in TypeScript, which only siprest loads. */
const ownModule = /^loadmodule "\.\/(\S+\.ts)"/m;

interface Script {
  readonly place: string;
  readonly text: string;
}

const blocks = pages.flatMap(codeBlocks).flatMap(({ page, line, language, text }): Script | readonly [] => {
  if (language !== 'opensips' || !/^route \{/m.test(text)) return [];
  // that page says what it leaves out
  return {
    place: `${page}:${line}`,
    text: page === 'docs/diagnostics.md' && !text.includes('proto_udp') ? needed + text : text,
  };
});

const examples = readdirSync(`${root}examples`, { recursive: true, encoding: 'utf8' }).flatMap((name) =>
  name.endsWith('.cfg')
    ? [{ place: `examples/${name}`, text: readFileSync(`${root}examples/${name}`, 'latin1') }]
    : [],
);

const scripts = [...blocks, ...examples];

/** A folder with the scripts, and with the certificates that examples/tls names. */
function placeAll(): { readonly folder: string; readonly files: readonly string[] } {
  const folder = temporaryFolder('documented');
  const certificates = join(folder, 'certificates');
  mkdirSync(join(certificates, 'authorities'), { recursive: true });
  const authority = createAuthority();
  const { cert, key } = authority.issue({ commonName: 'siprest' });
  writeFileSync(join(certificates, 'siprest.pem'), cert);
  writeFileSync(join(certificates, 'siprest.key'), key);
  writeFileSync(join(certificates, 'provisioning-ca.pem'), authority.cert);
  writeFileSync(join(folder, 'policies.json'), readFileSync(`${root}examples/stale/policies.json`));
  const files = scripts.map(({ place, text }, index) => {
    const module = ownModule.exec(text)?.[1];
    if (module !== undefined) cpSync(join(root, dirname(place), module), join(folder, module));
    writeFileSync(join(folder, `${index}.cfg`), text, 'latin1');
    return `${index}.cfg`;
  });
  return { folder, files };
}

it('finds the scripts', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(12);
  expect(examples.length).toBeGreaterThanOrEqual(3);
});

it('checks them without an error or a warning', () => {
  const { folder, files } = placeAll();
  const check = (...args: readonly string[]) =>
    spawnSync(process.execPath, [programPath, 'check', '--json', ...args, ...files], {
      cwd: folder,
      encoding: 'utf8',
    });
  expect(check().status).toBe(0);
  const { stdout } = check('--portable');
  const results = JSON.parse(stdout) as {
    diagnostics: { severity: string; message: string; line: number }[];
  }[];
  const found = results.flatMap(({ diagnostics }, index) =>
    diagnostics.flatMap(({ severity, message, line }) =>
      severity === 'note' || notOfOpensips.test(message)
        ? []
        : `${scripts[index]?.place}, line ${line}: ${severity}: ${message}`,
    ),
  );
  expect(found).toEqual([]);
  expect(results).toHaveLength(scripts.length);
});

describe('what OpenSIPS needs to start', () => {
  it.each(scripts.filter(({ text }) => !ownModule.test(text)))('is in $place', ({ text }) => {
    const transports = new Set(
      [...text.matchAll(/^socket\s*=\s*(\w+):/gm)].map(([, transport]) => transport),
    );
    expect(transports.size).toBeGreaterThan(0);
    for (const transport of transports) expect(text).toContain(`loadmodule "proto_${transport}.so"`);
    // flags are quoted, and a module is loaded before its parameters are set
    expect(text).not.toMatch(/\b(?:set|reset|is)(?:b|s)?flag\(\s*[^"\s]/);
    for (const { 1: name, index } of text.matchAll(/^modparam\("(\w+)"/gm)) {
      expect(text.slice(0, index)).toContain(`loadmodule "${name}.so"`);
    }
    // numbers of seconds are whole there
    expect(text).not.toMatch(/^modparam\("rest_client", "\w+", "[\d.]+"\)/m);
  });
});
