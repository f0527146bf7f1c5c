/**
 * `npm run docs:check`: checks the documentation.
 * - Links and anchors in every Markdown file of the repository lead somewhere.
 * - Blocks marked `opensips` that are whole files (they have a route) pass `siprest check`.
 * - Blocks marked `ts` that import something compile, as a user of the package would compile them, and run on this Node
 *   as they stand (but for those marked `ts no-run`).
 * - docs/reference/ is what scripts/reference.ts writes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anchorsOf, repositoryLinks } from './markdown.ts';
import { runSnippets } from './run-snippets.ts';

interface Block {
  readonly file: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
  readonly language: string;
  /** Whether a program is run, and not just compiled. */
  readonly runs: boolean;
  readonly text: string;
}

const root = fileURLToPath(new URL('../', import.meta.url));
const errors: string[] = [];

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function markdownFiles(): readonly string[] {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
}

function blocksOf(file: string): readonly Block[] {
  const found: Block[] = [];
  let open: { fence: string; language: string; runs: boolean; line: number; lines: string[] } | null = null;
  for (const [index, line] of read(file).split('\n').entries()) {
    const [, fence = '', language = '', mark = ''] = /^\s*(`{3,})\s*(\S*)\s*(\S*)/.exec(line) ?? [];
    if (open !== null) {
      if (fence === open.fence && language === '') {
        const { language: written, runs } = open;
        // the package of the REST client's own name is the same code
        const text = `${open.lines.join('\n')}\n`.replaceAll("'siprest-rest'", "'siprest/rest'");
        found.push({ file, line: open.line, language: written, runs, text });
        open = null;
      } else open.lines.push(line);
    } else if (fence !== '') open = { fence, language, runs: mark !== 'no-run', line: index + 2, lines: [] };
  }
  return found;
}

// --- links ----------------------------------------------------------------------------------------------

function checkLinks(file: string): void {
  for (const { target, path, anchor } of repositoryLinks(file, read(file))) {
    if (!existsSync(join(root, path))) errors.push(`${file}: ${target} leads nowhere`);
    else if (anchor !== undefined && path.endsWith('.md') && !anchorsOf(read(path)).has(anchor)) {
      errors.push(`${file}: ${path} has no heading #${anchor}`);
    }
  }
}

// --- code -----------------------------------------------------------------------------------------------

const isWholeScript = (text: string): boolean => /^\s*route\s*\{/m.test(text);

function checkScripts(blocks: readonly Block[]): void {
  const scripts = blocks.filter(({ language, text }) => language === 'opensips' && isWholeScript(text));
  const folder = mkdtempSync(join(tmpdir(), 'siprest-docs-'));
  for (const { file, line, text } of scripts) {
    const path = join(folder, 'example.cfg');
    writeFileSync(path, text);
    const program = join(root, 'dist/cli/main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'check', path], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    if (status !== 0) errors.push(`${file}:${line}: siprest check refuses it:\n${stdout}${stderr}`);
  }
  rmSync(folder, { recursive: true });
}

const isProgram = ({ language, text }: Block): boolean => language === 'ts' && /^import /m.test(text);

function checkPrograms(blocks: readonly Block[]): void {
  const programs = blocks.filter(isProgram);
  if (programs.length === 0) return;
  const folder = '.tmp/docs-check';
  rmSync(join(root, folder), { recursive: true, force: true });
  mkdirSync(join(root, folder), { recursive: true });
  const origin = new Map<string, Block>();
  for (const [index, block] of programs.entries()) {
    const name = `${folder}/block-${index}.ts`;
    origin.set(name, block);
    writeFileSync(join(root, name), block.text);
  }
  // an example may leave a result unused
  const lenient = { noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(
    join(root, folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: lenient, include: ['*.ts'] }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  rmSync(join(root, folder), { recursive: true });
  if (status === 0) return;
  for (const message of stdout.trimEnd().split(/\n(?=\S)/)) {
    const [, name = '', line = '0', rest = message] = /^(\S+?)\((\d+),\d+\): ([\s\S]*)$/.exec(message) ?? [];
    const block = origin.get(name);
    errors.push(block === undefined ? message : `${block.file}:${block.line + Number(line) - 1}: ${rest}`);
  }
}

function checkReference(): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(root, 'scripts/reference.ts'), '--check'],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) errors.push(stderr.trimEnd());
}

const files = markdownFiles();
const blocks = files.flatMap(blocksOf);
for (const file of files) checkLinks(file);
checkScripts(blocks);
checkPrograms(blocks);
const script = blocks.find(({ language, text }) => language === 'opensips' && isWholeScript(text));
errors.push(
  ...(await runSnippets(
    root,
    blocks.filter((block) => isProgram(block) && block.runs),
    script?.text ?? '',
  )),
);
checkReference();
for (const error of errors) console.error(error);
console.log(`${files.length} pages, ${blocks.length} code blocks: ${errors.length || 'no'} errors`);
process.exitCode = errors.length > 0 ? 1 : 0;
