import { Receiver, runRoute } from '../../src/engine/index.ts';
import { type Module, type Program, Request } from '../../src/runtime/index.ts';
import { type DnsNames, parseMessage, SipRequest, type Transport } from '../../src/sip/index.ts';
import type { HostOptions } from '../../src/workers/process-host.ts';
import { sampleRequest } from './sample-request.ts';
import { poolOf } from './script-bench.ts';
import { programOf } from './server.ts';

export interface ScriptOptions {
  /** The request as it comes by UDP; lines end with LF here. Default {@link sampleRequest}. */
  readonly request?: string;
  /** Loaded before the script's own lines. */
  readonly modules?: readonly string[];
  /** Modules beside siprest's own, which the script may load. */
  readonly ownModules?: readonly Module[];
  /** What stands outside of the main route: settings, modparams, further routes. */
  readonly rest?: string;
  /** How many workers there are. Default 1. */
  readonly workers?: number;
  /** Default: the system's name servers are asked. */
  readonly names?: DnsNames;
  /** Parts of the host that are not the usual ones. */
  readonly host?: HostOptions;
}

export interface ScriptOutcome {
  /** What xlog() printed, line by line, without the level. */
  readonly prints: readonly string[];
  /** Lines of the server's own log, but for those that only follow the script at the level of debugging. */
  readonly log: readonly string[];
  /** What was sent, as byte strings. */
  readonly sent: readonly string[];
  /** The request that the script ran on, with its edits; null when none came through. */
  readonly request: Request | null;
}

/** With CRLF, and the Content-Length that its body has; a request without a Content-Length line keeps none. */
export function wire(request: string): string {
  const text = request.replace(/\r?\n/g, '\r\n');
  const end = text.indexOf('\r\n\r\n');
  const length = end < 0 ? 0 : text.length - end - 4;
  return text.replace(/^Content-Length: \d+$/im, `Content-Length: ${length}`);
}

/** A socket that keeps what is sent by it. */
function fakeSocket(sent: string[]): Transport {
  return {
    protocol: 'udp',
    reliable: false,
    local: { address: '127.0.0.1', port: 5060 },
    send: (data, _address, _port, done) => {
      sent.push(Buffer.from(data).toString('latin1'));
      done?.(null);
    },
    close: async () => {},
  };
}

/** Runs `route { body }` on a request in this process, until nothing of it runs or waits any more. */
export async function runScript(body: string, options: ScriptOptions = {}): Promise<ScriptOutcome> {
  const modules = (options.modules ?? []).map((name) => `loadmodule "${name}.so"\n`).join('');
  return runProgram(
    programOf(
      `${modules}${options.rest ?? ''}\nroute {\n${body}\n}\n`.replace(/\r/g, ''),
      [],
      options.ownModules,
    ),
    options,
  );
}

async function runProgram(program: Program, options: ScriptOptions): Promise<ScriptOutcome> {
  const prints: string[] = [];
  const log: string[] = [];
  const sent: string[] = [];
  const requests: Request[] = [];
  const { routing, pool } = poolOf(
    program,
    'json',
    (line) => {
      const { level, origin, msg } = JSON.parse(line.toString('utf8')) as Record<
        'level' | 'origin' | 'msg',
        string
      >;
      if (origin === 'script') prints.push(msg);
      else if (level !== 'debug') log.push(msg);
    },
    options,
  );
  routing.takeEffect();
  await routing.begin({ isFirst: false });
  const text = wire(options.request ?? sampleRequest);
  const source = { address: '192.0.2.7', port: 5062, transport: 'udp' as const };
  const parsed = parseMessage(Buffer.from(text, 'latin1'), source, fakeSocket(sent));
  try {
    if (parsed instanceof SipRequest) {
      const request = new Request(routing, parsed);
      requests.push(request);
      pool.submit((worker) => runRoute(worker, request, program.compiled.main));
    } else {
      const receiver = new Receiver(routing);
      receiver.receive(Buffer.from(text, 'latin1'), source, fakeSocket(sent));
    }
    do {
      await pool.idle();
      await routing.background.settled();
      await pool.idle();
    } while (routing.background.size > 0);
  } finally {
    await routing.close();
    await routing.host.close();
  }
  return { prints, log, sent, request: requests[0] ?? null };
}

/** What one xlog() of `text` prints. */
export async function printed(text: string, options: ScriptOptions = {}): Promise<string | undefined> {
  const { prints } = await runScript(`xlog("${text}");`, options);
  return prints.at(-1);
}
