/** SIPp as the caller: whole INVITE transactions, and OPTIONS, at a steady rate. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPath } from '../../test/support/commands.ts';
import { launch } from '../../test/support/launch.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';

export type SippMethod = 'OPTIONS' | 'INVITE';

export interface SippCalls {
  readonly succeeded: number;
  readonly failed: number;
  /** From the request to its final answer, in ms. */
  readonly p50: number;
  readonly p99: number;
}

const message = (method: string, to: string) => `
      ${method} sip:bob@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch];rport
      Max-Forwards: 70
      From: Alice <sip:alice@[local_ip]:[local_port]>;tag=[pid]-[call_number]
      To: Bob <sip:bob@[remote_ip]:[remote_port]>${to}
      Call-ID: [call_id]
      CSeq: 1 ${method}
      Contact: <sip:alice@[local_ip]:[local_port]>
      User-Agent: load
      Content-Length: 0
`;

const scenario = (method: SippMethod) => `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="${method}">
  <send retrans="500" start_rtd="1"><![CDATA[${message(method, '')}]]></send>
  <recv response="100" optional="true"/>
  <recv response="200" rtd="1" timeout="5000"/>
${method === 'INVITE' ? `  <send><![CDATA[${message('ACK', '[peer_tag_param]')}]]></send>\n` : ''}</scenario>
`;

export async function runSippCalls(
  method: SippMethod,
  { port, rate, seconds }: { readonly port: number; readonly rate: number; readonly seconds: number },
): Promise<SippCalls> {
  const folder = temporaryFolder('sipp');
  writeFileSync(join(folder, 'calls.xml'), scenario(method));
  const calls = Math.round(rate * seconds);
  const sipp = launch(
    commandPath('sipp'),
    [
      ...['-sf', 'calls.xml', '-i', '127.0.0.1', '-t', 'u1', '-nostdin', '-trace_rtt', '-rtt_freq', '50'],
      ...['-r', String(rate), '-m', String(calls), '-l', String(calls), `127.0.0.1:${port}`],
    ],
    { cwd: folder, env: { ...process.env, TERM: 'dumb' } },
  );
  await sipp.ended;
  // SIPp draws a screen; its final one has the sums
  const last = (label: string): number => {
    const rows = [...sipp.stdout.matchAll(new RegExp(`${label}\\s*\\|\\s*\\d+\\s*\\|\\s*(\\d+)`, 'g'))];
    return Number(rows.at(-1)?.[1] ?? 0);
  };
  const file = readdirSync(folder).find((name) => name.endsWith('rtt.csv'));
  const times = (file === undefined ? '' : readFileSync(join(folder, file), 'latin1'))
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(';')[1] ?? Number.NaN))
    .filter((time) => !Number.isNaN(time))
    .toSorted((a, b) => a - b);
  const quantile = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return {
    succeeded: last('Successful call'),
    failed: last('Failed call'),
    p50: quantile(0.5),
    p99: quantile(0.99),
  };
}
