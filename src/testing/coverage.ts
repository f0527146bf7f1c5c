/** Which routes and lines of scripts the tests of a process have reached. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { Reached, SourceSet } from '../script/index.ts';

/** The environment variable that names the folder for what is counted; without it nothing is. */
export const coverageVariable = 'SIPREST_COVERAGE';

/** What is counted of one file. */
export interface FileCoverage {
  /** Its absolute path. */
  readonly file: string;
  /** How often statements of a line began. */
  readonly lines: readonly (readonly [line: number, count: number])[];
  readonly routes: readonly RouteCoverage[];
}

export interface RouteCoverage {
  /** `route[resume]` */
  readonly name: string;
  readonly line: number;
  readonly count: number;
}

interface Counter {
  readonly start: number;
  count: number;
}

/** Counts what runs of one script. */
export class ScriptCoverage implements Reached {
  readonly #statements: Counter[] = [];
  readonly #routes: (Counter & { readonly name: string })[] = [];

  statement(start: number): () => void {
    const counter = { start, count: 0 };
    this.#statements.push(counter);
    return () => {
      counter.count++;
    };
  }

  route(kind: string, name: string, start: number): () => void {
    const counter = { start, count: 0, name: name === '' ? kind : `${kind}[${name}]` };
    this.#routes.push(counter);
    return () => {
      counter.count++;
    };
  }

  files(sources: SourceSet): readonly FileCoverage[] {
    const files = new Map<string, { lines: Map<number, number>; routes: RouteCoverage[] }>();
    const at = (start: number) => {
      const { file, line } = sources.locate(start);
      const known = files.get(file) ?? { lines: new Map<number, number>(), routes: [] };
      files.set(file, known);
      return { known, line };
    };
    for (const { start, count } of this.#statements) {
      const { known, line } = at(start);
      // of several statements on a line, the one that ran most often
      known.lines.set(line, Math.max(known.lines.get(line) ?? 0, count));
    }
    for (const { start, count, name } of this.#routes) {
      const { known, line } = at(start);
      known.routes.push({ name, line, count });
    }
    return [...files].map(([file, { lines, routes }]) => ({ file, lines: [...lines], routes }));
  }
}

interface Counted {
  readonly coverage: ScriptCoverage;
  readonly sources: SourceSet;
}

const all: Counted[] = [];

/** The folder that the environment names, or null. */
export const coverageFolder = (): string | null => process.env[coverageVariable] ?? null;

/** Counts a script from now on. */
export function count(coverage: ScriptCoverage, sources: SourceSet): void {
  if (all.length === 0) process.once('exit', writeCoverage);
  all.push({ coverage, sources });
}

/** Writes what was counted by now: a runner may end its processes without notice. */
export function writeCoverage(): void {
  const folder = coverageFolder();
  if (folder === null || all.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const files = all.flatMap(({ coverage, sources }) => coverage.files(sources));
  writeFileSync(join(folder, `${process.pid}-${threadId}.json`), JSON.stringify(files));
}
