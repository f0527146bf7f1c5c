/**
 * The tour: runs the credit example with an embedded service, sends it some requests, and shows what happens to each.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { loadScript, renderDiagnostics, type SipServer, StartError, startServer } from '../index.ts';
import { sendRequest } from '../sip.ts';
import { type CreditService, refusingPort, startCreditService } from './credit-service.ts';
import { type LadderLine, ladderLine } from './ladder.ts';
import { type Streams, UsageError, usesColor } from './streams.ts';

const scriptPath = fileURLToPath(new URL('../../examples/credit/opensips.cfg', import.meta.url));
const sipPort = 5060;
const servicePort = 8081;
const downPort = 8082;

interface Call {
  readonly account: string;
  readonly domain: string;
  readonly about: string;
  readonly expected: number;
  /** Waits until the previous one is answered. */
  readonly alone: boolean;
}

const calls: readonly Call[] = [
  { account: 'alice', domain: 'home.example', about: 'enough credit', expected: 200, alone: true },
  { account: 'bob', domain: 'home.example', about: 'none', expected: 403, alone: true },
  { account: 'carol', domain: 'partner.example', about: 'her service is down', expected: 500, alone: true },
  { account: 'dave', domain: 'home.example', about: 'the service hangs', expected: 500, alone: false },
  { account: 'erin', domain: 'home.example', about: 'served meanwhile', expected: 200, alone: false },
];

/** Collects the events of each account's call. */
class Trace {
  readonly #calls = new Map<string, { began: number; lines: LadderLine[] }>();

  begin(account: string): void {
    this.#calls.set(account, { began: performance.now(), lines: [] });
  }

  add(account: string, label: string, text: string): void {
    const call = this.#calls.get(account);
    call?.lines.push({ at: performance.now() - call.began, label, text });
  }

  lines(account: string): readonly LadderLine[] {
    return this.#calls.get(account)?.lines ?? [];
  }
}

/** Exits by itself if stdout is not a terminal: 0, or 1 if a call was not answered as expected. */
export async function tour(streams: Streams): Promise<number> {
  const { stdout, signal } = streams;
  const colors = colorsFor(usesColor(streams, stdout));
  const print = (line = '') => stdout.write(`${line}\n`);
  const trace = new Trace();
  const service = await startCreditService(servicePort, ({ kind, account, text }) =>
    trace.add(account, kind === 'request' ? 'HTTP out' : 'HTTP in', text),
  );
  let server: SipServer | null = null;
  try {
    server = await serveExample(service, (line) => {
      const text = line.toString('utf8').trimEnd();
      trace.add(/acc=(\w+)/.exec(text)?.[1] ?? '', 'log', text.replace(/^\S+ /, ''));
    });
    const [socket = ''] = server.sockets;
    print(
      `siprest runs ${colors.bold(relative(process.cwd(), scriptPath) || scriptPath)}, listening on ${socket}${portNote(socket)}`,
    );
    print(
      `a credit service answers on http://127.0.0.1:${service.port}${service.port === servicePort ? '' : ` (${servicePort} is taken)`}`,
    );
    const address = socket.replace(/^udp:/, '');
    const failures = await makeCalls(address, trace, print, colors, signal);
    print();
    if (signal.aborted) return 1;
    print(
      failures === 0
        ? colors.green('All five calls were answered as expected.')
        : colors.red(`${failures} of ${calls.length} calls were not answered as expected.`),
    );
    if (!stdout.isTTY) return failures === 0 ? 0 : 1;
    print(`The server keeps running. In another terminal:`);
    print(`  npx siprest send OPTIONS sip:bob@${address} --from sip:alice@home.example`);
    print('Stop it with Ctrl-C.');
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return failures === 0 ? 0 : 1;
  } finally {
    await server?.stop({ grace: 500 });
    await service.close();
  }
}

const portNote = (socket: string) => (socket.endsWith(`:${sipPort}`) ? '' : ` (${sipPort} is taken)`);

/** The example's script, with the ports that are free here. */
async function serveExample(service: CreditService, writeLog: (line: Buffer) => void): Promise<SipServer> {
  if (!existsSync(scriptPath)) throw new UsageError(`the example ${scriptPath} is missing`);
  const partner = await refusingPort();
  const text = readFileSync(scriptPath, 'latin1')
    .replaceAll(`127.0.0.1:${servicePort}`, `127.0.0.1:${service.port}`)
    .replaceAll(`127.0.0.1:${downPort}`, `127.0.0.1:${partner}`);
  for (const port of [sipPort, 0]) {
    const script = loadScript(text.replace(`udp:127.0.0.1:${sipPort}`, `udp:127.0.0.1:${port}`), {
      fileName: scriptPath,
    });
    if (!script.isValid)
      throw new UsageError(renderDiagnostics(script.diagnostics, script.sources, { color: false }));
    try {
      return await startServer(script, { writeLog });
    } catch (error) {
      if (!(error instanceof StartError) || port === 0) throw error;
      if (error.code !== 'EADDRINUSE') throw new UsageError(error.message);
    }
  }
  throw new UsageError('no UDP port is free on 127.0.0.1');
}

const styles = ['bold', 'dim', 'cyan', 'green', 'red'] as const;

type Colors = Readonly<Record<(typeof styles)[number], (text: string) => string>>;

function colorsFor(isOn: boolean): Colors {
  return Object.fromEntries(
    styles.map((style) => [
      style,
      (text: string) => (isOn ? styleText(style, text, { validateStream: false }) : text),
    ]),
  ) as Record<(typeof styles)[number], (text: string) => string>;
}

/** Resolves to the number of calls that were not answered as expected. */
async function makeCalls(
  address: string,
  trace: Trace,
  print: (line?: string) => void,
  colors: Colors,
  signal: AbortSignal,
): Promise<number> {
  let failures = 0;
  let together: Promise<void>[] = [];
  const make = async (call: Call) => {
    const status = await makeCall(call, address, trace, signal);
    if (status !== call.expected) failures++;
    print();
    print(`${colors.bold(call.account)}@${call.domain}: ${call.about}`);
    for (const { at, label, text } of trace.lines(call.account)) {
      const paint =
        label === 'SIP out'
          ? status === call.expected
            ? colors.green
            : colors.red
          : label === 'log'
            ? colors.dim
            : (t: string) => t;
      print(ladderLine({ at, label, text }, colors.cyan, paint));
    }
  };
  for (const call of calls) {
    if (signal.aborted) break;
    if (call.alone) await make(call);
    else together = [...together, make(call)];
  }
  await Promise.all(together);
  return failures;
}

/** The status of the final reply, 0 for none. */
async function makeCall(
  { account, domain }: Call,
  address: string,
  trace: Trace,
  signal: AbortSignal,
): Promise<number> {
  trace.begin(account);
  let status = 0;
  const events = sendRequest({
    method: 'OPTIONS',
    uri: `sip:bob@${address}`,
    from: `sip:${account}@${domain}`,
    timeout: 10_000,
    signal,
  });
  for await (const event of events) {
    if (event.kind === 'sent')
      trace.add(
        account,
        'SIP in',
        `OPTIONS ${event.request.requestUri} from ${account}@${domain}${event.copy > 1 ? ', sent again' : ''}`,
      );
    else if (event.kind === 'response') {
      ({ status } = event.response);
      const credit = event.response.header('X-Credit');
      trace.add(
        account,
        'SIP out',
        `${status} ${event.response.reason}${credit === null ? '' : `, credit ${credit}`}`,
      );
    }
  }
  return status;
}
