// Writes what dist/cli/program.js loads: dist/cli/siprest.cjs, all modules of the command line in one file, and
// dist/cli/siprest.cache, the code that V8 has made of it once it has checked and started some scripts.
//   node scripts/bundle.mjs --cache    the second alone, in a process that has compiled nothing yet
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const dist = new URL('../dist/', import.meta.url);
const bundleFile = new URL('cli/siprest.cjs', dist);
const cacheFile = new URL('cli/siprest.cache', dist);
const firstLine = '// build 0123456789abcdef';

export async function bundle() {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('cli/command.js', dist))],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    write: false,
    metafile: true,
    banner: { js: `${firstLine}\n(function (module, require, moduleUrl) {` },
    footer: { js: 'return module.exports;\n})' },
    plugins: [ownUrl],
  });
  const text = loadedLate(outputFiles[0].text) + licences(metafile);
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
  rmSync(cacheFile, { force: true });
  writeFileSync(bundleFile, text.replace(firstLine, `// build ${name}`));
  // without it the program is slower to start, and no worse
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--cache'], { stdio: 'inherit' });
}

/**
 * Node's modules that `check` never uses, and that take a sixteenth of its time to load: each is loaded where it is first
 * used. What a server uses with its first message, src/cli/main.ts loads before.
 */
const late = ['child_process', 'crypto', 'dgram', 'dns', 'dns/promises', 'os', 'timers/promises', 'v8'];

function loadedLate(text) {
  for (const module of late) {
    const load = `require("node:${module}")`;
    for (const [, name] of text.matchAll(
      new RegExp(`^ *var (\\w+) = ${load.replaceAll(/[()]/g, '\\$&')};$`, 'gm'),
    )) {
      text = text.replace(`var ${name} = ${load};`, `var ${name};`);
      text = text.replaceAll(new RegExp(`\\b${name}\\.`, 'g'), `(${name} ??= ${load}).`);
    }
  }
  return text;
}

/** Of the packages that are in the bundle, as a comment: their licences ask for that. */
function licences({ inputs }) {
  const folders = Object.keys(inputs).flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)]
    .map((folder) => {
      const [name] = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
      return `\n/*\n${folder.slice('node_modules/'.length)}\n\n${readFileSync(`${folder}/${name}`, 'utf8')}*/\n`;
    })
    .join('');
}

/** A module's own URL is that of the file which it was before. */
const ownUrl = {
  name: 'own-url',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      if (!contents.includes('import.meta.url')) return null;
      const here = JSON.stringify(path.slice(fileURLToPath(dist).length));
      return { contents: contents.replaceAll('import.meta.url', `moduleUrl(${here})`) };
    });
  },
};

async function writeCache() {
  const source = readFileSync(bundleFile, 'latin1');
  const script = new Script(source, { filename: fileURLToPath(bundleFile) });
  const moduleUrl = (path) => new URL(path, dist).href;
  await exercise(script.runInThisContext()({ exports: {} }, createRequire(bundleFile), moduleUrl));
  const tag = Buffer.from(source.slice(0, firstLine.length), 'latin1');
  writeFileSync(cacheFile, Buffer.concat([tag, script.createCachedData()]));
}

/** What has run is in the cache: scripts that are right, some that are not, and a server's start. */
async function exercise({ runCommand }) {
  const runtime = mkdtempSync(join(tmpdir(), 'siprest-build-'));
  const stop = new AbortController();
  const stdout = { write: () => stop.abort() };
  const streams = (text) => ({
    stdin: [Buffer.from(text, 'latin1')],
    stdout,
    stderr: stdout,
    // where a server may be asked: not where those of this user are
    env: { XDG_RUNTIME_DIR: runtime },
    signal: stop.signal,
    onHangup: () => {},
  });
  const usual = readFileSync(new URL('warm-up.cfg', import.meta.url), 'latin1');
  await runCommand(['check', '-'], streams(usual));
  for (const name of ['credit', 'routing']) {
    const text = readFileSync(new URL(`../examples/${name}/opensips.cfg`, import.meta.url), 'latin1');
    await runCommand(['check', '-'], streams(text));
    await runCommand(
      ['run', '-'],
      streams(text.replace(/^socket.*$/gm, '').concat('\nsocket = udp:127.0.0.1:0\n')),
    );
    await runCommand(['check', '-'], streams(text.replaceAll('status', '').replaceAll('t_relay', 't_rely')));
  }
  rmSync(runtime, { recursive: true, force: true });
}

if (process.argv.includes('--cache')) {
  await writeCache();
  process.exit();
}
