/** The coverage of scripts over all processes of a test run, as text and as lcov. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { FileCoverage, RouteCoverage } from './coverage.ts';

export { coverageVariable } from './coverage.ts';

interface Merged {
  readonly lines: Map<number, number>;
  readonly routes: Map<string, RouteCoverage>;
}

/** What all processes have written into a folder. */
export class CoverageReport {
  readonly #files = new Map<string, Merged>();

  /** Reads a folder. @throws the system's error */
  static read(folder: string): CoverageReport {
    const report = new CoverageReport();
    for (const name of readdirSync(folder).toSorted())
      if (name.endsWith('.json'))
        report.add(JSON.parse(readFileSync(join(folder, name), 'utf8')) as readonly FileCoverage[]);
    return report;
  }

  add(files: readonly FileCoverage[]): void {
    for (const { file, lines, routes } of files) {
      const merged: Merged = this.#files.get(file) ?? { lines: new Map(), routes: new Map() };
      this.#files.set(file, merged);
      for (const [line, count] of lines) merged.lines.set(line, (merged.lines.get(line) ?? 0) + count);
      for (const route of routes) {
        const before = merged.routes.get(route.name)?.count ?? 0;
        merged.routes.set(route.name, { ...route, count: before + route.count });
      }
    }
  }

  /** For each file how much was reached, and which routes and lines were not. */
  text(folder: string): string {
    const parts = [...this.#files].map(([file, { lines, routes }]) => {
      const missing = [...lines].flatMap(([line, count]) => (count === 0 ? line : []));
      const unused = [...routes.values()].filter(({ count }) => count === 0);
      const never = [
        ...unused.map(({ name, line }) => `    ${name}, line ${line}`),
        ...(missing.length === 0 ? [] : [`    lines ${ranges(missing)}`]),
      ];
      return [
        `${relative(folder, file)}: ${lines.size - missing.length} of ${lines.size} lines, ${routes.size - unused.length} of ${routes.size} routes`,
        ...(never.length === 0 ? [] : ['  never reached:', ...never]),
      ].join('\n');
    });
    return parts.length === 0 ? 'no script was tested\n' : `${parts.join('\n')}\n`;
  }

  /** In the format of lcov's geninfo(1). */
  lcov(): string {
    return [...this.#files]
      .map(([file, { lines, routes }]) => {
        const sorted = [...lines].toSorted(([a], [b]) => a - b);
        const named = [...routes.values()];
        return [
          'TN:',
          `SF:${file}`,
          ...named.map(({ name, line }) => `FN:${line},${name}`),
          ...named.map(({ name, count }) => `FNDA:${count},${name}`),
          `FNF:${named.length}`,
          `FNH:${named.filter(({ count }) => count > 0).length}`,
          ...sorted.map(([line, count]) => `DA:${line},${count}`),
          `LF:${sorted.length}`,
          `LH:${sorted.filter(([, count]) => count > 0).length}`,
          'end_of_record\n',
        ].join('\n');
      })
      .join('');
  }
}

/** Reads a folder. @throws the system's error */
export const coverageReport = (folder: string): CoverageReport => CoverageReport.read(folder);

/** `3, 7-9` */
function ranges(lines: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const line of lines.toSorted((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else parts.push([line, line]);
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}
