/** SIP over TLS on real sockets. What Debian's programs make of it is in test/interop. */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { buildReply, sendReply } from '../../src/sip/reply.ts';
import type { StreamLimits } from '../../src/sip/stream-limits.ts';
import { StreamTransport } from '../../src/sip/stream-transport.ts';
import { type SecurePeer, type TlsDomain, TlsDomains } from '../../src/sip/tls-domains.ts';
import { type CertificateOptions, createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { TcpPeer } from '../support/tcp-peer.ts';
import { testAuthority as authority, tlsDomain, tlsDomains } from '../support/tls-domain.ts';
import { TlsPeer } from '../support/tls-peer.ts';
import { until } from '../support/until.ts';
import { requestText } from './simulated.ts';
import { IPV6_TORTURE, TORTURE } from './torture.ts';

const VIA = 'SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKtls';
const text = requestText({ via: VIA });
const day = 24 * 3_600_000;
const expired = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) };
const future = { notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 2 * day) };
const own = authority.issue({ names: ['sip.test'] });

interface Peer {
  readonly transport: StreamTransport;
  readonly requests: SipRequest[];
  /** Why handshakes failed. */
  readonly failures: string[];
}

/** A server that answers each request 200. */
async function server(domains: TlsDomains, limits: Partial<StreamLimits> = {}): Promise<Peer> {
  const requests: SipRequest[] = [];
  const failures: string[] = [];
  const transport = await StreamTransport.bind({
    address: '127.0.0.1',
    port: 0,
    protocol: 'tls',
    tls: domains,
    limits,
    onMessage: (data, source, socket) => {
      const message = parseMessage(data, source, socket);
      if (message.kind !== 'request') return;
      requests.push(message);
      sendReply(message, buildReply(message, { status: 200, toTag: 'x' }));
    },
    onClose: (_, why, detail) => {
      if (why === 'handshake') failures.push(detail);
    },
  });
  return { transport: closeLater(transport), requests, failures };
}

/** Accepts all clients. */
const open = (): TlsDomain => tlsDomain(own, null);

const send = ({ transport }: Peer, port: number, peer: SecurePeer = {}): Promise<Error | null> =>
  new Promise((done) => transport.send(Buffer.from(text), '127.0.0.1', port, done, peer));

