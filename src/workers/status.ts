/** The figures of a server, of each process and of all together. */
import type { Figure } from '../runtime/index.ts';
import { FIGURES, type FigureSource } from './figures.ts';

/** Figures by name, described in docs/reference/figures.md. */
export type FigureValues = Readonly<Record<string, Figure>>;

/** The figures of one process. */
export interface ProcessStatus {
  /** Its number, from 0. */
  readonly process: number;
  /** Its process id. */
  readonly pid: number;
  /** Its figures. */
  readonly figures: FigureValues;
}

/** Whether a server is stopping, and its remaining time. */
export interface ServerState {
  /** Whether it serves or stops. */
  readonly state: 'running' | 'stopping';
  /** Remaining time for calls to end, in s; null while it runs. */
  readonly graceLeft: number | null;
}

export interface ServerStatus extends ServerState {
  /** The running processes. */
  readonly processes: readonly ProcessStatus[];
  /** Figures of all processes together. */
  readonly total: FigureValues;
}

/** @param left remaining time for calls to end, in ms; null while it runs */
export function stateOf(left: number | null): ServerState {
  if (left === null) return { state: 'running', graceLeft: null };
  return { state: 'stopping', graceLeft: Math.max(Math.round(left / 1000), 0) };
}

export function readFigures(host: FigureSource): ProcessStatus {
  const figures = Object.fromEntries(FIGURES.map(({ name, read }) => [name, read(host)]));
  return { process: host.number, pid: process.pid, figures };
}

export function combine(state: ServerState, processes: readonly ProcessStatus[]): ServerStatus {
  const total = Object.fromEntries(
    FIGURES.map(({ name, over }) => {
      const all = processes
        .map(({ figures }) => figures[name] ?? 0)
        // empty if no process has reported in time
        .reduce<Figure>((sum, one) => together(sum, one, over === 'max'), 0);
      return [name, over === 'mean' ? dividedBy(all, processes.length) : all];
    }),
  );
  return { ...state, processes, total };
}

function dividedBy(figure: Figure, count: number): Figure {
  const divide = (value: number) => Math.round((10 * value) / Math.max(count, 1)) / 10;
  if (typeof figure === 'number') return divide(figure);
  return Object.fromEntries(Object.entries(figure).map(([label, value]) => [label, divide(value)]));
}

function together(one: Figure, other: Figure, isMax: boolean): Figure {
  const both = (a: number, b: number) => (isMax ? Math.max(a, b) : Math.round(1000 * (a + b)) / 1000);
  if (typeof one === 'number' && typeof other === 'number') return both(one, other);
  const [all, added] = [typeof one === 'number' ? {} : one, typeof other === 'number' ? {} : other];
  return Object.fromEntries(
    [...new Set([...Object.keys(all), ...Object.keys(added)])].map((label) => [
      label,
      both(all[label] ?? 0, added[label] ?? 0),
    ]),
  );
}
