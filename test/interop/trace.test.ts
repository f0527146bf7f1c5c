/** What siprest trace --pcap writes, read by Wireshark's tshark. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { findCommand } from '../support/commands.ts';
import { place } from '../support/place.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

it.each(['127.0.0.1', '[::1]'])('opens in Wireshark, with messages from %s', async (host) => {
  const { run, start, env } = place();
  const port = await freePort();
  await start(
    `socket=udp:${host}:${port}\nloadmodule "signaling.so"\nloadmodule "sl.so"\nroute { send_reply(200, "OK"); }\n`,
  );
  const file = join(temporaryFolder('trace'), 'calls.pcap');
  const trace = closeLater(launchSiprest(['trace', '--pcap', file], env));
  await expect
    .poll(
      async () => {
        await run('send', 'OPTIONS', `sip:bob@${host}:${port}`, '-H', 'Call-ID: one');
        return trace.stdout;
      },
      { timeout: 20_000 },
    )
    .toContain('SIP out');
  await trace.stop('SIGTERM');
  const fields = ['sip.Method', 'sip.Status-Code', 'sip.Call-ID', 'udp.srcport', '_ws.expert.message'];
  const printed = execFileSync(
    findCommand('tshark') ?? '',
    [
      ...['-r', file, '-d', `udp.port==${port},sip`, '-o', 'ip.check_checksum:TRUE', '-T', 'fields'],
      ...fields.flatMap((field) => ['-e', field]),
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [request, reply] = printed
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  expect(request?.slice(0, 3)).toEqual(['OPTIONS', '', 'one']);
  expect(reply?.slice(1, 4)).toEqual(['200', 'one', String(port)]);
  expect(printed).not.toMatch(/malformed|bad checksum/i);
});