describe('SIP over TLS', () => {
  it('answers on the connection, in whatever pieces a request arrives', async () => {
    const { transport, requests } = await server(tlsDomains(open()));
    const peer = await TlsPeer.connect(transport.local.port);
    peer.send(text.slice(0, 100));
    peer.send(text.slice(100) + text);
    await peer.sees(/200 OK[^]*200 OK/);
    expect(requests[0]?.source).toMatchObject({ address: '127.0.0.1', port: peer.port, transport: 'tls' });
    expect(transport.counts).toMatchObject({ received: 2, sent: 2, accepted: 1, opened: 0 });
  });

  it('opens one connection to a peer, with a certificate, and uses it in both directions', async () => {
    const client = authority.issue({ names: ['proxy.test'] });
    const one = await server(tlsDomains(null, tlsDomain(client, authority)));
    const other = await server(tlsDomains(tlsDomain(own, authority)));
    const { port } = other.transport.local;
    expect(await send(one, port, { domain: 'sip.test' })).toBeNull();
    expect(await send(one, port, { domain: 'sip.test' })).toBeNull();
    await until(() => other.requests.length === 2);
    expect([one.transport.counts.opened, other.transport.counts.accepted]).toEqual([1, 1]);
    const { source } = other.requests[0] as SipRequest;
    expect(await send(other, source.port)).toBeNull();
    await until(() => one.requests.length === 1);
    expect(other.transport.counts.opened).toBe(0);
  });

  it('knows about the peer what scripts read', async () => {
    const client = authority.issue({ names: ['phone.test'] });
    const { transport, requests } = await server(tlsDomains(tlsDomain(own, authority)));
    const peer = await TlsPeer.connect(transport.local.port, { ...client });
    peer.send(text);
    await peer.sees(/200 OK/);
    const facts = requests[0]?.socket?.secured?.facts;
    expect(facts).toMatchObject({ version: 'TLSv1.3', domain: 'test', isServer: true, distrust: null });
    expect(facts?.peer).toEqual(new X509Certificate(client.cert).raw);
  });

  it('chooses the domain by the server name and the address', async () => {
    const domains = new TlsDomains();
    const asked: unknown[] = [];
    const a = tlsDomain(authority.issue({ names: ['a.test'] }), null, { options: { maxVersion: 'TLSv1.2' } });
    domains.use({
      server: (local, name) => {
        asked.push([local.address, local.port, name]);
        return name === 'a.test' ? a : name === null ? open() : null;
      },
      client: () => null,
    });
    const { transport, failures } = await server(domains);
    const { port } = transport.local;
    const named = await TlsPeer.connect(port, { servername: 'A.test' });
    expect(named.sockets[0]?.getProtocol()).toBe('TLSv1.2');
    expect(named.sockets[0]?.getPeerCertificate().subject.CN).toBe('a.test');
    const unnamed = await TlsPeer.connect(port);
    expect(unnamed.sockets[0]?.getPeerCertificate().subject.CN).toBe('sip.test');
    await expect(TlsPeer.connect(port, { servername: 'b.test' })).rejects.toThrow(/unrecognized name/i);
    expect(failures).toEqual(['no TLS server domain is for the server name b.test']);
    expect(asked).toEqual([
      ['127.0.0.1', port, 'a.test'],
      ['127.0.0.1', port, null],
      ['127.0.0.1', port, 'b.test'],
    ]);
  });

  it('applies new domains to new connections only', async () => {
    const domains = tlsDomains(open());
    const { transport } = await server(domains);
    const before = await TlsPeer.connect(transport.local.port);
    const renewed = tlsDomain(authority.issue({ names: ['new.test'] }), null);
    domains.use({ server: () => renewed, client: () => null });
    const after = await TlsPeer.connect(transport.local.port);
    expect(after.sockets[0]?.getPeerCertificate().subject.CN).toBe('new.test');
    before.send(text);
    await before.sees(/200 OK/);
  });

  it('resumes sessions in both directions', async () => {
    const client = authority.issue({ names: ['proxy.test'] });
    const one = await server(tlsDomains(null, tlsDomain(client, authority)));
    const other = await server(tlsDomains(tlsDomain(own, authority)));
    const { port } = other.transport.local;
    for (const nth of [1, 2]) {
      expect(await send(one, port, { domain: 'sip.test' })).toBeNull();
      await until(() => other.requests.length === nth);
      // the session ticket has arrived before the answer
      await until(() => one.transport.counts.received === nth);
      const facts = other.requests[nth - 1]?.socket?.secured?.facts;
      expect(facts).toMatchObject({ distrust: null, peer: expect.any(Buffer) });
      expect(one.transport.connectionTo('127.0.0.1', port)?.secured?.isResumed).toBe(nth === 2);
      one.transport.closeTo('127.0.0.1', port);
      await until(() => other.transport.size === 0 && one.transport.size === 0);
    }
  });

  it('refuses a renegotiation, and goes on', async () => {
    const { transport } = await server(tlsDomains(open()));
    const peer = await TlsPeer.connect(transport.local.port, { maxVersion: 'TLSv1.2' });
    peer.sockets[0]?.renegotiate({}, () => undefined);
    // Node's client ends there
    await peer.until(() => peer.errors.length > 0);
    expect(peer.errors[0]).toMatch(/no renegotiation/i);
    const another = await TlsPeer.connect(transport.local.port);
    another.send(text);
    await another.sees(/200 OK/);
  });
});

describe('RFC 4475 and RFC 5118', () => {
  /** What arrives of a text that is all that a connection sends. */
  async function delivered(protocol: 'tcp' | 'tls', message: string): Promise<readonly string[]> {
    const messages: string[] = [];
    let isClosed = false;
    const transport = closeLater(
      await StreamTransport.bind({
        address: '127.0.0.1',
        port: 0,
        protocol,
        tls: tlsDomains(open()),
        limits: { idleTimeout: 300 },
        onMessage: (data) => messages.push(data.toString('latin1')),
        onClose: () => {
          isClosed = true;
        },
      }),
    );
    const { port } = transport.local;
    const socket =
      protocol === 'tcp'
        ? connect(port, '127.0.0.1')
        : tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(message, 'latin1');
    await until(() => isClosed);
    return messages;
  }

  it('means the same over TLS as over TCP', async () => {
    await Promise.all(
      [...TORTURE, ...IPV6_TORTURE].map(async ({ id, text: message }) => {
        const [overTcp, overTls] = await Promise.all([delivered('tcp', message), delivered('tls', message)]);
        expect(overTls, id).toEqual(overTcp);
      }),
    );
  });
});

