/** `siprest init [FOLDER]`: writes a first policy or script with its test, and what is needed to run both. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { packageVersion as version } from '../internal.ts';
import type { Streams } from './streams.ts';

export interface InitOptions {
  /** A policy in TypeScript instead of a routing script. */
  readonly typescript?: boolean;
  /** Run `npm install` afterwards. */
  readonly install: boolean;
}

/** Writes what is missing, and nothing over what exists; 1 if the installation fails. */
export async function init(
  folder: string,
  { typescript = false, install }: InitOptions,
  streams: Streams,
): Promise<number> {
  const { stdout } = streams;
  const root = resolve(folder);
  const isOwn = !existsSync(join(root, 'package.json'));
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
  const isInstalled = isOwn && install && (await npmInstall(root, streams));
  const main = Object.keys(files)[0] ?? '';
  const next = [
    ...(relative('', root) === '' ? [] : [`cd '${folder}'`]),
    // a package.json that was there has its own scripts
    ...(isInstalled ? [] : isOwn ? ['npm install'] : [`npm install siprest@^${version()}`]),
    ...(isOwn ? ['npm test', 'npm start'] : ['npx siprest test', `npx siprest run ${main}`]),
  ];
  stdout.write(`\nNext:\n\n${next.map((line) => `  ${line}\n`).join('')}\n`);
  stdout.write('Then, in another terminal: npx siprest send INVITE sip:bob@127.0.0.1:5060\n');
  return isOwn && install && !isInstalled ? 1 : 0;
}

async function npmInstall(root: string, { stdout, stderr, env, signal }: Streams): Promise<boolean> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  stdout.write('\nnpm install\n');
  const child = spawn('npm', ['install', '--no-audit', '--no-fund'], { cwd: root, env: { ...env }, signal });
  child.stdout.on('data', (text: Buffer) => stdout.write(text));
  child.stderr.on('data', (text: Buffer) => stderr.write(text));
  return new Promise((settle) => {
    child.once('error', ({ message }) => {
      stderr.write(`siprest: npm: ${message}\n`);
      settle(false);
    });
    child.once('close', (code) => settle(code === 0));
  });
}

const nameOf = (root: string): string =>
  basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'siprest-policy';

/** The unit of examples/service, for a project in /opt. */
function unitOf(name: string, main: string): string {
  const place = `/opt/${name}`;
  return readFileSync(new URL('../../examples/service/siprest.service', import.meta.url), 'utf8')
    .replace(/^# .*\n/, `# systemd: copy this folder to ${place} and this file to /etc/systemd/system\n`)
    .replace('Description=siprest\n', `Description=siprest ${name}\n`)
    .replace('\n[Service]\n', `\n[Service]\nWorkingDirectory=${place}\n`)
    .replaceAll('/usr/bin/siprest', `${place}/node_modules/.bin/siprest`)
    .replaceAll('/etc/siprest/opensips.cfg', main);
}

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
    'siprest.service': unitOf(nameOf(root), main),
  };
}

// in two parts, since the build replaces the whole
const ownUrl = ['import.meta', 'url'].join('.');

/** `passes` is the status for a caller with credit. */
const testOf = (
  what: string,
  service: string,
  passes: number,
  preparation = '',
) => `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'siprest/testing';

const file = new URL('./${what}', ${ownUrl});
${preparation}
/** The final status of a call whose caller has this credit, by the status of the service. */
async function statusFor(credit) {
  const sim = await simulate(file);
  sim.services.on('${service}', { status: credit });
  const { status } = await sim.caller('alice').invite('sip:bob@home.example').final();
  await sim.close();
  return status;
}

test('a caller with credit passes', async () => {
  assert.equal(await statusFor(200), ${passes});
});

test('a caller without credit is refused', async () => {
  assert.equal(await statusFor(402), 403);
});

test('nobody passes as long as the credit service fails', async () => {
  assert.equal(await statusFor(500), 403);
});
`;

const typescriptFiles = (root: string) => ({
  'policy.ts': `import { defineServer, url } from 'siprest';

/** Asked about each caller: GET /accounts/alice, and 200 lets the call pass. Without a service all calls pass. */
const service = process.env['CREDIT_SERVICE'];

export default defineServer({
  sockets: ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'],
  rest: { timeout: 2000, connectTimeout: 500 },

  async onInvite(call) {
    if (service !== undefined) {
      const answer = await call.rest.get(service + url\`/accounts/\${call.from.user ?? 'anonymous'}\`);
      if (answer.kind !== 'response') return call.reply(503, 'Credit Service Unavailable');
      if (answer.status !== 200) return call.reply(403, 'Forbidden');
    }
    // to send it on instead, remove onInDialog: return call.relay({ targets: ['sip:gateway.example'] });
    return call.reply(200, 'OK');
  },

  /** BYE and all else within a call that was answered here. */
  onInDialog: (call) => call.reply(200, 'OK'),
});
`,
  'policy.test.ts': testOf(
    'policy.ts',
    'credit.example',
    200,
    "process.env['CREDIT_SERVICE'] = 'http://credit.example';\n",
  ).replace('(credit)', '(credit: number)'),
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
  'opensips.test.js': testOf('opensips.cfg', '127.0.0.1', 302),
  ...common(root, 'opensips.cfg', '', {}),
});
