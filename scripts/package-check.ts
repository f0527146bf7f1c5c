/**
 * `npm run package:installed`: the packages, siprest and siprest-rest, as their users get them. Packs each, checks what the
 * archive carries, installs it into a project of its own, runs it, and compiles a program against its types.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { relativeLinks } from './markdown.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const errors: string[] = [];

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) errors.push(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

function checkArchive({ unpackedSize, files }: Packed, folder: string, largest: number): void {
  if (unpackedSize > largest) errors.push(`${unpackedSize} bytes unpacked; at most ${largest} are allowed`);
  const paths = files.map(({ path }) => path);
  for (const path of paths) if (path.endsWith('.map')) errors.push(`${path}: source maps are not published`);
  const carried = new Set(paths);
  for (const page of paths.filter((path) => path.endsWith('.md'))) {
    for (const { target, path } of relativeLinks(page, readFileSync(join(folder, page), 'utf8'))) {
      const isThere =
        carried.has(path) || paths.some((other) => other.startsWith(`${path.replace(/\/$/, '')}/`));
      if (!isThere) errors.push(`${page}: ${target} is not in the archive`);
    }
  }
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** The subpaths that are code. */
const subpaths = ({ name, exports }: Manifest): readonly string[] =>
  Object.entries(exports)
    .filter(([, target]) => typeof target !== 'string')
    .map(([path]) => path.replace('.', name));

const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Installs an archive into a project, and compiles and imports all of it as a user's program would. */
function checkModules(manifest: Manifest, archive: string, project: string): void {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  const types = `@types/node@${devDependencies['@types/node']}`;
  run('npm', ['install', '--no-audit', '--no-fund', archive, types], project);
  // as a user's compiler sees it: the declarations are checked as well, and nothing is said about Node's types
  const modules = subpaths(manifest);
  const lines = modules.map((path, index) => `export * as m${index} from '${path}';\n`);
  writeFileSync(join(project, 'all.ts'), lines.join(''));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  run(process.execPath, [tsc, ...options, 'all.ts'], project);
  for (const path of modules) {
    const code = `import('${path}').then((all) => process.exit(Object.keys(all).length > 0 ? 0 : 1))`;
    run(process.execPath, ['-e', code], project);
  }
}

function checkServer({ version }: Manifest, project: string): void {
  const printed = run('npx', ['--no-install', 'siprest', '--version'], project).trim();
  if (printed !== version) errors.push(`siprest --version prints ${JSON.stringify(printed)}`);
  const script = 'node_modules/siprest/examples/routing/opensips.cfg';
  run('npx', ['--no-install', 'siprest', 'check', script], project);
}

/** The client alone brings no other package, and exports what `siprest/rest` does. */
function checkClient(_: Manifest, project: string): void {
  const installed = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'));
  const unexpected = installed.filter((name) => !['siprest-rest', '@types', 'undici-types'].includes(name));
  if (unexpected.length > 0) errors.push(`siprest-rest brings ${unexpected.join(', ')}`);
  const same = pathToFileURL(join(root, 'dist/rest.js')).href;
  const code = `
    const [own, whole] = await Promise.all([import('siprest-rest'), import('${same}')]);
    const names = (all) => Object.keys(all).sort().join();
    if (names(own) !== names(whole)) throw new Error(names(own));
    const outcome = await new own.RestClient({ send: new own.RestMock().on('GET', 'http://a/', { json: 'hi' }).send }).get('http://a/');
    if (outcome.json() !== 'hi') throw new Error(outcome.kind);`;
  run(process.execPath, ['--input-type=module', '-e', code], project);
}

/** The packages, with the most bytes that each may have unpacked. */
const packages = [
  { folder: root, largest: 2_500_000, check: checkServer },
  { folder: join(root, 'packages/siprest-rest'), largest: 0.6e6, check: checkClient },
];
for (const { folder, largest, check } of packages) {
  const project = mkdtempSync(join(tmpdir(), 'siprest-package-'));
  const manifest = readManifest(folder);
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
  const [packed] = JSON.parse(run('npm', packing, folder)) as Packed[];
  if (packed === undefined) throw new Error('npm pack made no archive');
  checkArchive(packed, folder, largest);
  checkModules(manifest, join(project, packed.filename), project);
  check(manifest, project);
  rmSync(project, { recursive: true });
  console.log(`${manifest.name}: ${packed.files.length} files, ${packed.unpackedSize} bytes`);
}
for (const error of errors) console.error(error);
console.log(`${errors.length || 'no'} errors`);
process.exitCode = errors.length > 0 ? 1 : 0;
