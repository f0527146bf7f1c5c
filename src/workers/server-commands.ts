/** Administration commands about the whole server. Source: the manual's Interface-CoreMI. */
import { CommandError, type CommandParameter, type CommandRows, type CommandSpec } from '../runtime/index.ts';
import { systemClock } from '../timers/index.ts';
import type { Administered } from './administered.ts';
import type { ReloadResult, ServerIdentity } from './control-protocol.ts';

/** What the commands are about. */
export interface ServerContext {
  readonly server: Administered;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly version: string;
  readonly commands: readonly CommandFacts[];
  /** The facts of a command, by its name or an older one. Throws if there is none. */
  find(name: string): CommandFacts;
  reload(): Promise<ReloadResult>;
  stop(): void;
  identity(): Promise<ServerIdentity>;
}

/** The facts of a command, without its code. */
export type CommandFacts = Omit<CommandSpec, 'run' | 'prepare' | 'join'>;

type ServerCommands<Commands extends readonly (readonly CommandParameter[])[]> = CommandRows<
  Commands,
  readonly [ServerContext]
>;

export type ServerCommand = CommandSpec<readonly [ServerContext]>;

const define = <const Commands extends readonly (readonly CommandParameter[])[]>(
  rows: ServerCommands<Commands>,
): { readonly [Place in keyof Commands]: ServerCommand } => rows;

const source = 'Interface-CoreMI';

const inWords = (date: number) => new Date(date).toUTCString();

export const serverCommands: readonly ServerCommand[] = define([
  {
    name: 'ps',
    aliases: ['core:ps'],
    parameters: [],
    summary: 'Lists the processes.',
    source,
    run: (_, { server }) => {
      const serving = server.pids.map((pid, number) => ({ PID: pid, Type: `SIP process ${number}` }));
      const isSupervised = server.pids.length > 1;
      const all = isSupervised ? [{ PID: process.pid, Type: 'supervisor' }, ...serving] : serving;
      return { Processes: all.map((one, ID) => ({ ID, ...one })) };
    },
  },
  {
    name: 'uptime',
    aliases: ['core:uptime'],
    parameters: [],
    summary: 'Tells since when the server has been running.',
    source,
    run: (_, { startedAt }) => {
      const now = systemClock.date();
      return {
        Now: inWords(now),
        'Up since': inWords(startedAt),
        'Up time': `${Math.round((now - startedAt) / 1000)} [sec]`,
      };
    },
  },
  {
    name: 'version',
    aliases: ['core:version'],
    parameters: [],
    summary: 'Tells the version.',
    source,
    run: (_, { version }) => ({
      Server: `siprest (${version} (${process.platform}/${process.arch}, Node.js ${process.versions.node}))`,
    }),
  },
  {
    name: 'which',
    aliases: ['core:which'],
    parameters: [
      { name: 'command', type: 'string', optional: true, summary: 'A command, whose parameters are listed.' },
    ],
    summary: 'Lists the commands, or the combinations of parameters that one takes.',
    source,
    run: ({ command }, administration) => {
      if (command === undefined) return administration.commands.flatMap(namesOf).toSorted();
      const { parameters } = administration.find(command);
      const required = parameters.filter(({ optional }) => optional !== true);
      return parameters.length === required.length
        ? [parameters.map(({ name }) => name)]
        : [required, parameters].map((rows) => rows.map(({ name }) => name));
    },
  },
  {
    name: 'help',
    aliases: ['core:help'],
    parameters: [{ name: 'mi_cmd', type: 'string', summary: 'The command.' }],
    summary: 'Describes a command.',
    source,
    run: ({ mi_cmd }, administration) => {
      const spec = administration.find(mi_cmd);
      return {
        Help: spec.summary,
        Names: namesOf(spec),
        Parameters: spec.parameters.map(({ name, type, optional, summary }) => ({
          Name: name,
          Type: type,
          Optional: optional === true,
          Help: summary,
        })),
      };
    },
  },
  {
    name: 'arg',
    aliases: ['core:arg'],
    parameters: [],
    summary: 'Lists the arguments of the program.',
    source,
    run: () => process.argv,
  },
  {
    name: 'pwd',
    aliases: ['core:pwd'],
    parameters: [],
    summary: 'Tells the working directory.',
    source,
    run: () => ({ WD: process.cwd() }),
  },
  {
    name: 'kill',
    aliases: ['core:kill'],
    parameters: [],
    summary: 'Stops the server; calls have time to end.',
    source,
    run: (_, context) => {
      setImmediate(() => context.stop()); // after the answer
    },
  },
  {
    name: 'reload_routes',
    aliases: ['core:reload_routes'],
    parameters: [],
    summary: 'Loads the script again; if it has errors, the running one stays.',
    source,
    run: async (_, context) => {
      const { reloaded, message } = await context.reload();
      if (!reloaded) throw new CommandError(500, message);
      return message;
    },
  },
  {
    name: 'evi:list',
    aliases: ['events_list'],
    parameters: [],
    summary: 'Lists the events that the loaded modules raise.',
    source,
    run: (_, { server }) => ({
      Events: server.modules.flatMap(({ events = [] }) => events).map(({ name }, id) => ({ name, id })),
    }),
  },
  {
    name: 'siprest:status',
    parameters: [],
    summary: 'The figures of each process and of all together, as `siprest status --json` prints them.',
    run: (_, { server }) => server.status(),
  },
  {
    name: 'siprest:identity',
    parameters: [],
    summary: 'The name and state of the server, and its unfinished work.',
    run: (_, context) => context.identity(),
  },
]);

const namesOf = ({ name, aliases = [] }: Pick<CommandSpec, 'name' | 'aliases'>) => [name, ...aliases];
