/**
 * The exec module: programs of the system. Source: modules/exec of the manual; scenarios exec-*, where setvars follows
 * the manual.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { defineModule, type Run } from '../runtime/index.ts';
import { defineArgument, defineParameters } from '../script/index.ts';

const parameters = defineParameters([
  {
    name: 'setvars',
    type: 'boolean',
    default: false,
    summary:
      'Whether programs get the message in SIP_HF_*, SIP_SRCIP, SIP_RURI, SIP_ORURI, SIP_USER, SIP_OUSER, SIP_TID and SIP_DID.',
  },
  {
    name: 'time_to_kill',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 86_400,
    zero: 60,
    unit: 's',
    summary: 'How long a program may run, with all that it has started; 0: 60 s.',
  },
]);

/** Programs that may run at a time. */
const mostPrograms = 100;
/** Bytes of each output that are kept; the rest is dropped. */
const longestOutput = 65_536;

let running = 0;

/** Of the server's own environment, programs see nothing else. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

function environment(run: Run, values: readonly (string | number | null)[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of inherited) if (process.env[name] !== undefined) all[name] = process.env[name];
  for (const [i, value] of values.entries()) all[`OSIPS_EXEC_${i}`] = String(value ?? '');
  const { message, requestUri, uri } = run.request;
  if (message === null || !run.parameters(parameters).setvars) return all;
  for (const { name } of message.headers) {
    const key = `SIP_HF_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
    all[key] ??= message.headerAll(name).join(', ');
  }
  return {
    ...all,
    SIP_SRCIP: message.source.address,
    SIP_ORURI: message.requestUri,
    SIP_RURI: requestUri,
    SIP_USER: uri?.user ?? '',
    SIP_OUSER: message.requestUri.replace(/^\w+:(?:([^@]*)@)?.*$/s, '$1'),
    SIP_TID: message.via.branch ?? '',
    SIP_DID: message.toTag ?? '',
  };
}

/** Collects an output until it ends. */
function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    if (stream === null) resolve('');
    stream?.on('data', (data: Buffer) => {
      if (text.length < longestOutput) text += data.toString('latin1').slice(0, longestOutput - text.length);
    });
    stream?.on('close', () => resolve(text));
  });
}

/** Starts a program by the shell, which ends when its time is over; null if too many run. */
function start(
  run: Run,
  command: string,
  input: string | undefined,
  values: readonly (string | number | null)[],
  outputs: { readonly out: boolean; readonly err: boolean },
): ChildProcess | null {
  if (running >= mostPrograms || command.includes('\0')) {
    run.complain(`exec(): ${mostPrograms} programs are running, or the command has a NUL`);
    return null;
  }
  const env = Object.fromEntries(
    Object.entries(environment(run, values)).map(([name, value]) => [name, value.replace(/\0/g, '')]),
  );
  const child = spawn('/bin/sh', ['-c', Buffer.from(command, 'latin1').toString('utf8')], {
    env,
    detached: true,
    stdio: [
      input === undefined ? 'ignore' : 'pipe',
      outputs.out ? 'pipe' : 'ignore',
      outputs.err ? 'pipe' : 'ignore',
    ],
  });
  running += 1;
  const { clock } = run.routing.host;
  const { log } = run.routing;
  const timer = clock.setTimer(1000 * run.parameters(parameters).time_to_kill, () => {
    log.warning('exec(): a program was ended after time_to_kill');
    try {
      // the group: the shell and what it has started
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // it has just ended
    }
  });
  let isOver = false;
  const over = (): void => {
    if (!isOver) running -= 1;
    isOver = true;
    clock.clearTimer(timer);
  };
  child.on('close', over);
  child.on('error', (error) => {
    over();
    log.warning(`exec(): ${error.message}`);
  });
  child.stdin?.on('error', () => {}); // a program need not read its input
  child.stdin?.end(input ?? '', 'latin1');
  return child;
}

const optional = <const Name extends string>(name: Name, summary: string) =>
  defineArgument({ name, type: 'variable', optional: true, gives: 'text', summary });

export const exec = defineModule({
  name: 'exec',
  summary: 'Runs programs of the system.',
  source: 'modules/exec',
  parameters,
  functions: [
    {
      name: 'exec',
      arguments: [
        {
          name: 'command',
          type: 'string',
          isCommand: true,
          summary:
            'The command, for /bin/sh. Put values from a message into envavp, not here: the shell reads it.',
        },
        { name: 'stdin', type: 'string', optional: true, summary: 'The input of the program.' },
        optional('stdout', 'Gets the output, up to 64 KiB; unchanged if there is none.'),
        optional('stderr', 'Gets the error output, except in async().'),
        {
          name: 'envavp',
          type: 'variable',
          optional: true,
          readOnly: true,
          summary: 'An AVP, whose values are OSIPS_EXEC_0, OSIPS_EXEC_1 ... in the environment.',
        },
      ],
      summary:
        'Runs a program, and waits for its outputs if variables are given for them. 1 whatever its exit code is; -1 if it was not started.',
      source: 'modules/exec; scenarios exec-*',
      start: ({ run, mode }, command, input, stdout, stderr, variables) => {
        const wanted = { out: stdout !== undefined, err: stderr !== undefined && mode !== 'async' };
        const child = start(run, command, input, variables?.list(run) ?? [], wanted);
        if (child === null) return () => -1;
        if (!wanted.out && !wanted.err) return () => 1;
        return Promise.all([collect(child.stdout), collect(child.stderr)]).then(
          ([out, err]) =>
            (later: Run) => {
              const text = mode === 'async' ? out.replace(/\r?\n$/, '') : out;
              if (text !== '') stdout?.set(later, text);
              if (err !== '' && wanted.err) stderr?.set(later, err);
              return 1;
            },
        );
      },
    },
  ],
});
