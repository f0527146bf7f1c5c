/**
 * `npm run package:installed`: the package as its users get it. Packs the built program, checks what the archive
 * carries, installs it into a project of its own, runs it, and compiles a program against its types.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { relativeLinks } from './markdown.ts';

/** Of the unpacked archive, in bytes. */
const largest = 2.5e6;

const root = fileURLToPath(new URL('../', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'siprest-package-'));
const errors: string[] = [];

function run(command: string, args: readonly string[], cwd = project): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) errors.push(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

function checkArchive({ unpackedSize, files }: Packed): void {
  if (unpackedSize > largest) errors.push(`${unpackedSize} bytes unpacked; at most ${largest} are allowed`);
  const paths = files.map(({ path }) => path);
  for (const path of paths) if (path.endsWith('.map')) errors.push(`${path}: source maps are not published`);
  const carried = new Set(paths);
  for (const page of paths.filter((path) => path.endsWith('.md'))) {
    for (const { target, path } of relativeLinks(page, readFileSync(join(root, page), 'utf8'))) {
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

function checkInstalled(manifest: Manifest, archive: string): void {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  run('npm', [
    'install',
    '--no-audit',
    '--no-fund',
    archive,
    `@types/node@${devDependencies['@types/node']}`,
  ]);
  const version = run('npx', ['--no-install', 'siprest', '--version']).trim();
  if (version !== manifest.version) errors.push(`siprest --version prints ${JSON.stringify(version)}`);
  run('npx', ['--no-install', 'siprest', 'check', 'node_modules/siprest/examples/routing/opensips.cfg']);
  // as a user's compiler sees it: the declarations are checked as well, and nothing is said about Node's types
  const modules = subpaths(manifest);
  const lines = modules.map((path, index) => `export * as m${index} from '${path}';\n`);
  writeFileSync(join(project, 'all.ts'), lines.join(''));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [
    tsc,
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    'all.ts',
  ]);
  for (const path of modules) {
    run(process.execPath, [
      '-e',
      `import('${path}').then((all) => process.exit(Object.keys(all).length > 0 ? 0 : 1))`,
    ]);
  }
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
const [packed] = JSON.parse(run('npm', packing, root)) as Packed[];
if (packed === undefined) throw new Error('npm pack made no archive');
checkArchive(packed);
checkInstalled(manifest, join(project, packed.filename));
rmSync(project, { recursive: true });
for (const error of errors) console.error(error);
console.log(`${packed.files.length} files, ${packed.unpackedSize} bytes: ${errors.length || 'no'} errors`);
process.exitCode = errors.length > 0 ? 1 : 0;
