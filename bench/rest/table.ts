import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { commandPath } from '../../test/support/commands.ts';
import type { Result, Sample } from './measure.ts';

const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const BEGIN = '<!-- bench:rest begin -->';
const END = '<!-- bench:rest end -->';

interface Row {
  readonly scenario: string;
  readonly rival: string;
  readonly rate: number;
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  readonly memory: number;
  /** CPU of siprest is this part of it: the median of what it is in each round. */
  readonly ratio: number;
}

const COLUMNS = ['client', 'requests/s', 'CPU us a request', 'siprest is', 'p50 ms', 'p99 ms', 'memory MiB'];

function rows(results: readonly Result[]): Row[] {
  return results.map((result) => {
    const own = results.find((r) => r.scenario === result.scenario && r.rival === 'siprest');
    const { samples } = result;
    return {
      scenario: result.scenario.name,
      rival: result.rival,
      rate: median(samples.map((s) => (s.requests / s.wallMs) * 1000)),
      cpu: median(samples.map(cpuOf)),
      p50: median(samples.map((s) => s.p50)),
      p99: median(samples.map((s) => s.p99)),
      memory: median(samples.map((s) => s.maxRss / 1024)),
      ratio: median((own?.samples ?? []).map((s, round) => cpuOf(s) / cpuOf(samples[round]))),
    };
  });
}

/** Microseconds for each request. */
const cpuOf = (sample: Sample | undefined): number =>
  sample === undefined ? Number.NaN : sample.cpuUs / sample.requests;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? Number.NaN) + (sorted[Math.ceil(at)] ?? Number.NaN)) / 2;
}

function cells(row: Row): string[] {
  return [
    row.rival,
    String(Math.round(row.rate)),
    row.cpu.toFixed(1),
    row.rival === 'siprest' ? '' : `${row.ratio.toFixed(2)} of it`,
    row.p50.toFixed(2),
    row.p99.toFixed(2),
    String(Math.round(row.memory)),
  ];
}

export function markdown(results: readonly Result[]): string {
  const all = rows(results);
  const out: string[] = [];
  for (const scenario of new Set(all.map((row) => row.scenario))) {
    out.push(`### ${scenario}`, '', line(COLUMNS), line(COLUMNS.map((_, i) => (i === 0 ? '---' : '--:'))));
    const those = all.filter((row) => row.scenario === scenario).toSorted((a, b) => a.cpu - b.cpu);
    for (const row of those) out.push(line(cells(row)));
    out.push('');
  }
  return out.join('\n');
}

const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;

/** Puts the table between its marks in docs/performance.md. */
export function writeTable(results: readonly Result[], rounds: number, minutes: number): void {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${page} has no place for the table`);
  const about = `Made by \`npm run bench:rest -- --write\` on ${new Date().toISOString().slice(0, 10)}: medians of ${rounds} rounds, ${minutes.toFixed(0)} minutes in all. ${machine()}`;
  writeFileSync(
    page,
    `${text.slice(0, begin)}${BEGIN}\n\n${about}\n\n${markdown(results)}\n${text.slice(end)}`,
  );
}

function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} x ${model}, ${memory} GiB, Linux ${release()}; ${versions().join(', ')}.`;
}

function versions(): string[] {
  const load = createRequire(new URL('../package.json', import.meta.url));
  const packages = ['undici', 'axios', 'got'].map((name) => `${name} ${packageVersion(load, name)}`);
  const said = spawnSync(commandPath('nginx'), ['-v']).stderr.toString(); // nginx version: nginx/1.22.1
  const nginx = /nginx\/(\S+)/.exec(said)?.[1] ?? '?';
  return [`Node ${process.versions.node}`, ...packages, `libcurl ${libcurl()}`, `nginx ${nginx}`];
}

function packageVersion(load: NodeJS.Require, name: string): string {
  for (const folder of load.resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as {
        version: string;
      };
      return version;
    } catch {
      // the next folder
    }
  }
  return '?';
}

function libcurl(): string {
  return execFileSync('curl', ['--version']).toString().split(' ')[1] ?? '?';
}
