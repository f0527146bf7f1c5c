#!/usr/bin/env node
// Builds dist/: the compiler checks src/ and writes the declarations, esbuild writes the code (scripts/bundle.mjs); and
// the package siprest-rest from it (scripts/rest-package.mjs).
// Plain JavaScript, because `npm ci` runs it before anything else exists.
//   --clean        removes dist/ first, so that no file of an earlier build is published
//   --if-possible  does nothing without the compiler, as after `npm ci --omit=dev`
//   --if-changed   does nothing if this version of Node has built what the sources are now
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const root = new URL('../', import.meta.url);
const options = new Set(process.argv.slice(2));
const began = Date.now();
/** Says which Node built when; not published. */
const stamp = new URL('dist/.compiled/built', root);

/** Whether nothing has changed since the last build, which another version of Node may not have made: V8's code is its own. */
function isBuilt() {
  const inputs = [
    'src',
    'scripts',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ];
  const changedAt = (path) => statSync(new URL(path, root)).mtimeMs;
  const within = (folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name}`,
    );
  try {
    const [version, time] = readFileSync(stamp, 'utf8').split(' ');
    const all = [...inputs, ...within('src'), ...within('scripts')];
    return version === process.version && all.every((path) => changedAt(path) < Number(time));
  } catch {
    return false;
  }
}
if (options.has('--if-changed') && isBuilt()) process.exit(0);

/** The compiler's program, or null where devDependencies are not installed. */
function compiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    return null;
  }
}

const tsc = compiler();
if (tsc === null) {
  if (options.has('--if-possible')) process.exit(0);
  console.error('The TypeScript compiler is not installed; run `npm ci` first.');
  process.exit(1);
}
if (options.has('--clean')) rmSync(new URL('dist', root), { recursive: true, force: true });

const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
const { bundleModules, bundleProgram, publishDeclarations } = await import('./bundle.mjs');
publishDeclarations();
await bundleModules();
await bundleProgram();
cpSync(new URL('src/observe/page', root), new URL('dist/observe/page', root), {
  recursive: true,
  filter: (path) => !path.endsWith('.ts'),
});
const { writeRestPackage } = await import('./rest-package.mjs');
await writeRestPackage();
chmodSync(new URL('dist/cli/main.js', root), 0o755);
writeFileSync(stamp, `${process.version} ${began}`);
