/** What docs/reliability.md promises at twice the capacity of a server. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { quantile, startLoad, tally } from '../support/load.ts';
import { respond, startService } from '../support/service.ts';
import { startWatched } from '../support/watched.ts';

const workers = 8;
/** What the service takes for each answer, in ms. */
const serviceTime = 200;
const seconds = 10;

describe.each([1, 2])('at twice the capacity, %i processes', (processes) => {
  it('serves 90 % of the capacity, refuses the rest cheaply, gives dialogs priority, and recovers at once', async () => {
    const service = closeLater(
      await startService((_, response) => setTimeout(respond, serviceTime, response, 200, '42')),
    );
    const siprest = closeLater(
      await startWatched(
        `
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "signaling.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
udp_workers=${workers}
route {
  rest_get("${service.origin}", $avp(body));
  if (has_totag())
    send_reply(200, "In Dialog");
  else
    send_reply(200, "OK");
}
`,
        { processes },
      ),
    );
    // 40 calls a second, less what the machine takes
    const began = performance.now();
    const alone = await startLoad({ port: siprest.port, pace: { atATime: workers }, count: 15 * workers });
    const measured = tally(await alone.done);
    expect(Object.keys(measured)).toEqual(['200 OK']);
    const capacity = (15 * workers * 1000) / (performance.now() - began);

    const count = Math.round(2 * capacity * seconds);
    const load = await startLoad({ port: siprest.port, pace: { rate: 2 * capacity }, count });
    await delay((seconds - 3) * 1000);
    const { done: dialogs } = await startLoad({
      port: siprest.port,
      pace: { rate: 4 },
      count: 8,
      request: () => ({ method: 'BYE', to: '<sip:bob@biloxi.example.com>;tag=callee' }),
    });
    const inDialog = await dialogs;
    expect(tally(inDialog)).toEqual({ '200 In Dialog': 8 });

    while (load.calls.length < count) await delay(10);
    await delay(1000);
    const later = await startLoad({ port: siprest.port, pace: { rate: capacity / 2 }, count: 20 });
    expect(tally(await later.done)).toEqual({ '200 OK': 20 });

    const calls = await load.done;
    const replies = tally(calls);
    expect(Object.keys(replies).sort()).toEqual(['200 OK', '503 Service Unavailable']);
    expect(replies['200 OK']).toBeGreaterThan(0.9 * capacity * seconds);
    const refused = calls.filter(({ status }) => status === 503);
    expect(refused.every(({ retryAfter }) => retryAfter)).toBe(true);
    // a call in a dialog waits for the next worker that is free, new ones for their turn
    const waited = quantile(
      calls.filter(({ status }) => status === 200),
      0.5,
    );
    expect(quantile(inDialog, 0.5)).toBeLessThan(waited);
  });
});

describe.each([1, 2])('scripts that need more CPU than available, %i processes', (processes) => {
  it('are served early or refused, and recover within a second after the load drops', async () => {
    const siprest = closeLater(
      await startWatched(
        `
loadmodule "sl.so"
udp_workers=${workers}
route {
  $var(rounds) = 0;
  while ($var(rounds) < 4) {
    $var(turns) = 0;
    while ($var(turns) < 9900) {
      $var(text) = "turn " + $var(turns);
      $var(turns) = $var(turns) + 1;
    }
    $var(rounds) = $var(rounds) + 1;
  }
  sl_send_reply(200, "OK");
}
`,
        { processes },
      ),
    );
    // by clients that ask once, so that nothing comes after it
    const [rate, count] = [1500, 7500];
    const load = await startLoad({
      port: siprest.port,
      pace: { rate },
      count,
      timers: null,
      giveUpAfter: 10,
    });
    while (load.calls.length < count) await delay(10);
    await delay(1000);
    const later = await startLoad({ port: siprest.port, pace: { rate: 10 }, count: 20, timers: null });
    expect(tally(await later.done)).toEqual({ '200 OK': 20 });
    const replies = tally(await load.done);
    expect(replies['200 OK']).toBeGreaterThan(0);
    // it has found out, and not only the socket, which was full
    expect(replies['503 Service Unavailable']).toBeGreaterThan(0);
  });
});
