import type { FigureValues, HistogramValues, ServerStatus } from '../index.ts';
import {
  allServers,
  askServer,
  ControlError,
  controlDirectory,
  controlledServers,
  FIGURES,
  type FoundServer,
  quantile,
  type ServerIdentity,
} from '../internal.ts';
import { type Streams, UsageError } from './streams.ts';

export interface ServerChoice {
  /** The process ID of the server; optional if only one runs. */
  readonly pid?: number;
  /** The name from `run --name`. */
  readonly name?: string;
  /** The path of its socket. */
  readonly socket?: string;
}

export interface StatusOptions extends ServerChoice {
  readonly json?: boolean;
}

/** `siprest status`: the figures of a running server. */
export async function status(options: StatusOptions, { stdout, env }: Streams): Promise<number> {
  const answer = await ask<ServerStatus>(options, 'siprest:status', env);
  stdout.write(options.json === true ? `${JSON.stringify(answer, null, 2)}\n` : tableOf(answer));
  return 0;
}

/** `siprest reload`: has a running server reload its script; 1 if that has errors. */
export async function reload(options: ServerChoice, { stdout, stderr, env }: Streams): Promise<number> {
  try {
    stdout.write(`${await ask<string>(options, 'reload_routes', env)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** The server has answered with an error. */
export class CommandFailure extends Error {}

/** Runs an administration command. Throws a {@link CommandFailure}, or a {@link UsageError} if no server answers. */
export async function ask<Answer>(
  choice: ServerChoice,
  command: string,
  env: Streams['env'],
  params: readonly unknown[] | Readonly<Record<string, unknown>> = [],
): Promise<Answer> {
  try {
    const directory = controlDirectory(env);
    const server = choice.socket ?? choice.pid ?? (await theServer(choice.name, directory));
    return (await askServer(server, command, directory, undefined, params)) as Answer;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    throw error.isAnswer ? new CommandFailure(error.message) : new UsageError(error.message);
  }
}

/** The path of its socket. */
async function theServer(name: string | undefined, directory: string): Promise<string> {
  const servers =
    name === undefined
      ? await controlledServers(directory)
      : (await allServers(directory)).filter((one) => one.name === name);
  const running = servers.length > 1 ? await thatRun(servers) : servers;
  const [only] = running;
  if (only === undefined)
    throw new UsageError(
      name === undefined ? 'no siprest of this user is running' : `no siprest named "${name}" is running`,
    );
  if (running.length === 1) return only.path;
  const each = running.map((one) => `${one.pid}${one.name === null ? '' : ` ("${one.name}")`}`);
  throw new UsageError(`several servers are running; choose one: --pid ${each.join(' or ')}`);
}

/** Without stopping servers whose successor has taken over. */
async function thatRun(servers: readonly FoundServer[]): Promise<readonly FoundServer[]> {
  const states = await Promise.all(
    servers.map(async ({ path }) => {
      try {
        return ((await askServer(path, 'siprest:identity', undefined, identityWithin)) as ServerIdentity)
          .state;
      } catch {
        return 'running'; // it does not answer, which the user must see
      }
    }),
  );
  const running = servers.filter((_, i) => states[i] === 'running');
  return running.length > 0 ? running : servers;
}

/** In ms. */
const identityWithin = 2000;

interface Column {
  readonly figures: FigureValues;
  readonly histograms: HistogramValues;
}

/** A row per figure and label, a column per process, and a total if there are several. */
function tableOf({ processes, total, histograms, ownFigures }: ServerStatus): string {
  const all: Column = { figures: total, histograms };
  const columns = processes.length === 1 ? [all] : [...processes, all];
  const head = ['', ...processes.map(({ process, pid }) => `[${process}] ${pid}`)];
  if (processes.length > 1) head.push('all');
  const rows = [
    head,
    ...[...FIGURES, ...ownFigures].flatMap((spec) =>
      spec.kind === 'histogram'
        ? timesOf(spec.name, spec.bounds, columns)
        : rowsOf(
            spec.name,
            spec.unit,
            columns.map(({ figures }) => figures),
          ),
    ),
  ];
  const widths = head.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          i === 0 || i === head.length ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function rowsOf(name: string, unit: string, columns: readonly FigureValues[]): string[][] {
  const values = columns.map((figures) => figures[name] ?? 0);
  if (values.every((value) => typeof value === 'number')) return [[name, ...values.map(String), unit]];
  const labels = [
    ...new Set(values.flatMap((value) => (typeof value === 'number' ? [] : Object.keys(value)))),
  ];
  return labels.map((label) => [
    `${name} ${label}`,
    ...values.map((value) => String((typeof value === 'number' ? undefined : value[label]) ?? 0)),
    unit,
  ]);
}

/** The median and the 99th percentile of each distribution. */
function timesOf(name: string, bounds: readonly number[], columns: readonly Column[]): string[][] {
  const labels = [...new Set(columns.flatMap(({ histograms }) => Object.keys(histograms[name] ?? {})))];
  return labels.flatMap((label) =>
    ([0.5, 0.99] as const).map((share) => [
      `${name} ${label} ${share === 0.5 ? 'median' : 'p99'}`,
      ...columns.map(({ histograms }) => {
        const figure = histograms[name]?.[label];
        return figure === undefined
          ? '0'
          : String(Number((quantile(bounds, figure, share) * 1000).toPrecision(3)));
      }),
      'ms',
    ]),
  );
}
