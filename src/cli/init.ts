/** `siprest init [FOLDER]`: writes a first policy or script with its test, and what is needed to run both. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { packageVersion as version } from '../internal.ts';
import type { Streams } from './streams.ts';

export interface InitOptions {
  /** A policy in TypeScript instead of a routing script. */
  readonly typescript?: boolean;
}

/** Writes what is missing, and nothing over what exists. */
export function init(folder: string, { typescript = false }: InitOptions, { stdout }: Streams): number {
  const root = resolve(folder);
  const files = typescript ? typescriptFiles(root) : scriptFiles(root);
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    const isThere = existsSync(path);
    if (!isThere) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { flag: 'wx' });
    }
    stdout.write(`${isThere ? 'kept     ' : 'wrote    '}${join(folder, name)}\n`);
  }
  const place = relative('', root);
  const next = [...(place === '' ? [] : [`cd ${folder}`]), 'npm install', 'npm test', 'npm start'];
  stdout.write(`\nNext:\n\n${next.map((line) => `  ${line}\n`).join('')}\n`);
  stdout.write('Then, in another terminal: npx siprest send INVITE sip:bob@127.0.0.1:5060\n');
  return 0;
}

const nameOf = (root: string): string =>
  basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'siprest-policy';

function common(root: string, main: string, checks: string, development: Readonly<Record<string, string>>) {
  const manifest = {
    name: nameOf(root),
    private: true,
    type: 'module',
    scripts: {
      start: `siprest run ${main}`,
      check: `siprest check ${main}${checks}`,
      test: 'siprest test',
    },
    dependencies: { siprest: `^${version()}` },
    ...(Object.keys(development).length === 0 ? {} : { devDependencies: development }),
  };
  return {
    'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
    'siprest.service': `# systemd: copy this folder to /opt/${nameOf(root)} and this file to /etc/systemd/system
[Unit]
Description=siprest ${main}
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
WorkingDirectory=/opt/${nameOf(root)}
ExecStartPre=/usr/bin/npx --no-install siprest check ${main}
ExecStart=/opt/${nameOf(root)}/node_modules/.bin/siprest run --log-format json ${main}
ExecReload=/usr/bin/kill -HUP $MAINPID
TimeoutStopSec=40
LimitNOFILE=65536
DynamicUser=yes
RuntimeDirectory=siprest
Restart=on-failure

[Install]
WantedBy=multi-user.target
`,
  };
}

// in two parts, since the build replaces the whole
const ownUrl = ['import.meta', 'url'].join('.');

const testOf = (what: string) => `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'siprest/testing';

const file = new URL('./${what}', ${ownUrl});

test('a caller without credit is refused', async () => {
  const sim = await simulate(file);
  sim.services.on('127.0.0.1', { status: 402 });
  const call = sim.caller('alice').invite('sip:bob@home.example');
  assert.equal((await call.final()).status, 403);
  await sim.close();
});

test('a call is refused as long as the credit service does not answer', async () => {
  const sim = await simulate(file);
  sim.services.on('127.0.0.1', { status: 500 });
  const call = sim.caller('alice').invite('sip:bob@home.example');
  assert.equal((await call.final()).status, 403);
  await sim.close();
});
`;

const typescriptFiles = (root: string) => ({
  'policy.ts': `import { defineServer, url } from 'siprest';

/** Asked about each caller: GET /accounts/alice, and 200 lets the call pass. */
const service = process.env['CREDIT_SERVICE'] ?? 'http://127.0.0.1:8080';

export default defineServer({
  sockets: ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'],
  rest: { timeout: 2000, connectTimeout: 500 },

  async onInvite(call) {
    const answer = await call.rest.get(service + url\`/accounts/\${call.from.user ?? 'anonymous'}\`);
    if (answer.kind !== 'response') return call.reply(503, 'Credit Service Unavailable');
    if (answer.status !== 200) return call.reply(403, 'Forbidden');
    return call.reply(302, 'Moved Temporarily');
  },
});
`,
  'policy.test.ts': testOf('policy.ts'),
  'tsconfig.json': `${JSON.stringify(
    {
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        noEmit: true,
        types: ['node'],
        // siprest removes types and does nothing else
        erasableSyntaxOnly: true,
        verbatimModuleSyntax: true,
        allowImportingTsExtensions: true,
        skipLibCheck: true,
      },
      include: ['*.ts'],
    },
    null,
    2,
  )}\n`,
  ...common(root, 'policy.ts', ' && tsc', { '@types/node': '^20.19.0', typescript: '^6.0.0' }),
});

const scriptFiles = (root: string) => ({
  'opensips.cfg': `socket=udp:127.0.0.1:5060
socket=tcp:127.0.0.1:5060

loadmodule "proto_udp.so"
loadmodule "proto_tcp.so"
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"

route {
  if (!is_method("INVITE")) {
    send_reply(405, "Method Not Allowed");
    exit;
  }
  # the worker is free while the service answers
  async(rest_get("http://127.0.0.1:8080/accounts/$(fU{rest.escape})", $avp(body), , $avp(status)), credit);
}

route[credit] {
  if ($rc < 0) {
    send_reply(503, "Credit Service Unavailable");
  } else if ($avp(status) != 200) {
    send_reply(403, "Forbidden");
  } else {
    send_reply(302, "Moved Temporarily");
  }
}
`,
  'opensips.test.js': testOf('opensips.cfg'),
  ...common(root, 'opensips.cfg', '', {}),
});
