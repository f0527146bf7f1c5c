import {
  askServer,
  type ControlCommand,
  ControlError,
  controlDirectory,
  controlledServers,
  FIGURES,
  type FigureValues,
  type ServerStatus,
} from '../index.ts';
import { type Streams, UsageError } from './streams.ts';

export interface ServerChoice {
  /** The process id of the server; left out where one runs. */
  readonly pid?: number;
}

export interface StatusOptions extends ServerChoice {
  readonly json?: boolean;
}

/** `siprest status`: the figures of a running server. */
export async function status(options: StatusOptions, { stdout, env }: Streams): Promise<number> {
  const answer = await ask<ServerStatus>(options, 'status', env);
  stdout.write(options.json === true ? `${JSON.stringify(answer, null, 2)}\n` : tableOf(answer));
  return 0;
}

/** `siprest reload`: a running server goes on with its file as it is now; 1 where that has mistakes. */
export async function reload(options: ServerChoice, { stdout, stderr, env }: Streams): Promise<number> {
  const { reloaded, message } = await ask<{ reloaded: boolean; message: string }>(options, 'reload', env);
  (reloaded ? stdout : stderr).write(`${message}\n`);
  return reloaded ? 0 : 1;
}

async function ask<Answer>(
  { pid }: ServerChoice,
  command: ControlCommand,
  env: Streams['env'],
): Promise<Answer> {
  const directory = controlDirectory(env);
  try {
    return (await askServer(pid ?? theOnlyServer(directory), command, directory)) as Answer;
  } catch (error) {
    if (error instanceof ControlError) throw new UsageError(error.message);
    throw error;
  }
}

function theOnlyServer(directory: string): number {
  const servers = controlledServers(directory);
  const [only] = servers;
  if (only === undefined) throw new UsageError('no siprest of this user runs here');
  if (servers.length > 1)
    throw new UsageError(`several run here, so name one: --pid ${servers.join(' or ')}`);
  return only;
}

/** A row for each figure and part, a column for each process, and one for all of them where there are several. */
function tableOf({ processes, total }: ServerStatus): string {
  const columns: readonly FigureValues[] =
    processes.length === 1 ? [total] : [...processes.map(({ figures }) => figures), total];
  const head = ['', ...processes.map(({ process, pid }) => `[${process}] ${pid}`)];
  if (processes.length > 1) head.push('all');
  const rows = [head, ...FIGURES.flatMap(({ name, unit }) => rowsOf(name, unit, columns))];
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
