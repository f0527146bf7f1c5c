/** The live page in Debian's Chromium, while a REST service begins to hang. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Chromium } from '../support/chromium.ts';
import { closeLater } from '../support/close-later.ts';
import { httpUrl } from '../support/http-url.ts';
import { startLoad } from '../support/load.ts';
import { respond, startService } from '../support/service.ts';
import { startWatched } from '../support/watched.ts';

it('shows which service hangs, and what the server does about it', async () => {
  let hangs = false;
  const service = closeLater(
    await startService((_, response) => {
      if (!hangs) respond(response, 200, 'yes');
    }),
  );
  const host = service.origin.replace('http://', '');
  const modules = ['signaling', 'sl', 'tm', 'rest_client']
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('');
  const program = closeLater(
    await startWatched(
      `${modules}modparam("rest_client", "curl_timeout", 2)
      route { async(rest_get("${service.origin}/credit", $var(x)), done); }
      route[done] { if ($rc < 0) send_reply(500, "No Answer"); else send_reply(200, "OK"); }
`,
      { processes: 2, args: ['--http', '127.0.0.1:0'] },
    ),
  );
  const url = await httpUrl(program);
  const load = await startLoad({ port: program.port, pace: { rate: 50 }, count: 100_000, timers: null });
  closeLater({ close: () => load.stop() });
  const page = closeLater(await Chromium.open(url, { width: 1200, height: 1000 }));
  await page.sees('#verdict', /All is well/);
  await page.sees('#hosts', RegExp(`${host}[^]*0 %`));
  await page.sees('#processes', /^1\t\d+/m);
  hangs = true;
  await page.sees('#verdict', RegExp(`${host}: .* of REST calls fail, mostly timeout`));
  await page.sees('#verdict', RegExp(`${host} is slow: p99 .* s, mostly first byte`));
  await page.sees('#slow', /timeout[^]*GET http.*\/credit[^]*/);
  await page.sees('#legend', /5xx: [1-9]/);

  // by keyboard alone, the skip link leads to the hosts
  await page.press('Tab');
  expect(await page.read('document.activeElement.className')).toBe('skip');
  await page.press('Tab');
  expect(await page.read('document.activeElement.className')).toBe('scroll');
  await page.press('Tab');
  expect(await page.read('document.activeElement.tagName')).toBe('SUMMARY');
  await page.press('Enter');
  await page.sees('#slow .ladder', /SIP in[^]*HTTP out[^]*GET http/);

  // on a phone nothing but tables scrolls sideways, and dark is dark
  await page.show({ width: 390, height: 844, dark: true });
  expect(await page.read('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  expect(await page.read('getComputedStyle(document.body).backgroundColor')).toBe('rgb(18, 22, 27)');

  expect(page.complaints).toEqual([]);
  expect(page.requests.filter((request) => !request.startsWith(url) && request !== 'data:,')).toEqual([]);
  const folder = process.env['SIPREST_SCREENSHOTS'];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/phone.png`, await page.screenshot());
  }

  await program.stop();
  await page.sees('#connection', /no connection to the server; trying again/);
});
