/** examples/phones: a service knows the users, phones of the test register and call, and an rtpengine is asked. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { fakeRtpengine } from '../support/fake-rtpengine.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { type PeerRequest, SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const example = fileURLToPath(new URL('../../examples/phones/opensips.cfg', import.meta.url));

async function startExample() {
  const posted: string[] = [];
  const service = closeLater(
    await startService(({ method, target, body }, response) => {
      if (method === 'POST') {
        posted.push(body);
        respond(response, 204, '');
      } else if (/^\/users\/(?:alice|bob)\?realm=127\.0\.0\.1$/.test(target))
        respond(response, 200, '{"password":"secret"}');
      else if (target === '/calls?from=alice&to=200') respond(response, 200, '{"to":"bob"}');
      else if (target === '/calls?from=alice&to=900') respond(response, 403, '');
      else respond(response, 404, '');
    }),
  );
  const engine = await fakeRtpengine();
  const port = await freePort();
  const folder = temporaryFolder('phones');
  const file = join(folder, 'opensips.cfg');
  const text = readFileSync(example, 'latin1')
    .replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`)
    .replaceAll('http://127.0.0.1:8081', service.origin)
    .replace('udp:127.0.0.1:2223', engine.name);
  writeFileSync(file, text);
  const start = async () => {
    const program = closeLater(launchSiprest(['run', file], { XDG_RUNTIME_DIR: folder }));
    await program.prints(`listening on tcp:127.0.0.1:${port}`);
    return program;
  };
  return { port, engine, posted, start };
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

interface Authorized extends PeerRequest {
  readonly method: 'REGISTER' | 'INVITE';
  readonly user: string;
  readonly password?: string;
}

/** Sends a request, and again with credentials once it is challenged. */
async function authorize(peer: SipPeer, port: number, uri: string, request: Authorized): Promise<void> {
  const { method, user, password = 'secret', headers = [], ...more } = request;
  const isCall = method === 'INVITE';
  const all = { ...more, method, from: `<sip:${user}@127.0.0.1>;tag=${user}` };
  const first = peer.request(port, uri, { ...all, headers });
  const refused = await peer.next(isCall ? 407 : 401);
  if (isCall) peer.acknowledge(port, first, refused);
  const challenge = refused.header(isCall ? 'proxy-authenticate' : 'www-authenticate') ?? '';
  const field = (key: string) => new RegExp(`${key}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const [realm, nonce] = [field('realm'), field('nonce')];
  const secret = md5(`${user}:${realm}:${password}`);
  const response = md5(`${secret}:${nonce}:00000001:c:auth:${md5(`${method}:${uri}`)}`);
  const name = isCall ? 'Proxy-Authorization' : 'Authorization';
  const credentials = `${name}: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", qop=auth, nc=00000001, cnonce="c"`;
  peer.request(port, uri, { ...all, cseq: 2, headers: [...headers, credentials] });
}

const register = (peer: SipPeer, port: number, user: string, password?: string) =>
  authorize(peer, port, 'sip:127.0.0.1', {
    method: 'REGISTER',
    user,
    to: `<sip:${user}@127.0.0.1>`,
    ...(password === undefined ? {} : { password }),
  });

const sdp = (port: number) => `v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio ${port} RTP/AVP 0\r\n`;
const described = ['Content-Type: application/sdp'];

describe('examples/phones/opensips.cfg', { timeout: 60_000 }, () => {
  it('has no errors', async () => {
    const check = launchSiprest(['check', example]);
    expect([await check.ended, check.stdout]).toEqual([0, expect.stringContaining(`${example}: no errors`)]);
  });

  it('registers who the service knows, and connects them as it says, over a restart', async () => {
    const { port, engine, posted, start } = await startExample();
    const program = await start();
    const [alice, bob] = [await SipPeer.open(), await SipPeer.open()];
    await register(alice, port, 'alice');
    await alice.next(200);
    await register(bob, port, 'bob');
    await bob.next(200);
    await register(bob, port, 'mallory');
    await bob.next(401);
    await register(bob, port, 'bob', 'guessed');
    await bob.next(401);
    await until(() => posted.length === 2);
    expect(posted.map((text) => (JSON.parse(text) as { params: { aor: string } }).params.aor)).toEqual([
      'alice@127.0.0.1',
      'bob@127.0.0.1',
    ]);
    expect(await program.stop()).toBe(0);
    await start();

    const call = (to: string) =>
      authorize(alice, port, `sip:${to}@127.0.0.1`, {
        method: 'INVITE',
        user: 'alice',
        callId: `call-${to}`,
        to: `<sip:${to}@127.0.0.1>`,
        headers: described,
        body: sdp(4000),
      });
    await call('900');
    await alice.next(403);
    await call('nobody');
    await alice.next(404);
    await call('200');
    const invite = await bob.next('INVITE');
    expect(invite.uri).toBe(bob.uri('alice'));
    expect(invite.header('proxy-authorization')).toBeUndefined();
    expect(invite.body).toContain('c=IN IP4 203.0.113.9');
    bob.reply(invite, 200, described, 'OK', sdp(5000));
    const answer = await alice.next(200);
    expect(answer.body).toContain('c=IN IP4 203.0.113.9');
    alice.request(port, bob.uri('callee'), {
      method: 'BYE',
      callId: 'call-200',
      cseq: 3,
      from: '<sip:alice@127.0.0.1>;tag=alice',
      to: answer.header('to') ?? '',
      headers: answer.all('record-route').map((route) => `Route: ${route}`),
    });
    bob.reply(await bob.next('BYE'), 200);
    await alice.next(200);
    expect(engine.verbs).toEqual(['offer', 'answer', 'delete']);
  });
});
