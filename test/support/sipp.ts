import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPath } from './commands.ts';
import { launch } from './launch.ts';
import { freeUdpPort } from './ports.ts';
import { temporaryFolder } from './temporary.ts';

export interface SippOptions {
  /** The UDP port of 127.0.0.1 that it calls. */
  readonly port: number;
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
  readonly output: string;
}

/** Runs a SIPp scenario to its end. */
export async function runSipp(options: SippOptions): Promise<SippOutcome> {
  const folder = temporaryFolder('sipp');
  const scenario = join(folder, 'scenario.xml');
  writeFileSync(scenario, options.scenario);
  const args = [
    `127.0.0.1:${options.port}`,
    ...['-sf', scenario, '-i', '127.0.0.1', '-p', String(await freeUdpPort())],
    ...['-m', String(options.calls), '-r', String(options.rate), '-timeout', `${options.seconds ?? 30}s`],
    ...['-timeout_error', '-nostdin', '-trace_stat', '-stf', join(folder, 'statistics.csv'), '-fd', '1'],
    ...(options.args ?? []),
  ];
  // SIPp draws a screen; its final one has the sums
  const sipp = launch(commandPath('sipp'), args, { cwd: folder, env: { ...process.env, TERM: 'dumb' } });
  const status = await sipp.ended;
  const output = sipp.stdout + sipp.stderr;
  const last = (label: string): number => {
    const rows = [...output.matchAll(new RegExp(`${label}\\s*\\|\\s*\\d+\\s*\\|\\s*(\\d+)`, 'g'))];
    return Number(rows.at(-1)?.[1] ?? 0);
  };
  return { status, succeeded: last('Successful call'), failed: last('Failed call'), output };
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
