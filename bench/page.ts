/** Tables of the benchmarks: as Markdown, and in their place in docs/. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandPath } from '../test/support/commands.ts';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));

/** A Markdown table; the first columns hold names, the others numbers. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[], names = 1): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map((_, i) => (i < names ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

export interface Measured {
  /** How it was measured, a sentence. */
  readonly how: string;
  readonly text: string;
  /** What makes it again. Default: the benchmark with its arguments. */
  readonly command?: string;
  /** Of the programs that took part. */
  readonly versions: readonly string[];
}

/**
 * Puts a result between the marks `<!-- bench:NAME begin -->` and `end` of the page that has them, with the command, the
 * day and the machine. NAME is that of the benchmark, and of the part of it that `--only` names, if any.
 */
export function writeBetweenMarks(name: string, { command, how, text, versions }: Measured): void {
  const [begin, end] = [`<!-- bench:${name} begin -->`, `<!-- bench:${name} end -->`];
  const page = readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(docs, file))
    .find((file) => readFileSync(file, 'utf8').includes(begin));
  if (page === undefined) throw new Error(`no page has a place for the table of bench:${name}`);
  const old = readFileSync(page, 'utf8');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (to < from) throw new Error(`${page} has no ${end}`);
  const day = new Date().toISOString().slice(0, 10);
  const made = command ?? `npm run bench:${name.split(' ')[0]} -- ${process.argv.slice(2).join(' ')}`;
  const about = `Made by \`${made}\` on ${day}: ${how} ${machine()}; ${versions.join(', ')}.`;
  writeFileSync(page, `${old.slice(0, from)}${begin}\n\n${about}\n\n${text}\n\n${old.slice(to)}`);
}

function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[2]?.toFixed(1) ?? '?';
  return `${processors.length} x ${model}, ${memory} GiB, Linux ${release()}, load ${load} in the last quarter of an hour`;
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
