/** Tables of the benchmarks: as Markdown, and in their place in docs/performance.md. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { commandPath } from '../test/support/commands.ts';

const page = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

/** A Markdown table; the first column holds names, the others numbers. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

/** Puts `text` between the marks `<!-- bench:NAME begin -->` and `end`, with the command and day it was made. */
export function writeBetweenMarks(
  name: string,
  how: string,
  text: string,
  versions: readonly string[],
): void {
  const [begin, end] = [`<!-- bench:${name} begin -->`, `<!-- bench:${name} end -->`];
  const old = readFileSync(page, 'utf8');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table of bench:${name}`);
  const day = new Date().toISOString().slice(0, 10);
  const about = `Made by \`npm run bench:${name} -- --write\` on ${day}: ${how} ${machine()}; ${versions.join(', ')}.`;
  writeFileSync(page, `${old.slice(0, from)}${begin}\n\n${about}\n\n${text}\n${old.slice(to)}`);
}

function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} x ${model}, ${memory} GiB, Linux ${release()}`;
}

/** `nginx 1.22.1` */
export function nginxVersion(): string {
  const said = spawnSync(commandPath('nginx'), ['-v']).stderr.toString(); // nginx version: nginx/1.22.1
  return `nginx ${/nginx\/(\S+)/.exec(said)?.[1] ?? '?'}`;
}

/** `libcurl 7.88.1` */
export function libcurlVersion(): string {
  return `libcurl ${execFileSync('curl', ['--version']).toString().split(' ')[1] ?? '?'}`;
}