describe('a client', () => {
  const trusted = authority.issue({ names: ['phone.test'] });
  const stranger = createAuthority('another CA').issue({ names: ['phone.test'] });
  const revoked = authority.issue({ names: ['lost.test'] });
  const strict = (): TlsDomain =>
    tlsDomain(own, authority, {
      revocation: ([leaf]) => (leaf?.subject.includes('lost.test') ? 'its certificate is revoked' : null),
    });

  it.each([
    ['with a trusted certificate', trusted, null],
    ['without a certificate', {}, 'the client is refused: it has no certificate'],
    ['with the certificate of an unknown CA', stranger, /the CA of its certificate is unknown/],
    ['with an expired certificate', authority.issue({ names: ['x.test'], ...expired }), /has expired/],
    ['with one that is not valid yet', authority.issue({ names: ['x.test'], ...future }), /is not valid yet/],
    ['with a revoked certificate', revoked, /is revoked/],
  ])('%s', async (_, certificate, refusal) => {
    const { transport, failures, requests } = await server(tlsDomains(strict()));
    // over TLS 1.2 a refusal for a missing certificate reaches the client in the handshake
    const peer = await TlsPeer.connect(transport.local.port, { ...certificate });
    peer.send(text);
    if (refusal === null) {
      await peer.sees(/200 OK/);
      return;
    }
    await peer.hasEnded();
    await until(() => failures.length === 1);
    expect(failures[0]).toMatch(refusal);
    expect([requests.length, peer.received]).toEqual([0, '']);
  });

  it.each([
    ['require_cert=0 without one', {}, { requiresCertificate: false }, 'it has no certificate'],
    ['verify_cert=0 with that of an unknown CA', stranger, { verifiesPeer: false }, null],
  ])('is let in by %s', async (_, certificate, more, distrust) => {
    const { transport, requests } = await server(tlsDomains(tlsDomain(own, authority, more)));
    const peer = await TlsPeer.connect(transport.local.port, { ...certificate });
    peer.send(text);
    await peer.sees(/200 OK/);
    expect(requests[0]?.socket?.secured?.facts.distrust ?? null).toBe(distrust ?? 'it has no certificate');
  });

  /** What a TLS client sends first. */
  const hello = (): Promise<Buffer> =>
    new Promise((resolve) => {
      const wire = new Duplex({
        read: () => undefined,
        write: (chunk: Buffer, _, done) => {
          resolve(chunk);
          done();
        },
      });
      tls.connect({ socket: wire, servername: 'a.test' }).on('error', () => undefined);
    });

  it.each([
    ['says nothing', 0, 'the client sent no ClientHello in time'],
    ['stalls in its ClientHello', 0.5, 'the client sent no ClientHello in time'],
    ['stalls after its ClientHello', 1, 'the client did not complete the TLS handshake in time'],
  ])('that %s is disconnected', async (_, part, reason) => {
    const { transport, failures } = await server(tlsDomains(open()), { handshakeTimeout: 200, accepted: 1 });
    const bytes = await hello();
    const socket = connect(transport.local.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes.subarray(0, Math.floor(part * bytes.length)));
    await new Promise((resolve) => {
      socket.resume();
      socket.once('close', resolve);
    });
    expect(failures).toEqual([reason]);
    // it counts no more
    const peer = await TlsPeer.connect(transport.local.port);
    peer.send(text);
    await peer.sees(/200 OK/);
  });

  it.each([
    ['speaks SIP', text, 'the first bytes are not TLS'],
    [
      'sends another TLS message first',
      '\x16\x03\x01\x00\x04\x02\x00\x00\x00',
      'TLS does not begin with a ClientHello',
    ],
    [
      'sends an endless ClientHello',
      `\x16\x03\x01\x40\x00\x01\xff\xff\xff${'x'.repeat(16_380)}`,
      'the ClientHello is too long',
    ],
    ['sends an empty record', '\x16\x03\x01\x00\x00', 'the first TLS record is invalid'],
  ])('that %s is disconnected at once', async (_, bytes, reason) => {
    const { transport, failures } = await server(tlsDomains(open()));
    const socket = connect(transport.local.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(bytes, 'latin1');
    await new Promise((resolve) => socket.once('close', resolve));
    await until(() => failures.length === 1);
    expect(failures).toEqual([reason]);
  });

  it('that sends its ClientHello in many pieces and records is served', async () => {
    const { transport } = await server(tlsDomains(open()));
    const raw = connect(transport.local.port, '127.0.0.1');
    const slow = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _, done) => {
        // the first record divided into several, byte by byte
        if (chunk[0] === 22 && chunk[5] === 1) {
          const body = chunk.subarray(5);
          for (let at = 0; at < body.length; at += 50) {
            const piece = body.subarray(at, at + 50);
            raw.write(Buffer.of(22, 3, 1, 0, piece.length));
            for (const byte of piece) raw.write(Buffer.of(byte));
          }
        } else raw.write(chunk);
        done();
      },
    });
    raw.on('data', (data) => slow.push(data));
    const socket = tls.connect({ socket: slow, servername: 'sip.test', rejectUnauthorized: false });
    closeLater({ close: () => raw.destroy() });
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    socket.write(text);
    await until(() => received.includes('200 OK'));
  });

  it('is limited with those of other transports', async () => {
    const { transport, failures } = await server(tlsDomains(open()), { accepted: 1 });
    await TlsPeer.connect(transport.local.port);
    await expect(TlsPeer.connect(transport.local.port)).rejects.toThrow(/disconnected|ECONNRESET/);
    expect(transport.counts.refused).toBe(1);
    expect(failures).toEqual([]);
  });
});

