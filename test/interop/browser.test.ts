/** examples/browser in Debian's Chromium, with JsSIP: a browser registers, calls a phone on UDP, and is called by it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { Chromium } from '../support/chromium.ts';
import { closeLater } from '../support/close-later.ts';
import { root } from '../support/pages.ts';
import { freePort } from '../support/ports.ts';
import { type PeerMessage, SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWatched } from '../support/watched.ts';
import { webrtcAudio } from '../support/webrtc.ts';

const example = (name: string): string => readFileSync(`${root}examples/browser/${name}`, 'utf8');

/** JsSIP as one script that defines `JsSIP`. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: "window.JsSIP = require('jssip');", resolveDir: root },
    bundle: true,
    write: false,
    define: { global: 'window' },
  });
  return outputFiles[0]?.text ?? '';
}

/** The page, as a web server would serve it; its address. */
async function servePage(): Promise<string> {
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/': ['text/html', example('index.html')],
    '/phone.js': ['text/javascript', example('phone.js')],
    '/jssip.js': ['text/javascript', await bundle()],
  };
  const server = createServer(({ url = '' }, response) => {
    const [type, text] = files[url] ?? [];
    response.writeHead(text === undefined ? 404 : 200, { 'Content-Type': type ?? 'text/plain' }).end(text);
  });
  closeLater({ close: () => server.close() });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Fills a field of the page. */
const fill = (page: Chromium, name: string, value: string) =>
  page.read(`document.querySelector('[name=${name}]').value = ${JSON.stringify(value)}`);

/** Sends a request within the dialog of an INVITE that the phone has received. */
function endCall(phone: SipPeer, port: number, invite: PeerMessage): void {
  const contact = /<(.*)>/.exec(invite.header('contact') ?? '')?.[1] ?? '';
  phone.send(
    [
      `BYE ${contact} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bKbye`,
      ...invite.all('record-route').map((route) => `Route: ${route}`),
      `From: ${invite.header('to')};tag=t${phone.port}`,
      `To: ${invite.header('from')}`,
      `Call-ID: ${invite.header('call-id')}`,
      'CSeq: 7 BYE',
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
    port,
  );
}

const sdp = ['Content-Type: application/sdp'];

/** As the example says it is done in production. */
function secured(script: string): string {
  const folder = temporaryFolder('browser');
  const { cert, key } = createAuthority().issue({ names: ['127.0.0.1'] });
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  return `${script.replace('socket=ws:', 'socket=wss:').replace('proto_ws.so', 'proto_wss.so')}
loadmodule "tls_mgm.so"
modparam("tls_mgm", "server_domain", "phones")
modparam("tls_mgm", "certificate", "[phones]${join(folder, 'cert.pem')}")
modparam("tls_mgm", "private_key", "[phones]${join(folder, 'key.pem')}")
modparam("tls_mgm", "verify_cert", "[phones]0")
`;
}

describe.each([
  [1, 'ws'],
  [2, 'ws'],
  [1, 'wss'],
  [2, 'wss'],
])('a browser and a phone, with %i processes, over %s', (processes, scheme) => {
  it('call each other', async () => {
    const ws = await freePort();
    const plain = example('opensips.cfg')
      .replace('udp:127.0.0.1:5060', 'udp:127.0.0.1:PORT')
      .replace('ws:127.0.0.1:8080', `ws:127.0.0.1:${ws}`);
    const script = scheme === 'wss' ? secured(plain) : plain;
    const { port } = closeLater(await startWatched(script, { processes }));
    const phone = await SipPeer.open();
    phone.request(port, 'sip:127.0.0.1', { method: 'REGISTER', to: '<sip:bob@127.0.0.1>' });
    await phone.next(200);

    const flags = [
      ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
      '--allow-loopback-in-peer-connection', // this machine may have no other network
      ...(scheme === 'wss' ? ['--ignore-certificate-errors'] : []),
    ];
    const page = closeLater(await Chromium.open(await servePage(), { width: 800, height: 600 }, flags));
    await page.sees('#registration', /not registered/);
    await fill(page, 'server', `${scheme}://127.0.0.1:${ws}`);
    await page.click('#line button');
    await page.sees('#registration', /^registered as sip:alice@127\.0\.0\.1/);

    // the browser calls, and the phone hangs up
    await page.click('#dial button');
    const invite = await phone.next('INVITE');
    expect(invite.all('via')[1]).toMatch(/^SIP\/2\.0\/WSS? [a-z0-9]+\.invalid;/);
    expect(invite.header('contact')).toMatch(/@127\.0\.0\.1:\d+;transport=ws/);
    phone.reply(invite, 180);
    await page.sees('#call', /rings/);
    phone.reply(invite, 200, sdp, 'OK', webrtcAudio('answer'));
    await phone.next('ACK');
    await page.sees('#call', /^talking to sip:bob@127\.0\.0\.1/);
    endCall(phone, port, invite);
    await phone.next(200);
    await page.sees('#call', /the call has ended/);

    // the phone calls, and the browser hangs up
    const sent = phone.request(port, 'sip:alice@127.0.0.1', {
      to: '<sip:alice@127.0.0.1>',
      headers: sdp,
      body: webrtcAudio('offer'),
    });
    await page.sees('#call', /is calling/);
    await page.click('#answer');
    const answer = await phone.next(200);
    expect(answer.header('contact')).toMatch(/@127\.0\.0\.1:\d+;transport=ws/);
    const contact = /<(.*)>/.exec(answer.header('contact') ?? '')?.[1] ?? '';
    const kept = sent.split('\r\n').filter((line) => /^(?:From|Call-ID|CSeq):/.test(line));
    phone.send(
      [
        `ACK ${contact} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bKack`,
        ...answer
          .all('record-route')
          .toReversed()
          .map((route) => `Route: ${route}`),
        ...kept.map((line) => line.replace('INVITE', 'ACK')),
        `To: ${answer.header('to')}`,
        'Max-Forwards: 70',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
      port,
    );
    await page.sees('#call', /^talking to/);
    await page.click('#hang-up');
    const bye = await phone.next('BYE');
    phone.reply(bye, 200);
    await page.sees('#call', /the call has ended/);
    expect(page.complaints).toEqual([]);
  });
});
