import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { libcurlVersion, nginxVersion, table, writeBetweenMarks } from '../page.ts';
import { median } from '../statistics.ts';
import type { Result, Sample } from './measure.ts';

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
    const those = all.filter((row) => row.scenario === scenario).toSorted((a, b) => a.cpu - b.cpu);
    out.push(`### ${scenario}`, '', table(COLUMNS, those.map(cells)), '');
  }
  return out.join('\n');
}

/** Puts the table between its marks. */
export function writeTable(results: readonly Result[], rounds: number, minutes: number): void {
  const how = `medians of ${rounds} rounds, ${minutes.toFixed(0)} minutes in all.`;
  writeBetweenMarks('rest', { how, text: markdown(results).trimEnd(), versions: versions() });
}

function versions(): string[] {
  const load = createRequire(new URL('../package.json', import.meta.url));
  const packages = ['undici', 'axios', 'got'].map((name) => `${name} ${packageVersion(load, name)}`);
  return [`Node ${process.versions.node}`, ...packages, libcurlVersion(), nginxVersion()];
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