describe('a server', () => {
  const stranger = createAuthority('another CA');

  it.each<[string, CertificateOptions, string | undefined, RegExp | null]>([
    ['for the domain', { names: ['a.test'] }, 'a.test', null],
    ['for the domain, by a SIP URI', { names: ['sip:a.test', 'host.test'] }, 'a.test', null],
    ['for an address', { names: ['b.test'] }, undefined, null],
    ['for the domain by its common name alone', { commonName: 'a.test' }, 'a.test', null],
    ['for another domain', { names: ['b.test'] }, 'a.test', /certificate is not for a\.test/],
    ['for a domain by a wildcard', { names: ['*.a.test'] }, 'x.a.test', /is not for x\.a\.test/],
    [
      'with a SIP URI for another domain',
      { names: ['sip:b.test', 'a.test'] },
      'a.test',
      /is not for a\.test/,
    ],
    ['for a user', { names: ['sip:bob@a.test', 'b.test'] }, 'a.test', /is not for a\.test/],
    ['that has expired', { names: ['a.test'], ...expired }, 'a.test', /has expired/],
    ['that is not valid yet', { names: ['a.test'], ...future }, 'a.test', /is not valid yet/],
  ])('with a certificate %s', async (_, options, domain, refusal) => {
    const peer = await TlsPeer.listen({ ...authority.issue(options) });
    const one = await server(tlsDomains(null, tlsDomain({}, authority)));
    const error = await send(one, peer.port, domain === undefined ? {} : { domain });
    if (refusal === null) {
      expect(error).toBeNull();
      await peer.sees(/OPTIONS/);
    } else {
      expect(error?.message).toMatch(refusal);
      expect(one.failures.join()).toMatch(refusal);
      // nothing of the message reaches it
      expect(peer.received).toBe('');
    }
  });

  it('of an unknown CA is refused, unless the domain does not verify it', async () => {
    const peer = await TlsPeer.listen({ ...stranger.issue({ names: ['a.test'] }) });
    const one = await server(tlsDomains(null, tlsDomain({}, authority)));
    expect((await send(one, peer.port))?.message).toMatch(/CA of its certificate is unknown/);
    const other = await server(tlsDomains(null, tlsDomain({}, null)));
    expect(await send(other, peer.port, { domain: 'b.test' })).toBeNull();
    await peer.sees(/OPTIONS/);
    expect(peer.sockets.at(-1)?.servername).toBe('b.test');
  });

  it('at the same address for two domains gets a connection for each', async () => {
    const contexts = ['a.test', 'b.test'].map(
      (name) => [name, tls.createSecureContext(authority.issue({ names: [name] }))] as const,
    );
    const peer = await TlsPeer.listen({
      SNICallback: (name, done) => done(null, new Map(contexts).get(name)),
    });
    const one = await server(tlsDomains(null, tlsDomain({}, authority)));
    for (const domain of ['a.test', 'b.test', 'a.test', 'b.test'])
      expect(await send(one, peer.port, { domain })).toBeNull();
    await peer.until(() => (peer.received.match(/OPTIONS sip/g) ?? []).length === 4);
    expect(peer.sockets.map(({ servername }) => servername)).toEqual(['a.test', 'b.test']);
  });

  it.each([
    ['nobody is there', freePort, /ECONNREFUSED/],
    ['no TLS is spoken', async () => (await TcpPeer.listen()).port, /in time/],
  ])('where %s is reported to the sender', async (_, portOf, reason) => {
    const one = await server(tlsDomains(null, tlsDomain({}, authority)), { handshakeTimeout: 200 });
    expect((await send(one, await portOf()))?.message).toMatch(reason);
    expect(one.transport.size).toBe(0);
  });

  it('without a client domain is not connected to', async () => {
    const one = await server(tlsDomains(null));
    expect((await send(one, 5061))?.message).toBe('no TLS client domain is for 127.0.0.1 port 5061');
  });
});
