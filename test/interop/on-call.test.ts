/** README's example as an engineer on call sees it: page, metrics, trace and administration, while its service hangs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Chromium } from '../support/chromium.ts';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { httpUrl } from '../support/http-url.ts';
import { launch } from '../support/launch.ts';
import { codeBlocks, root } from '../support/pages.ts';
import { place } from '../support/place.ts';
import { acceptsTcp, freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = codeBlocks({ name: 'README.md', text: readme });
const script =
  blocks.find(({ language, text }) => language === 'opensips' && text.includes('route {'))?.text ?? '';
/** The commands of README, `siprest` left out. */
const commands = (blocks.find(({ text }) => text.includes('siprest trace'))?.text ?? '')
  .split('\n')
  .map((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
const [runs, traces, administers] = commands;

it('finds the hanging service on the page, in the trace, in the metrics, and by command', async () => {
  let hangs = false;
  const service = closeLater(
    await startService((_, response) => {
      if (!hangs) respond(response, 200, 'yes');
    }),
  );
  const { start, run, env } = place();
  const text = script
    .replace('127.0.0.1:5060', '127.0.0.1:PORT')
    .replaceAll('http://127.0.0.1:8080', service.origin);
  expect(runs?.slice(0, 2)).toEqual(['run', '--http']);
  const program = closeLater(await start(text, '--http', '127.0.0.1:0'));
  const url = await httpUrl(program);
  const send = (callId: string) =>
    run(
      'send',
      'OPTIONS',
      `sip:bob@127.0.0.1:${program.port}`,
      '--from',
      'sip:alice@home.example',
      '-H',
      `Call-ID: ${callId}`,
    );

  const capture = join(temporaryFolder('trace'), 'calls.pcap');
  const trace = closeLater(
    launchSiprest(
      (traces ?? []).map((word) => (word === 'calls.pcap' ? capture : word)),
      env,
    ),
  );
  await expect
    .poll(
      async () => {
        await send('well');
        return trace.stdout;
      },
      { timeout: 20_000 },
    )
    .toContain('SIP out');
  const page = closeLater(await Chromium.open(url, { width: 1200, height: 1000 }));
  await page.sees('#verdict', /All is well/);

  hangs = true;
  expect((await send('slow')).printed).toContain('500 Credit Service Unavailable');

  // the page: which service, which call, what became of it; by keyboard
  const host = service.origin.replace('http://', '');
  await page.sees('#verdict', RegExp(`${host}: .* of REST calls fail, mostly timeout`));
  await page.sees('#slow', /5\.\d s\s*timeout\s*GET http.*\/credit\/alice\s*slow/);
  await page.read(`document.querySelector('#slow summary').focus()`);
  await page.press('Enter');
  await page.sees(
    '#slow .ladder',
    /SIP in[^]*OPTIONS sip:bob[^]*HTTP out[^]*GET http[^]*HTTP in[^]*-3, [^]*SIP out[^]*500 Credit Service Unavailable/,
  );
  const folder = process.env['SIPREST_SCREENSHOTS'];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/on-call.png`, await page.screenshot());
  }

  // the trace, on the terminal and in Wireshark
  await trace.prints(
    /Call-ID slow\n[^]*HTTP out +GET [^]*HTTP in +-3, [^]*SIP out +500 Credit Service Unavailable/,
  );
  await trace.stop('SIGTERM');
  const read = execFileSync(
    commandPath('tshark'),
    [
      '-r',
      capture,
      '-d',
      `udp.port==${program.port},sip`,
      '-Y',
      'sip.Call-ID == "slow"',
      '-T',
      'fields',
      '-e',
      'sip.Status-Code',
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  expect(read.trim().split('\n').at(-1)).toBe('500');

  // the metrics, by Prometheus
  const data = temporaryFolder('prometheus');
  const configuration = join(data, 'prometheus.yml');
  writeFileSync(
    configuration,
    `scrape_configs:\n  - job_name: siprest\n    scrape_interval: 1s\n    static_configs:\n      - targets: ['${new URL(url).host}']\n`,
  );
  const port = await freePort();
  closeLater(
    launch(commandPath('prometheus'), [
      ...[`--config.file=${configuration}`, `--storage.tsdb.path=${join(data, 'data')}`],
      `--web.listen-address=127.0.0.1:${port}`,
    ]),
  );
  await acceptsTcp(port);
  const query = `siprest_rest_outcomes_total{host="${host}",kind="timeout"}`;
  const value = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data: found } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    return found.result[0]?.value[1];
  };
  await expect.poll(value).toBe('1');

  // administration
  const [, command = '', ...args] = administers ?? [];
  const { 'core:rcv_requests': requests } = JSON.parse((await run('mi', command, ...args)).printed);
  expect(requests).toBeGreaterThan(1);
});
