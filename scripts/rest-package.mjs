// Writes packages/siprest-rest: `siprest/rest` as a package of its own, from the same source, without the server and
// its dependencies. Only its README.md is kept in the repository.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyDeclarations } from './declarations.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = join(root, 'packages/siprest-rest');
const types = '@types/node';

export async function writeRestPackage() {
  for (const name of ['dist', 'package.json', 'LICENSE'])
    rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, 'dist'), { recursive: true });
  await bundle();
  copyDeclarations(['rest.d.ts'], join(root, 'dist'), join(folder, 'dist'), (text) =>
    text.replaceAll("'siprest/rest'", "'siprest-rest'"),
  );
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const {
    version,
    homepage,
    bugs,
    repository,
    license,
    author,
    engines,
    peerDependencies,
    peerDependenciesMeta: optional,
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const manifest = {
    name: 'siprest-rest',
    version,
    description: 'An HTTP client that says exactly what became of a request, with policies for each host',
    keywords: ['http', 'rest', 'client', 'retry', 'circuit-breaker', 'cache'],
    homepage,
    bugs,
    repository: { ...repository, directory: 'packages/siprest-rest' },
    license,
    author,
    type: 'module',
    engines,
    files: ['dist'],
    exports: {
      '.': { types: './dist/rest.d.ts', default: './dist/rest.js' },
      './package.json': './package.json',
    },
    sideEffects: false,
    // the others are for servers
    peerDependencies: { [types]: peerDependencies[types] },
    peerDependenciesMeta: { [types]: optional[types] },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** One module with all code; it fails if that needs another package. */
async function bundle() {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: [join(root, 'src/rest.ts')],
    outfile: join(folder, 'dist/rest.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    metafile: true,
  });
  const needed = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports.map(({ path }) => path))
    .filter((path) => !path.startsWith('node:'));
  if (needed.length > 0) throw new Error(`siprest-rest would need ${[...new Set(needed)].join(', ')}`);
}
