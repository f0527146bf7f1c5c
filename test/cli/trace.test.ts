/** siprest trace: calls of a running server, live. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['signaling', 'sl', 'tm', 'sipmsgops', 'rest_client']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');

async function server(...args: readonly string[]) {
  const service = closeLater(await startService((_, response) => respond(response, 200, 'yes')));
  const { run, start, env, folder } = place();
  const program = await start(
    `${modules}route {
  if (rest_get("${service.origin}/credit?secret=1", $var(body))) {
    route(ANSWER);
  }
}
route[ANSWER] {
  send_reply(200, "OK");
}\n`,
    ...args,
  );
  const send = (from: string, callId: string) =>
    run(
      ...['send', 'OPTIONS', `sip:bob@127.0.0.1:${program.port}`],
      ...['--from', `sip:${from}@home.example`, '-H', `Call-ID: ${callId}`],
    );
  return { service, program, env, folder, send };
}

describe('siprest trace', () => {
  it.each([1, 2])('prints a ladder of the calls of a user, with %i process(es)', async (processes) => {
    const { service, program, env, send } = await server('--processes', String(processes));
    const trace = closeLater(launchSiprest(['trace', 'alice'], env));
    // it has begun once a call is seen
    await expect
      .poll(
        async () => {
          await send('alice', 'begun');
          return trace.stdout;
        },
        { timeout: 20_000 },
      )
      .toContain('begun');
    await send('carol', 'other');
    await send('alice', 'one');
    await trace.prints(/Call-ID one\n[^]*SIP out/);
    await trace.stop('SIGTERM');
    expect(trace.stdout).not.toContain('other');
    const lines = trace.stdout.slice(trace.stdout.indexOf('Call-ID one\n')).split('\n').slice(1, 9);
    expect(lines.map((line) => line.replace(/^ +[\d.]+ ms {2}/, '').replace(/ {2,}/, ' | '))).toEqual([
      expect.stringMatching(`^SIP in \\| OPTIONS sip:bob@127\\.0\\.0\\.1:${program.port} from 127`),
      'script | if, siprest.cfg:8',
      `HTTP out | GET ${service.origin}/credit`,
      expect.stringMatching(/^HTTP in \| 200, 3 bytes in \d+ ms$/),
      'script | route(), siprest.cfg:9',
      'script | send_reply(), siprest.cfg:13',
      expect.stringMatching(/^SIP out \| 200 OK to 127\.0\.0\.1:\d+$/),
      '',
    ]);
  });

  it('prints JSON, and writes a file for Wireshark', async () => {
    const { program, env, folder, send } = await server();
    const file = join(temporaryFolder('trace'), 'calls.pcap');
    const trace = closeLater(launchSiprest(['trace', '--json', '--pcap', file, 'callid=one'], env));
    await expect
      .poll(
        async () => {
          await send('alice', 'one');
          return trace.stdout;
        },
        { timeout: 20_000 },
      )
      .toContain('SIP in');
    await trace.stop('SIGTERM');
    const events = trace.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    // the first call may have begun before the trace did
    expect(events.find(({ kind }) => kind === 'SIP in')).toMatchObject({
      callId: 'one',
      transport: 'udp',
      local: { address: '127.0.0.1', port: program.port },
      message: expect.stringContaining('Call-ID: one\r\n'),
    });
    const bytes = readFileSync(file);
    expect(bytes.readUInt32LE(0)).toBe(0xa1b2c3d4);
    const request = packetsOf(bytes).find(
      (packet) => packet.toString('latin1', 28, 28 + 12) === 'OPTIONS sip:',
    );
    expect(request?.readUInt16BE(22)).toBe(program.port);
    for (let i = 0; i < 8; i++)
      await askServer(program.pid, 'siprest:trace', folder, undefined, [`v${i}`]).catch(() => null);
    await expect(askServer(program.pid, 'siprest:trace', folder, undefined, ['more'])).rejects.toThrow(
      'too many viewers',
    );
  });

  it('refuses an unknown filter', async () => {
    const { env } = await server();
    const trace = launchSiprest(['trace', 'from=alice'], env);
    expect(await trace.ended).toBe(1);
    expect(trace.stderr).toBe('siprest: unknown filter from; use callid, user or ip\n');
  });
});

/** The packets of a capture: IPv4 headers and what follows. */
function packetsOf(capture: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 24; at < capture.length; ) {
    const length = capture.readUInt32LE(at + 8);
    packets.push(capture.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return packets;
}
