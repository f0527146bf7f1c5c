/** examples/prepaid, the script and the policy: both do the same. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { proxyAuthorization } from '../support/digest.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { type PeerMessage, SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const example = fileURLToPath(new URL('../../examples/prepaid', import.meta.url));

/** What the service says of credit: JSON, a status, or nothing. */
type Credit = string | number | null;

/** The platform, with its service, two gateways and a caller. */
async function start(file: string, credit: Credit) {
  const service = closeLater(
    await startService(({ target }, response) => {
      if (target === '/users/alice') respond(response, 200, '{"password": "secret"}');
      else if (target.startsWith('/users/')) respond(response, 404, '');
      else if (target === '/records') respond(response, 200, '');
      else if (typeof credit === 'number') respond(response, credit, '');
      else if (credit !== null) respond(response, 200, credit);
    }),
  );
  const [first, second, alice] = [await SipPeer.open(), await SipPeer.open(), await SipPeer.open()];
  const port = await freePort();
  const folder = join(temporaryFolder('prepaid'), 'prepaid');
  cpSync(example, folder, { recursive: true });
  for (const name of ['opensips.cfg', 'policy.cfg', 'policy.ts']) {
    const text = readFileSync(join(folder, name), 'utf8')
      .replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`)
      .replaceAll('http://127.0.0.1:8081', service.origin)
      .replaceAll('5081', String(first.port))
      .replaceAll('5082', String(second.port));
    writeFileSync(join(folder, name), text);
  }
  const program = closeLater(launchSiprest(['run', join(folder, file)]));
  await program.prints(`listening on udp:127.0.0.1:${port}`);
  const uri = `sip:+4930123456@127.0.0.1:${port}`;
  const callId = `call-${port}`;
  return {
    ...{ service, first, second, alice, port, program },
    /** Sends an INVITE, and again with the answer to its challenge. */
    call: async (password = 'secret', id = callId) => {
      const invite = alice.request(port, uri, { callId: id, branch: `z9hG4bK1${id}` });
      const challenge = await alice.next(407);
      alice.acknowledge(port, invite, challenge);
      const header = challenge.header('proxy-authenticate') ?? '';
      const answer = proxyAuthorization(header, { user: 'alice', password, method: 'INVITE', uri });
      return alice.request(port, uri, {
        ...{ callId: id, branch: `z9hG4bK2${id}`, cseq: 2 },
        headers: [answer],
      });
    },
    /** The ACK to a 2xx. */
    acknowledge: (ok: PeerMessage, id = callId) =>
      alice.request(port, ok.header('contact')?.replace(/^<|>$/g, '') ?? '', {
        ...{ method: 'ACK', callId: id, cseq: 2, to: ok.header('to') ?? '', branch: `z9hG4bK3${id}` },
        headers: ok
          .all('record-route')
          .toReversed()
          .map((route) => `Route: ${route}`),
      }),
    records: () =>
      service.seen
        .filter(({ target }) => target === '/records')
        .map(({ body }) => JSON.parse(body) as { event: string; params: Readonly<Record<string, unknown>> }),
  };
}

describe.each(['opensips.cfg', 'policy.ts'])('examples/prepaid/%s', (file) => {
  it('cuts a call when its credit is used up, and sends one record of it', async () => {
    const platform = await start(file, '{"seconds": 1, "calls": 2}');
    const { first, alice, port } = platform;
    await platform.call();
    const invite = await first.next('INVITE');
    expect(invite.uri).toContain('+4930123456@');
    expect(invite.header('proxy-authorization')).toBeUndefined();
    first.reply(invite, 200);
    platform.acknowledge(await alice.next(200));
    await first.next('ACK');
    for (const side of [first, alice]) side.reply(await side.next('BYE'), 200);
    await expect.poll(platform.records, { timeout: 10_000 }).toHaveLength(1);
    expect(platform.records()[0]).toMatchObject({
      event: 'E_ACC_CDR',
      params: { account: 'alice', callid: `call-${port}`, sip_code: '200' },
    });
    expect(Number(platform.records()[0]?.params['ms_duration'])).toBeGreaterThanOrEqual(1000);
  });

  it('goes to the second gateway when the first one fails', async () => {
    const platform = await start(file, '{"seconds": 60, "calls": 2}');
    const { first, second, alice, port } = platform;
    const invite = await platform.call();
    first.reply(await first.next('INVITE'), 503);
    second.reply(await second.next('INVITE'), 486);
    alice.acknowledge(port, invite, await alice.next(486));
    const statuses = () => platform.records().map(({ params }) => params['sip_code']);
    await expect.poll(statuses, { timeout: 10_000 }).toContain('486');
  });

  it('refuses those who are unknown, have no credit, or too many calls', async () => {
    const platform = await start(file, '{"seconds": 60, "calls": 1}');
    const { first, alice, port } = platform;
    const wrong = await platform.call('wrong', 'wrong');
    alice.acknowledge(port, wrong, await alice.next(407));
    await platform.call();
    first.reply(await first.next('INVITE'), 200);
    platform.acknowledge(await alice.next(200));
    const more = await platform.call('secret', 'more');
    alice.acknowledge(port, more, await alice.next(486));

    const poor = await start(file, 402);
    poor.alice.acknowledge(poor.port, await poor.call(), await poor.alice.next(402));
  });

  it('trusts an account for a minute while the service answers nothing', async () => {
    const platform = await start(file, null);
    await platform.call();
    const invite = await platform.first.next('INVITE');
    expect(invite.uri).toContain('+4930123456@');
  });
});
