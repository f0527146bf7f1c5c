/** The command line: commands, options, help and exit codes. A function of its arguments and streams. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { HttpAddress } from '../index.ts';
import { packageVersion as version } from '../internal.ts';
import { CHECK_FORMATS, type CheckOptions, check } from './check.ts';
import { type InitOptions, init } from './init.ts';
import { type MiOptions, mi } from './mi.ts';
import { modules } from './modules.ts';
import { type RunOptions, run } from './run.ts';
import { type SendOptions, send } from './send.ts';
import { reload, type ServerChoice, type StatusOptions, status } from './status.ts';
import { type Streams, UsageError } from './streams.ts';
import { type TestOptions, test } from './test.ts';
import { tour } from './tour.ts';
import { type TraceOptions, trace } from './trace.ts';

export { runMember } from '../internal.ts';

/** Resolves to the exit code; never rejects for user errors. */
export async function runCommand(argv: readonly string[], streams: Streams): Promise<number> {
  let code = 0;
  const finish = (result: number) => {
    code = result;
  };
  try {
    await define(streams, finish).parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof UsageError) {
      streams.stderr.write(`siprest: ${error.message}\n`);
      return 1;
    }
    streams.stderr.write(`siprest failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

function define(streams: Streams, finish: (code: number) => void): Command {
  const program = new Command('siprest')
    .description('A SIP server whose routing asks HTTP services. It runs OpenSIPS routing scripts.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('(siprest --help lists the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    });

  program
    .command('run')
    .description('start the server from a routing script')
    .argument('<file>', 'an OpenSIPS configuration; - reads stdin')
    .addOption(preprocessor())
    .addOption(scriptOption())
    .option(
      '--allow-missing',
      'start even if the script uses features that siprest lacks; at run time they return -1 or null',
    )
    .addOption(
      new Option('--log-format <format>', 'format of log lines on stderr')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--syslog-socket <path>', 'socket of syslog, for syslog_enabled (default: /dev/log)')
    .option(
      '--verbose',
      'report each module and parameter without effect, with the reason, at start and reload',
    )
    .option('--processes <number>', 'number of serving processes, which share udp_workers', processes, 1)
    .option('--grace <seconds>', 'how long calls may take to end when the server stops', grace, 30)
    .option('--queue <messages>', 'how many messages may wait for a worker in each process', queue, 10_000)
    .option(
      '--queue-timeout <seconds>',
      'how long a new request may wait for a worker before siprest refuses it',
      seconds,
      4,
    )
    .option(
      '--wait-for-port <seconds>',
      'how long to wait for a port in use, for example by a previous server that is finishing its calls',
      grace,
      0,
    )
    .addOption(
      new Option(
        '--http <address:port>',
        'serve a live page, /metrics, /healthz and /readyz over HTTP, such as 127.0.0.1:8088',
      ).argParser(httpAddress),
    )
    .option(
      '--store <url>',
      'Redis, where several servers keep what they share, such as redis://127.0.0.1:6379; needs npm install @redis/client',
    )
    .option('--traces <share>', 'share of calls to trace by OpenTelemetry, such as 0.01; 1 for all', share)
    .option(
      '--trace-context',
      'continue the trace in the Traceparent header of a request, and pass traces on to REST services',
    )
    .addOption(serverName())
    .addOption(socketPath())
    .action(async (file: string, options: RunOptions) => finish(await run(file, options, streams)));

  program
    .command('check')
    .description('find all errors in routing scripts; exit code 1 if any')
    .argument('<files...>', 'OpenSIPS configurations; - reads stdin')
    .addOption(preprocessor())
    .addOption(
      new Option(
        '--format <format>',
        'text for people, json or sarif for programs, github for GitHub annotations',
      )
        .choices(CHECK_FORMATS)
        .default('text'),
    )
    .option('--json', 'same as --format json: one object for one file, an array for several')
    .option('--allow-missing', 'report features that siprest lacks as warnings, like run --allow-missing')
    .option('--verbose', 'report each module and parameter without effect, with the reason')
    .option('--portable', 'report extensions of siprest that OpenSIPS rejects; exit code 1 if any')
    .action(async (files: string[], options: CheckOptions) => finish(await check(files, options, streams)));

  program
    .command('modules')
    .description('print the parameters, functions, variables, transformations and events of a script module')
    .argument(
      '[module]',
      'its name, such as rest_client, or the file of your own (default: list the modules)',
    )
    .action(async (what?: string) => finish(await modules(what, streams)));

  program
    .command('status')
    .description('print the figures of a running server')
    .addOption(pid())
    .addOption(serverName())
    .addOption(socketPath())
    .option('--json', 'print one JSON object')
    .action(async (options: StatusOptions) => finish(await status(options, streams)));

  program
    .command('reload')
    .description('reload the script of a running server; exit code 1 if the script has errors')
    .addOption(pid())
    .addOption(serverName())
    .addOption(socketPath())
    .action(async (options: ServerChoice) => finish(await reload(options, streams)));

  program
    .command('trace')
    .description(
      'show calls of a running server live: SIP, REST requests and steps of the script, with times',
    )
    .argument('[filter...]', 'a user, or callid=ID, user=NAME, ip=ADDRESS; all must hold')
    .addOption(pid())
    .addOption(serverName())
    .addOption(socketPath())
    .option('--json', 'print one JSON object for each event')
    .option('--pcap <file>', 'also write the SIP messages to a file for Wireshark')
    .action(async (filter: string[], options: TraceOptions) => finish(await trace(filter, options, streams)));

  program
    .command('mi')
    .description(
      'run an administration command of a running server; `which` lists them, `help COMMAND` describes one',
    )
    .argument('<command>', 'such as ps, get_statistics, log_level')
    .argument('[arguments...]', 'by position, or all as name=value; a repeated name makes a list')
    .addOption(pid())
    .addOption(serverName())
    .addOption(socketPath())
    .option('--json', 'read arguments as JSON where they are')
    .action(async (command: string, args: string[], options: MiOptions) =>
      finish(await mi(command, args, options, streams)),
    );

  program
    .command('send')
    .description('send a SIP request over UDP or TCP and print the replies; exit code 0 for a 2xx')
    .argument('<method>', 'OPTIONS, INVITE, MESSAGE, ...')
    .argument('<uri>', 'the request URI, which is also the destination: sip:bob@127.0.0.1:5060;transport=tcp')
    .option('--to <address>', 'the To header (default: the URI)')
    .option('--from <address>', 'the From header: sip:alice@home.example')
    .option('--proxy <[tcp:]host:port>', 'where to send the request instead')
    .option(
      '-H, --header <line>',
      'a header line, "Name: value"; repeatable',
      (line: string, lines: string[]) => [...lines, line],
      [],
    )
    .option('--body <text>', 'the body, or @FILE')
    .option('--content-type <type>', 'content type of the body (default: text/plain)')
    .option('--timeout <seconds>', 'how long to wait for a final reply', seconds, 32)
    .option('--talk <seconds>', 'how long an answered call lasts before BYE ends it', seconds, 1)
    .action(async (method: string, uri: string, options: SendOptions) =>
      finish(await send(method, uri, options, streams)),
    );

  program
    .command('test')
    .description('run tests written with siprest/testing; exit code 1 if one fails')
    .argument('[files...]', 'files, or folders with files such as credit.test.ts (default: this folder)')
    .option('--watch', 'run the tests again after each change of a file')
    .option('--junit <file>', 'write a report in the format of JUnit')
    .option('--coverage', 'print which routes and lines of scripts were never reached')
    .option(
      '--coverage-from <folder>',
      'run no test, and print what another runner has left in SIPREST_COVERAGE',
    )
    .option('--lcov <file>', 'write the coverage of scripts in the format of lcov')
    .action(async (files: string[], options: TestOptions) => finish(await test(files, options, streams)));

  program
    .command('init')
    .description('write a first policy or script, its test, and what runs them; keeps files that exist')
    .argument('[folder]', 'where to write (default: this folder)', '.')
    .option('--typescript', 'a policy in TypeScript instead of a routing script')
    .option('--no-install', 'write the files, and leave npm install to you')
    .action(async (folder: string, options: InitOptions) => finish(await init(folder, options, streams)));

  program
    .command('tour')
    .description('start the credit example with an embedded service, send it requests, and show what happens')
    .action(async () => {
      finish(await tour(streams));
    });

  return program;
}

function preprocessor(): Option {
  return new Option(
    '-p, --preprocessor <command>',
    'pipe the file and its includes through a command, such as "m4 env.m4 -"; positions refer to its output',
  );
}

function scriptOption(): Option {
  return new Option('-o, --option <name=value>', 'value of $argv(name) in the script; repeatable').argParser(
    (text, known: Readonly<Record<string, string>> | undefined) => {
      const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined) throw new InvalidArgumentError('Use name=value.');
      // strings of a script are bytes
      return { ...known, [name]: Buffer.from(value, 'utf8').toString('latin1') };
    },
  );
}

function serverName(): Option {
  return new Option('--name <name>', 'name of the server if several run, such as edge').argParser((text) => {
    if (/^[\w-]{1,32}$/.test(text)) return text;
    throw new InvalidArgumentError('A name has up to 32 letters, digits, _ and -.');
  });
}

function socketPath(): Option {
  return new Option('--socket <path>', "control socket of the server, instead of one in its user's folder");
}

function pid(): Option {
  return new Option('--pid <number>', 'process ID of the server; not needed if only one runs').argParser(
    wholeNumber(1, 2 ** 31),
  );
}

/** `127.0.0.1:8088`, `[::1]:8088` */
function httpAddress(text: string): HttpAddress {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new InvalidArgumentError('Expected an address and a port, such as 127.0.0.1:8088 or [::1]:8088.');
}

const processes = wholeNumber(1, 64);
const queue = wholeNumber(1, 1_000_000);
const grace = wholeNumber(0, 3600);

/** A parser of numbers in a range. */
function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number above 0, at most 1.');
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600))
    throw new InvalidArgumentError('Expected a number of seconds above 0, at most 3600.');
  return value;
}
