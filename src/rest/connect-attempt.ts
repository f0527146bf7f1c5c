import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type Connect,
  ConnectRace,
  discard,
  hostAndPort,
  type Names,
  type Proxy,
  type RaceFailure,
  type Shortage,
  type UnusableProxy,
  type Wire,
} from '../net/index.ts';
import type { TimerWheel } from '../timers/index.ts';
import { firstLine, messageOf, tlsErrorText } from './errors.ts';
import { type Failure, failed } from './failure.ts';
import { tls as loadTls } from './lazy-modules.ts';
import { openTunnel } from './proxy-tunnel.ts';
import type { ConnectTo } from './request.ts';
import { checkServerName } from './server-name.ts';
import { SocketReader } from './socket-reader.ts';
import type { Targets } from './targets.ts';
import { rememberWire } from './tls-close.ts';
import type { TlsProfile, TlsStore } from './tls-store.ts';
import type { Authority } from './url.ts';

export interface ConnectGoal {
  readonly authority: Authority;
  /** Connects there instead of to the authority's host. */
  readonly connectTo: ConnectTo | null;
  /** The proxy, or null to connect directly. */
  readonly proxy: Proxy | UnusableProxy | null;
  /** Null for clear text. */
  readonly profile: TlsProfile | null;
  /** Protocols offered by ALPN, preferred ones first; null: no ALPN. */
  readonly alpn: string[] | null;
  /** Whether it is for HTTP/1 in clear text, which is read by a {@link SocketReader}. */
  readonly clearHttp1: boolean;
  readonly names: Names;
  /** Null: node:net. */
  readonly connect: Connect | null;
  readonly timers: TimerWheel;
  readonly tls: TlsStore;
  /** Closes an idle connection to free an exhausted resource; false without an idle one. */
  readonly makeRoom: (shortage: Shortage) => boolean;
  /** Which servers may be asked; null: all. */
  readonly targets: Targets | null;
}

/** When each phase of connecting ended, on the client's clock; 0 before. */
export interface ConnectTimes {
  lookup: number;
  connect: number;
  tls: number;
}

export interface ConnectListener {
  onConnected(wire: Wire, reader: SocketReader | null): void;
  onConnectFailed(failure: Failure): void;
}

function failureOf({ kind, reason }: RaceFailure, proxy: Proxy | null): Failure {
  const shown = proxy === null ? reason : `the proxy ${proxy.shown}: ${reason}`;
  if (kind === 'refused' || kind === 'blocked') return { kind, reason: shown };
  return kind === 'timeout' ? { kind: 'connect-timeout', reason: shown } : failed(kind, shown);
}

function ignore(): void {}

/**
 * Opens one connection: TCP to the server or its proxy, the proxy's tunnel, TLS and its verification. It has no time
 * limit of its own: the waiting requests do.
 */
export class ConnectAttempt {
  readonly times: ConnectTimes = { lookup: 0, connect: 0, tls: 0 };
  readonly #goal: ConnectGoal;
  readonly #listener: ConnectListener;
  #race: ConnectRace<SocketReader> | null = null;
  /** Connected, but not yet usable. */
  #socket: Wire | null = null;
  #over = false;

  constructor(goal: ConnectGoal, listener: ConnectListener) {
    this.#goal = goal;
    this.#listener = listener;
  }

