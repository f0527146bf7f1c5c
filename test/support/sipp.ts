import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPath } from './commands.ts';
import { type Launched, launch } from './launch.ts';
import { acceptsTcp, freePort } from './ports.ts';
import { temporaryFolder } from './temporary.ts';

export interface SippOptions {
  /** The port of 127.0.0.1 that it calls. */
  readonly port: number;
  /** Default: udp. */
  readonly transport?: 'udp' | 'tcp';
  /** A SIPp scenario (XML). */
  readonly scenario: string;
  readonly calls: number;
  /** Calls a second. */
  readonly rate: number;
  readonly args?: readonly string[];
  /** When it is given up. Default 30. */
  readonly seconds?: number;
}

export interface SippOutcome {
  /** 0 when every call went as the scenario says. */
  readonly status: number | null;
  readonly succeeded: number;
  readonly failed: number;
  /** Messages that were sent again. */
  readonly retransmissions: number;
  /** From the step that starts response time 1 to the one that ends it, in ms, ascending; SIPp's clock ticks every 4 ms. */
  readonly responseTimes: readonly number[];
  readonly output: string;
}

/** A SIPp that waits for calls. */
export interface SippCallee {
  readonly port: number;
  /** Once it has had its calls. */
  readonly outcome: Promise<SippOutcome>;
  close(): Promise<unknown>;
}

/** Starts SIPp as a called party for a number of calls. Where it asks to be reached is its own port, or `contact`. */
export async function startSippCallee(
  options: Omit<SippOptions, 'port' | 'rate'> & { readonly port?: number; readonly contact?: number },
): Promise<SippCallee> {
  const port = options.port ?? (await freePort());
  const sipp = startSipp(options, [
    ...['-p', String(port), '-key', 'contact', `127.0.0.1:${options.contact ?? port}`],
  ]);
  if (options.transport === 'tcp') await acceptsTcp(port);
  else await isBound(port);
  return { port, outcome: outcomeOf(sipp), close: () => sipp.launched.stop('SIGKILL') };
}

/** Runs a SIPp scenario to its end. */
export async function runSipp(options: SippOptions): Promise<SippOutcome> {
  const own = await freePort();
  return outcomeOf(
    startSipp(options, ['-p', String(own), '-r', String(options.rate), `127.0.0.1:${options.port}`]),
  );
}

interface Sipp {
  readonly launched: Launched;
  /** Where its files are. */
  readonly folder: string;
}

function startSipp(options: Omit<SippOptions, 'port' | 'rate'>, more: readonly string[]): Sipp {
  const folder = temporaryFolder('sipp');
  const scenario = join(folder, 'scenario.xml');
  writeFileSync(scenario, options.scenario);
  const args = [
    ...['-sf', scenario, '-i', '127.0.0.1', '-t', options.transport === 'tcp' ? 't1' : 'u1'],
    ...['-m', String(options.calls), '-timeout', `${options.seconds ?? 30}s`],
    ...['-timeout_error', '-nostdin', '-trace_stat', '-stf', join(folder, 'statistics.csv'), '-fd', '1'],
    ...['-trace_err', '-error_file', join(folder, 'errors.log'), '-trace_rtt', '-rtt_freq', '10'],
    ...(options.args ?? []),
    ...more,
  ];
  const launched = launch(commandPath('sipp'), args, { cwd: folder, env: { ...process.env, TERM: 'dumb' } });
  return { launched, folder };
}

/** Resolves once somebody is bound to the UDP port. */
async function isBound(port: number): Promise<void> {
  for (let left = 500; left > 0; left--) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = createSocket('udp4');
      socket.once('error', () => resolve(true));
      socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(false)));
    });
    if (taken) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nobody is bound to 127.0.0.1:${port}`);
}

async function outcomeOf({ launched, folder }: Sipp): Promise<SippOutcome> {
  const status = await launched.ended;
  // SIPp draws a screen; its final one has the sums
  const output = launched.stdout + launched.stderr;
  const last = (label: string): number => {
    const rows = [...output.matchAll(new RegExp(`${label}\\s*\\|\\s*\\d+\\s*\\|\\s*(\\d+)`, 'g'))];
    return Number(rows.at(-1)?.[1] ?? 0);
  };
  const files = readdirSync(folder);
  const rows = (end: string): string[][] => {
    const file = files.find((name) => name.endsWith(end));
    if (file === undefined) return [];
    return readFileSync(join(folder, file), 'latin1')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(';'));
  };
  const [names, ...statistics] = rows('statistics.csv');
  const column = names?.indexOf('Retransmissions(C)') ?? -1;
  return {
    status,
    succeeded: last('Successful call'),
    failed: last('Failed call'),
    retransmissions: Number(statistics.at(-1)?.[column] ?? 0),
    responseTimes: rows('_rtt.csv')
      .slice(1)
      .map((row) => Number(row[1]))
      .toSorted((a, b) => a - b),
    output,
  };
}

/** One OPTIONS, answered by `status`. */
export function optionsScenario(status: number, headers: readonly string[] = []): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="OPTIONS">
  <send retrans="500">
    <![CDATA[
      OPTIONS sip:bob@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
      Max-Forwards: 70
      From: Alice <sip:alice@[local_ip]:[local_port]>;tag=[call_number]
      To: Bob <sip:bob@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 OPTIONS
      Contact: <sip:alice@[local_ip]:[local_port]>
${headers.map((header) => `      ${header}\n`).join('')}      Content-Length: 0
    ]]>
  </send>
  <recv response="${status}" timeout="5000"/>
</scenario>
`;
}
