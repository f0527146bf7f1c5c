/** Opens connections of stream transports: the socket, and what has to happen before messages may be sent. */
import { connect, isIP, type Socket } from 'node:net';
import { type SecurePeer, type TlsDomain, type TlsDomains, tls } from './tls-domains.ts';
import { distrustOf, misnomer, peerCertificate, type SecureSocket } from './tls-handshake.ts';
import type { TlsSessions } from './tls-sessions.ts';

export interface Opening {
  readonly socket: Socket;
  /** The settings of TLS; null in clear text. */
  readonly domain: TlsDomain | null;
  /** Calls back when the connection can be used, or with the reason why it must not be. */
  whenReady(done: (result: SecureSocket | null | Error) => void): void;
}

export interface Remote {
  readonly host: string;
  readonly port: number;
  /** Absent: chosen by the system. */
  readonly localAddress?: string;
}

export function openPlainly(remote: Remote): Opening {
  const socket = connect(remote);
  return { socket, domain: null, whenReady: (done) => void socket.once('connect', () => done(null)) };
}

/** @throws Error without a client domain, or if TLS cannot be used with it */
export function openSecurely(
  remote: Remote,
  peer: SecurePeer,
  domains: TlsDomains,
  sessions: TlsSessions,
): Opening {
  const { host: address, port } = remote;
  const domain = domains.current?.client({ address, port }, peer.choice) ?? null;
  if (domain === null) throw new Error(`no TLS client domain is for ${address} port ${port}`);
  const name = peer.domain !== undefined && isIP(peer.domain) === 0 ? peer.domain : undefined;
  const key = `${address} ${port} ${name ?? ''}`;
  const session = sessions.get(domain, key);
  const socket = tls().connect({
    ...remote,
    secureContext: domain.context,
    // judged below, by what the domain says
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(name === undefined ? {} : { servername: name }),
    ...(session === undefined ? {} : { session }),
  });
  let isTrusted = false;
  let early: Buffer | null = null;
  socket.on('session', (fresh: Buffer) => {
    if (isTrusted) sessions.set(domain, key, fresh);
    else early = fresh;
  });
  const whenReady: Opening['whenReady'] = (done) => {
    socket.once('secureConnect', () => {
      const code = socket.authorized ? null : String(socket.authorizationError ?? 'UNSPECIFIED');
      // a session was kept after both checks, by this domain and for this name
      const isResumed = session !== undefined && socket.isSessionReused() && domain.verifiesPeer;
      const certificate = peerCertificate(socket);
      const distrust = isResumed ? null : distrustOf(certificate, domain, code);
      const refusal =
        (domain.verifiesPeer ? distrust : null) ?? (isResumed ? null : misnomer(certificate, domain, name));
      if (refusal !== null) {
        sessions.delete(domain, key);
        done(new Error(`the server is refused: ${refusal}`));
        return;
      }
      isTrusted = true;
      if (early !== null) sessions.set(domain, key, early);
      done({ socket, domain, isServer: false, certificate, distrust, name: name ?? null });
    });
  };
  return { socket, domain, whenReady };
}
