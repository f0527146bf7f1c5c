/** The figures of a server, of each process and of all together. */

import {
  describeFigure,
  type Figure,
  type FigureDescription,
  type FigureValues,
  type HistogramFigures,
  type HistogramValues,
  type Module,
  type SlowCall,
  slowest,
} from '../runtime/index.ts';
import { addHistograms } from '../timers/index.ts';
import type { FigureSource } from './figures/source.ts';
import { figuresWith, modulesOf, ownFigures, readHistograms, readNumber } from './figures.ts';

/** The figures of one process. */
export interface ProcessStatus {
  /** Its number, from 0. */
  readonly process: number;
  /** Its process id. */
  readonly pid: number;
  /** Its figures. */
  readonly figures: FigureValues;
  /** Its distributions of times. */
  readonly histograms: HistogramValues;
  /** The slowest REST calls and handlers of the last five minutes, with the ladders of their SIP requests. */
  readonly slowest: readonly SlowCall[];
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
  /** Figures of all processes together; counters include processes that have ended. */
  readonly total: FigureValues;
  /** Distributions of times, likewise. */
  readonly histograms: HistogramValues;
  /** Describes the figures of modules of one's own; docs/reference/figures.md has the others. */
  readonly ownFigures: readonly FigureDescription[];
}

/** What only grows: counters and distributions. */
export type Sums = Pick<ProcessStatus, 'figures' | 'histograms'>;

/** @param left remaining time for calls to end, in ms; null while it runs */
export function stateOf(left: number | null): ServerState {
  if (left === null) return { state: 'running', graceLeft: null };
  return { state: 'stopping', graceLeft: Math.max(Math.round(left / 1000), 0) };
}

export function readFigures(host: FigureSource): ProcessStatus {
  const figures: Record<string, Figure> = {};
  const histograms: Record<string, HistogramFigures> = {};
  for (const spec of figuresWith(modulesOf(host)))
    if (spec.kind === 'histogram') histograms[spec.name] = readHistograms(host, spec);
    else figures[spec.name] = readNumber(host, spec);
  return {
    process: host.number,
    pid: process.pid,
    figures,
    histograms,
    slowest: host.states.get(slowest).list(host.clock.now()),
  };
}

/**
 * @param modules those of the current policy
 * @param before counts of processes that have ended or do not answer, and of the supervisor
 */
export function combine(
  state: ServerState,
  modules: readonly Module[],
  processes: readonly ProcessStatus[],
  before: readonly Sums[] = [],
): ServerStatus {
  const total: Record<string, Figure> = {};
  const histograms: Record<string, HistogramFigures> = {};
  const all = [...processes, ...before];
  for (const spec of figuresWith(modules)) {
    const { name } = spec;
    if (spec.kind === 'histogram') histograms[name] = sumOfHistograms(all, name);
    else if (spec.kind === 'counter') total[name] = sumOf(all, name);
    else {
      const values = processes.map(({ figures }) => figures[name] ?? 0);
      // empty if no process has reported in time
      const sum = values.reduce((one, other) => together(one, other, spec.over === 'max'), 0);
      total[name] = spec.over === 'mean' ? dividedBy(sum, processes.length) : sum;
    }
  }
  const own = ownFigures(modules).map(describeFigure);
  return { ...state, processes, total, histograms, ownFigures: own };
}

/** Counters and distributions of several processes together. */
export function sumsOf(modules: readonly Module[], all: readonly Sums[]): Sums {
  const figures: Record<string, Figure> = {};
  const histograms: Record<string, HistogramFigures> = {};
  for (const { name, kind } of figuresWith(modules))
    if (kind === 'histogram') histograms[name] = sumOfHistograms(all, name);
    else if (kind === 'counter') figures[name] = sumOf(all, name);
  return { figures, histograms };
}

const sumOf = (all: readonly Sums[], name: string): Figure =>
  all.reduce<Figure>((sum, { figures }) => together(sum, figures[name] ?? 0, false), 0);

function sumOfHistograms(all: readonly Sums[], name: string): HistogramFigures {
  const sums: Record<string, HistogramFigures[string]> = {};
  for (const { histograms } of all)
    for (const [label, figure] of Object.entries(histograms[name] ?? {}))
      sums[label] = addHistograms(sums[label], figure);
  return sums;
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