  start(): void {
    const { authority, connectTo, proxy, clearHttp1, names, connect, timers, makeRoom, targets } = this.#goal;
    if (proxy !== null && 'error' in proxy) {
      this.#fail(failed('proxy', proxy.error));
      return;
    }
    const asked = connectTo ?? authority;
    const refused = targets === null ? null : targets.refusedName(asked.hostname);
    if (refused !== null) {
      this.#fail({ kind: 'blocked', reason: refused });
      return;
    }
    const { hostname, port } = proxy ?? asked;
    // what a proxy connects to is up to the proxy
    const refusedAddress =
      targets === null || proxy !== null
        ? null
        : (address: string): string | null => targets.refusedAddress(hostname, address);
    const newReader = (): SocketReader | null => (clearHttp1 ? new SocketReader() : null);
    this.#race = new ConnectRace(
      { hostname, port, names, connect, timers, newReader, makeRoom, refusedAddress },
      {
        onFound: () => {
          this.times.lookup = this.#now();
        },
        onConnected: (socket, reader) => {
          this.times.connect = this.#now();
          this.#onConnected(socket, reader, proxy);
        },
        onRaceFailed: (failure) => {
          if (this.times.lookup === 0) this.times.lookup = this.#now();
          this.#fail(failureOf(failure, proxy));
        },
      },
    );
    this.#race.start();
  }

  /** Cancels the attempt without another call to the listener. */
  cancel(): void {
    if (!this.#over) this.#close(null);
  }

  #onConnected(socket: Wire, reader: SocketReader | null, proxy: Proxy | null): void {
    const { authority, connectTo, profile } = this.#goal;
    if (profile === null) {
      this.#succeed(socket, reader);
      return;
    }
    this.#socket = socket;
    if (proxy === null) {
      this.#secure(socket, profile);
      return;
    }
    const { hostname, port } = connectTo ?? authority;
    const target = hostAndPort(hostname, port);
    openTunnel(socket, proxy, target, (failure) => {
      if (this.#over) return;
      if (failure === null) this.#secure(socket, profile);
      else this.#fail(failed('proxy', failure));
    });
  }

  #secure(tcp: Wire, profile: TlsProfile): void {
    const { authority, alpn, tls } = this.#goal;
    const isName = isIP(authority.hostname) === 0;
    const name = authority.hostname.replace(/\.$/, '');
    if (tcp.handshake !== undefined) {
      const { verifyPeer, verifyHost } = profile;
      tcp.handshake({ name, verifyPeer, verifyHost }, (refusal) => {
        if (this.#over) return;
        this.times.tls = this.#now();
        if (refusal === null) this.#succeed(tcp, null);
        else this.#fail(failed('tls', refusal));
      });
      return;
    }
    const sessionKey = `${authority.hostname}:${authority.port}|${profile.key}|${alpn?.join() ?? ''}`;
    let socket: TLSSocket;
    try {
      const session = tls.session(sessionKey);
      socket = loadTls().connect({
        socket: tcp,
        secureContext: profile.context(),
        // both verifications are done below, since each has its own switch
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        ...(isName ? { servername: name } : {}),
        ...(alpn === null ? {} : { ALPNProtocols: alpn }),
        ...(session === undefined ? {} : { session }),
      });
    } catch (error) {
      this.#fail(failed('tls', `TLS cannot be used: ${messageOf(error)}`));
      return;
    }
    rememberWire(socket, tcp);
    // the TLS socket owns the other one now, and destroying that would crash Node
    this.#socket = socket;
    let verified = false;
    let early: Buffer | null = null;
    socket.on('session', (session) => {
      if (verified) tls.keepSession(sessionKey, session);
      else early = session;
    });
    const onError = (error: NodeJS.ErrnoException): void => {
      tls.forgetSession(sessionKey);
      this.#fail(failed('tls', `the TLS handshake failed: ${tlsMessage(error)}`));
    };
    const onClose = (): void => onError(new Error('the server closed the connection'));
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once('secureConnect', () => {
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.on('error', ignore);
      if (this.#over) return;
      this.times.tls = this.#now();
      const refusal = verify(socket, profile, name);
      if (refusal !== null) {
        tls.forgetSession(sessionKey);
        this.#fail(failed('tls', refusal));
        return;
      }
      verified = true;
      if (early !== null) tls.keepSession(sessionKey, early);
      this.#succeed(socket, null);
    });
  }

  #now(): number {
    return this.#goal.timers.clock.now();
  }

  #succeed(socket: Wire, reader: SocketReader | null): void {
    this.#socket = null;
    this.#close(null);
    this.#listener.onConnected(socket, reader);
  }

  #fail(failure: Failure): void {
    if (this.#over) return;
    this.#close(failure);
  }

  #close(failure: Failure | null): void {
    this.#over = true;
    this.#race?.cancel();
    if (this.#socket !== null) discard(this.#socket);
    this.#socket = null;
    if (failure !== null) this.#listener.onConnectFailed(failure);
  }
}

/** The reason why an enabled verification failed, or null. */
function verify(socket: TLSSocket, profile: TlsProfile, name: string): string | null {
  if (profile.verifyPeer && !socket.authorized) {
    const code = String(socket.authorizationError ?? 'unknown');
    return `the server's certificate is refused: ${CHAIN_ERRORS.get(code) ?? code}`;
  }
  // a resumed session, which shows no certificate, was verified with the same settings and name
  if (profile.verifyHost && !socket.isSessionReused()) {
    const certificate = socket.getPeerCertificate();
    // without a certificate no name can be verified
    if (certificate === null || Object.keys(certificate).length === 0) return 'the server has no certificate';
    return checkServerName(name, certificate);
  }
  return null;
}

/** OpenSSL's verification errors in words; others are shown by their code. */
const CHAIN_ERRORS = new Map<string, string>([
  ['CERT_HAS_EXPIRED', 'it has expired (CERT_HAS_EXPIRED)'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet (CERT_NOT_YET_VALID)'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its CA is unknown (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its CA is unknown (UNABLE_TO_GET_ISSUER_CERT)'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its CA is unknown (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its CA is unknown (SELF_SIGNED_CERT_IN_CHAIN)'],
  ['EE_KEY_TOO_SMALL', 'its key is too short (EE_KEY_TOO_SMALL)'],
  ['CA_KEY_TOO_SMALL', "its CA's key is too short (CA_KEY_TOO_SMALL)"],
  ['CA_MD_TOO_WEAK', 'its signature is too weak (CA_MD_TOO_WEAK)'],
  // Node 20 to 24 report the three above as this one
  ['UNSPECIFIED', 'a key of its chain is too short or a signature too weak (UNSPECIFIED)'],
  ['CERT_REVOKED', 'it is revoked (CERT_REVOKED)'],
]);

function tlsMessage(error: NodeJS.ErrnoException): string {
  const text = tlsErrorText(error);
  if (text !== null) return text;
  const message = firstLine(error.message);
  return error.code === undefined || message.includes(error.code) ? message : `${message} (${error.code})`;
}
