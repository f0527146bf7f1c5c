// Writes the code of dist/, twice:
// - the modules that are published, as ES modules and the chunks that they share;
// - for this checkout alone, the program of the command line in the form that starts fastest (src/cli/program.ts):
//   dist/cli/siprest.cjs, one file, and dist/cli/siprest.cache, the code that V8 made of it while it checked and
//   started some scripts. V8 takes that code only from its own version, so publishing it would help nobody.
//   node scripts/bundle.mjs --cache    the cache alone, in a process that has compiled nothing yet
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { copyDeclarations } from './declarations.mjs';
import { publishedCode } from './published-code.mjs';

const src = new URL('../src/', import.meta.url);
const dist = new URL('../dist/', import.meta.url);
/** Where the compiler writes declarations; see tsconfig.build.json. */
const compiled = new URL('.compiled/', dist);
const bundleFile = new URL('cli/siprest.cjs', dist);
const cacheFile = new URL('cli/siprest.cache', dist);
const firstLine = '// build 0123456789abcdef';

const plugins = (urlOf) => [
  {
    name: 'own-url',
    setup({ onLoad }) {
      onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        const contents = readFileSync(path, 'utf8');
        if (!contents.includes('import.meta.url')) return null;
        const here = path.slice(fileURLToPath(src).length).replace(/\.ts$/, '.js');
        return { contents: contents.replaceAll('import.meta.url', urlOf(here)), loader: 'ts' };
      });
    },
  },
];
const common = { bundle: true, platform: 'node', target: 'node20', write: false, metafile: true };

const manifest = () => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The published modules: what package.json exports, the command, and what each of several processes and each trial runs. */
function entries() {
  const { exports: exported, bin } = manifest();
  const files = Object.values(exported).flatMap((target) => target.default ?? []);
  return [
    ...files,
    ...Object.values(bin),
    'workers/process-main.js',
    'workers/trial-main.js',
    'cli/test-loader.js',
    'loading/loader-hooks.js',
  ].map((file) => file.replace(/^(?:\.\/)?dist\//, '').replace(/\.js$/, ''));
}

/**
 * Publishes the compiler's declarations that exported modules refer to. Those modules name the types of Node, which the
 * compiler leaves out.
 */
export function publishDeclarations() {
  const [from, to] = [compiled, dist].map((url) => fileURLToPath(url));
  const entries = Object.values(manifest().exports).flatMap(
    ({ types }) => types?.replace('./dist/', '') ?? [],
  );
  const published = copyDeclarations(entries, from, to, (text, file) =>
    entries.includes(file) ? `/// <reference types="node" />\n${text}` : text,
  );
  for (const file of readdirSync(dist, { recursive: true })) {
    if (file.endsWith('.d.ts') && !file.startsWith('.compiled') && !published.has(file))
      rmSync(join(to, file));
  }
}

/** Writes each published module, with what several of them need in chunks, so that the archive has all code once. */
export async function bundleModules() {
  const { build } = await import('esbuild');
  // esbuild decides which file a module goes to, so its URL is worked out afterwards, from that of dist/
  const root = '__DIST__';
  const { outputFiles } = await build({
    ...common,
    entryPoints: Object.fromEntries(
      entries().map((name) => [name, fileURLToPath(new URL(`${name}.ts`, src))]),
    ),
    outdir: fileURLToPath(dist),
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    splitting: true,
    minifySyntax: true,
    packages: 'external',
    plugins: plugins((here) => `new URL('${root}/${here}', import.meta.url).href`),
  });
  for (const { path, text } of outputFiles) {
    const depth = path.slice(fileURLToPath(dist).length).split('/').length - 1;
    mkdirSync(dirname(path), { recursive: true });
    const code = text.replaceAll(root, depth === 0 ? '.' : Array(depth).fill('..').join('/'));
    writeFileSync(path, await publishedCode(code));
  }
  // those of earlier builds
  const written = new Set(outputFiles.map(({ path }) => path));
  for (const file of readdirSync(dist, { recursive: true })) {
    const path = join(fileURLToPath(dist), file);
    if (/\.js(?:\.map)?$/.test(file) && !written.has(path)) rmSync(path);
  }
}

/** In the bundle, policies and modules get its own parts. A static import: a dynamic one would wrap every module. */
const ownParts = {
  name: 'own-parts',
  setup({ onLoad }) {
    const parts = { siprest: 'index', 'siprest/rest': 'rest', 'siprest/sip': 'sip' };
    const names = Object.entries(parts);
    const contents = [
      ...names.map(([, file]) => `import * as ${file} from '../${file}.ts';`),
      `const parts = { ${names.map(([specifier, file]) => `'${specifier}': ${file}`).join(', ')} };`,
      'export const importRunning = async (specifier) => parts[specifier];',
    ];
    onLoad({ filter: /\/src\/loading\/running-siprest\.ts$/ }, () => ({
      contents: contents.join('\n'),
      loader: 'ts',
    }));
  },
};

export async function bundleProgram() {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: [fileURLToPath(new URL('cli/command.ts', src))],
    format: 'cjs',
    banner: { js: `${firstLine}\n(function (module, require, moduleUrl) {` },
    footer: { js: 'return module.exports;\n})' },
    plugins: [ownParts, ...plugins((here) => `moduleUrl('${here}')`)],
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
