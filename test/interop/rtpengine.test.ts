/** Calls whose media pass Debian's rtpengine: packets of both sides are counted. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startRtpengine } from '../support/rtpengine.ts';
import { startServer } from '../support/server.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { until } from '../support/until.ts';

/** One side's media. */
class Media {
  readonly socket = dgram.createSocket('udp4');
  /** The sequence numbers of the packets that have arrived. */
  readonly heard = new Set<number>();

  static async open(): Promise<Media> {
    const media = closeLater(new Media());
    media.socket.on('message', (data) => media.heard.add(data.readUInt16BE(2)));
    media.socket.bind(0, '127.0.0.1');
    await once(media.socket, 'listening');
    return media;
  }

  get port(): number {
    return this.socket.address().port;
  }

  get description(): string {
    return `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${this.port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`;
  }

  /** Packets of PCMU, 20 ms each, at their pace. */
  async speak(to: number, from: number, count: number): Promise<void> {
    for (let number = from; number < from + count; number++) {
      const packet = Buffer.alloc(172, 0x55);
      packet.writeUInt16BE(0x8000, 0);
      packet.writeUInt16BE(number, 2);
      packet.writeUInt32BE(160 * number, 4);
      packet.writeUInt32BE(this.port, 8);
      this.socket.send(packet, to, '127.0.0.1');
      await sleep(20);
    }
  }

  close(): void {
    this.socket.close();
  }
}

const mediaPort = (body: string) => Number(/m=audio (\d+)/.exec(body)?.[1]);
const described = ['Content-Type: application/sdp'];

describe.each(['udp', 'tcp', 'http'] as const)('rtpengine by %s', { timeout: 60_000 }, (transport) => {
  it('relays both sides of a call, which it then forgets', async () => {
    const engine = await startRtpengine();
    const bob = await SipPeer.open();
    const server = closeLater(
      await startServer(`${['signaling', 'sl', 'tm', 'rr', 'sipmsgops', 'json', 'rtpengine'].map((name) => `loadmodule "${name}.so"\n`).join('')}
modparam("rtpengine", "rtpengine_sock", "${engine.sockets[transport]}")
xlog_level=3
route {
  if (has_totag()) {
    loose_route();
    if (is_method("INFO")) {
      if ($hdr(X-Block) != NULL) rtpengine_block_media(); else rtpengine_unblock_media();
      send_reply(200, "Code $rc");
      exit;
    }
    if (is_method("BYE")) {
      $json(q) := $rtpquery;
      xlog("packets $json(q/totals/RTP/packets): $rtpstat\\n");
    }
    rtpengine_manage();
    xlog("$rm $rc\\n");
    t_relay();
    exit;
  }
  record_route();
  rtpengine_manage("replace-origin ICE=remove", $var(s));
  xlog("offer $rc by $var(s)\\n");
  t_on_reply("media");
  $du = "sip:127.0.0.1:${bob.port}";
  t_relay();
}
onreply_route[media] { rtpengine_manage("replace-origin"); xlog("$rs $rc\\n"); }
`),
    );
    const [alice, mediaA, mediaB] = [await SipPeer.open(), await Media.open(), await Media.open()];
    alice.request(server.port, 'sip:bob@example.com', {
      callId: 'relayed',
      headers: described,
      body: mediaA.description,
    });
    const invite = await bob.next('INVITE');
    const relayB = mediaPort(invite.body);
    expect(invite.body).not.toContain(String(mediaA.port));
    bob.reply(invite, 200, described, 'OK', mediaB.description);
    const answer = await alice.next(200);
    const relayA = mediaPort(answer.body);
    expect(relayA).not.toBe(mediaB.port);

    const within = (method: string, cseq: number, headers: readonly string[] = []) =>
      alice.request(server.port, bob.uri('callee'), {
        method,
        callId: 'relayed',
        cseq,
        to: answer.header('to') ?? '',
        headers: [...answer.all('record-route').map((route) => `Route: ${route}`), ...headers],
      });
    within('ACK', 1);
    await bob.next('ACK');
    await Promise.all([mediaA.speak(relayA, 1, 50), mediaB.speak(relayB, 1, 50)]);
    await until(() => mediaA.heard.size === 50 && mediaB.heard.size === 50);

    within('INFO', 2, ['X-Block: 1']);
    expect((await alice.next(200)).reason).toBe('Code 1');
    await Promise.all([mediaA.speak(relayA, 51, 10), mediaB.speak(relayB, 51, 10)]);
    within('INFO', 3);
    expect((await alice.next(200)).reason).toBe('Code 1');
    await Promise.all([mediaA.speak(relayA, 61, 5), mediaB.speak(relayB, 61, 5)]);
    await until(() => mediaA.heard.has(65) && mediaB.heard.has(65));
    expect([mediaA.heard.size, mediaB.heard.size]).toEqual([55, 55]);

    within('BYE', 4);
    bob.reply(await bob.next('BYE'), 200);
    await alice.next(200);
    await server.logs('BYE 1');
    expect(server.log.join('\n')).toMatch(
      /packets 1[123]\d: RTP: \d+ bytes, 1[123]\d packets, 0 errors; RTCP: 0 bytes/,
    );
    expect(server.log.join('\n')).toContain(`offer 1 by ${engine.sockets[transport]}`);
    expect(await engine.ask({ command: 'query', 'call-id': 'relayed' })).toMatchObject({ result: 'error' });
  });
});
