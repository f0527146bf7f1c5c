import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { served, startLoad, tally } from '../support/load.ts';
import { startLossyRelay } from '../support/lossy-relay.ts';
import { respond, startService } from '../support/service.ts';
import { startWatched } from '../support/watched.ts';

const count = 150;

/** So short that a call whose messages are lost as often as they may be ends long before it is given up. */
const timers = { t1: 100, t2: 800 };

describe.each([1, 3])(
  'a network that drops 30 in 100 packets in either direction, %i processes',
  (processes) => {
    it.each([
      ['OPTIONS', 200],
      ['INVITE', 404],
    ] as const)('every %s ends as the script says, and asks the service once', async (method, status) => {
      const service = closeLater(await startService((_, response) => respond(response, 200, '42')));
      const siprest = closeLater(
        await startWatched(
          `
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "signaling.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
udp_workers=${processes}
route {
  if (is_method("ACK"))
    exit;
  async(rest_get("${service.origin}/$ci", $avp(body)), resume);
}
route[resume] {
  if ($rc > 0)
    t_reply(${status}, "As Said");
}
`,
          { processes },
        ),
      );
      const network = closeLater(
        await startLossyRelay(siprest.port, { loss: 0.3, seed: processes, most: 4 }),
      );
      const load = await startLoad({
        port: network.port,
        pace: { rate: 40 },
        count,
        timers,
        giveUpAfter: 20,
        request: (nth) => ({ method, callId: `${nth}@load` }),
      });
      const calls = served(await load.done, load);
      expect(tally(calls)).toEqual({ [`${status} As Said`]: calls.length });
      expect(network.dropped).toBeGreaterThan(count / 4);
      expect(calls.some(({ sends }) => sends > 3)).toBe(true);
      expect(new Set(service.seen.map(({ target }) => target)).size).toBe(calls.length);
      expect(service.seen).toHaveLength(calls.length);
    });
  },
);
