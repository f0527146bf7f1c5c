import { connect, isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { NameResolver } from '../net/resolver.ts';
import { areDescriptorsShort, type Shortage, shortageOf } from '../net/shortage.ts';
import type { Address } from '../net/system-files.ts';
import { firstLine, tlsErrorText } from './errors.ts';
import { tls as loadTls } from './lazy-modules.ts';
import type { ReturnCode } from './outcome.ts';
import { SocketReader } from './socket-reader.ts';
import { rememberWire } from './tls-close.ts';
import type { TlsProfile, TlsStore } from './tls-store.ts';
import type { Authority } from './url.ts';

/** Why there is no connection. */
export interface ConnectFailure {
  readonly rc: ReturnCode;
  readonly reason: string;
}

export interface ConnectGoal {
  readonly authority: Authority;
  /** Null for clear text. */
  readonly profile: TlsProfile | null;
  /** What ALPN offers, most wanted first; null: no ALPN. */
  readonly alpn: string[] | null;
  /** True where HTTP/1 in clear text will be spoken, whose bytes a {@link SocketReader} reads. */
  readonly clearHttp1: boolean;
  readonly resolver: NameResolver;
  readonly tls: TlsStore;
  /** Closes a connection that nobody needs now, so that there is what is short; false where none would help. */
  readonly makeRoom: (shortage: Shortage) => boolean;
}

/** When the phases of connecting were over, on the clock of `performance.now()`; 0: not yet. */
export interface ConnectTimes {
  lookup: number;
  connect: number;
  tls: number;
}

export interface ConnectListener {
  onConnected(socket: Socket | TLSSocket, reader: SocketReader | null): void;
  onConnectFailed(failure: ConnectFailure): void;
}

/** How long an address may take before the next one is tried beside it (RFC 8305, section 5). */
const ATTEMPT_DELAY = 250;
const MAX_ADDRESSES = 16;
const KEEPALIVE_DELAY = 60_000;

/** Codes of connect(2) that mean: this host does not want us, or there is no way to it. */
const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

function ignore(): void {}

/**
 * Makes one connection: name, addresses raced, TLS with its verification. How long that may take is the
 * matter of those who wait for it.
 */
export class ConnectAttempt {
  readonly times: ConnectTimes = { lookup: 0, connect: 0, tls: 0 };
  readonly #goal: ConnectGoal;
  readonly #listener: ConnectListener;
  readonly #sockets = new Set<Socket>();
  #addresses: Address[] = [];
  #next = 0;
  #nextTimer: NodeJS.Timeout | null = null;
  #over = false;
  #failure: ConnectFailure | null = null;

  constructor(goal: ConnectGoal, listener: ConnectListener) {
    this.#goal = goal;
    this.#listener = listener;
  }

  start(): void {
    this.#find(true);
  }

  #find(mayAskAgain: boolean): void {
    const { hostname } = this.#goal.authority;
    const family = isIP(hostname);
    if (family !== 0) {
      this.times.lookup = performance.now();
      this.#race([{ address: hostname, family: family === 6 ? 6 : 4 }]);
      return;
    }
    this.#goal.resolver.resolve(hostname, (error, addresses) => {
      if (this.#over) return;
      this.times.lookup = performance.now();
      if (addresses.length === 0) {
        if (mayAskAgain && areDescriptorsShort() && this.#goal.makeRoom('descriptors')) {
          setImmediate(() => this.#find(false));
          return;
        }
        const why = error === null ? 'it has no address' : (error.code ?? error.message);
        this.#fail({ rc: -10, reason: `the name ${hostname} does not resolve: ${why}` });
      } else {
        this.#race(interleave(addresses).slice(0, MAX_ADDRESSES));
      }
    });
  }

  /** Ends the attempt; the listener hears nothing more. */
  cancel(): void {
    if (!this.#over) this.#close(null);
  }

  #race(addresses: Address[]): void {
    this.#addresses = addresses;
    this.#tryNext();
  }

  #tryNext(): void {
    if (this.#over) return;
    if (this.#nextTimer !== null) clearTimeout(this.#nextTimer);
    this.#nextTimer = null;
    const target = this.#addresses[this.#next];
    if (target === undefined) {
      if (this.#sockets.size === 0)
        this.#fail(this.#failure ?? { rc: -10, reason: 'no address to connect to' });
      return;
    }
    this.#next++;
    const { port } = this.#goal.authority;
    const reader = this.#goal.clearHttp1 ? new SocketReader() : null;
    const socket = connect({
      ...(reader === null ? {} : { onread: reader.onread }),
      host: target.address,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_DELAY,
    });
    this.#sockets.add(socket);
    const onError = (error: NodeJS.ErrnoException): void => {
      this.#sockets.delete(socket);
      if (this.#over) return;
      const shortage = shortageOf(error.code ?? '', target.address, port);
      // as often as there is something to close: another attempt may have taken what became free
      if (shortage !== null && this.#goal.makeRoom(shortage)) {
        this.#addresses.splice(this.#next, 0, target);
        setImmediate(() => this.#tryNext()); // what was closed is free in the next turn
        return;
      }
      const failure = connectFailure(error, target.address, port);
      // Of several addresses' failures the one that says most: refused.
      if (this.#failure === null || failure.rc === -1) this.#failure = failure;
      this.#tryNext();
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      socket.on('error', ignore); // from here on others listen too, but never nobody
      if (this.#over) return;
      this.times.connect = performance.now();
      this.#keepOnly(socket);
      if (this.#goal.profile === null) this.#succeed(socket, reader);
      else this.#secure(socket, this.#goal.profile);
    });
    if (this.#next < this.#addresses.length) {
      this.#nextTimer = setTimeout(() => this.#tryNext(), ATTEMPT_DELAY);
    }
  }

  #keepOnly(winner: Socket): void {
    if (this.#nextTimer !== null) clearTimeout(this.#nextTimer);
    this.#nextTimer = null;
    this.#next = this.#addresses.length;
    for (const socket of this.#sockets) {
      if (socket !== winner) discard(socket);
    }
    this.#sockets.clear();
    this.#sockets.add(winner);
  }

  #secure(tcp: Socket, profile: TlsProfile): void {
    const { authority, alpn, tls } = this.#goal;
    const isName = isIP(authority.hostname) === 0;
    const name = authority.hostname.replace(/\.$/, '');
    const sessionKey = `${authority.hostname}:${authority.port}|${profile.key}|${alpn?.join() ?? ''}`;
    let socket: TLSSocket;
    try {
      const session = tls.session(sessionKey);
      socket = loadTls().connect({
        socket: tcp,
        secureContext: profile.context(),
        // Both verifications are done below: each has its own switch.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        ...(isName ? { servername: name } : {}),
        ...(alpn === null ? {} : { ALPNProtocols: alpn }),
        ...(session === undefined ? {} : { session }),
      });
    } catch (error) {
      this.#fail({ rc: -10, reason: `TLS cannot be used: ${messageOf(error)}` });
      return;
    }
    rememberWire(socket, tcp);
    // From here on the TLS socket owns the other one: destroying that below it crashes Node.
    this.#sockets.delete(tcp);
    this.#sockets.add(socket);
    let verified = false;
    let early: Buffer | null = null;
    socket.on('session', (session) => {
      if (verified) tls.keepSession(sessionKey, session);
      else early = session;
    });
    const onError = (error: NodeJS.ErrnoException): void => {
      tls.forgetSession(sessionKey);
      this.#fail({ rc: -10, reason: `the TLS handshake failed: ${tlsMessage(error)}` });
    };
    const onClose = (): void => onError(new Error('the server closed the connection'));
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once('secureConnect', () => {
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.on('error', ignore);
      if (this.#over) return;
      this.times.tls = performance.now();
      const failed = verify(socket, profile, name);
      if (failed !== null) {
        tls.forgetSession(sessionKey);
        this.#fail({ rc: -10, reason: failed });
        return;
      }
      verified = true;
      if (early !== null) tls.keepSession(sessionKey, early);
      this.#succeed(socket, null);
    });
  }

  #succeed(socket: Socket, reader: SocketReader | null): void {
    this.#sockets.clear();
    this.#close(null);
    this.#listener.onConnected(socket, reader);
  }

  #fail(failure: ConnectFailure): void {
    if (this.#over) return;
    this.#close(failure);
  }

  #close(failure: ConnectFailure | null): void {
    this.#over = true;
    if (this.#nextTimer !== null) clearTimeout(this.#nextTimer);
    for (const socket of this.#sockets) discard(socket);
    this.#sockets.clear();
    if (failure !== null) this.#listener.onConnectFailed(failure);
  }
}

function discard(socket: Socket): void {
  socket.on('error', ignore);
  socket.destroy();
}

/** The families in turn, the first one's first (RFC 8305, section 4). */
function interleave(addresses: readonly Address[]): Address[] {
  const first = addresses.filter((a) => a.family === addresses[0]?.family);
  const second = addresses.filter((a) => a.family !== addresses[0]?.family);
  const out: Address[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    const a = first[i];
    const b = second[i];
    if (a !== undefined) out.push(a);
    if (b !== undefined) out.push(b);
  }
  return out;
}

function connectFailure(error: NodeJS.ErrnoException, address: string, port: number): ConnectFailure {
  const code = error.code ?? error.message;
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (REFUSED.has(code)) return { rc: -1, reason: `${where} cannot be connected to: ${code}` };
  if (code === 'ETIMEDOUT') return { rc: -2, reason: `${where} did not answer: ${code}` };
  return { rc: -10, reason: `connecting to ${where} failed: ${code}` };
}

/** What fails of the two verifications that are switched on; null when none does. */
function verify(socket: TLSSocket, profile: TlsProfile, name: string): string | null {
  if (profile.verifyPeer && !socket.authorized) {
    const code = String(socket.authorizationError ?? 'unknown');
    return `the server's certificate is refused: ${CHAIN_ERRORS.get(code) ?? code}`;
  }
  // A resumed session was verified under the same settings for the same name, and shows no certificate.
  if (profile.verifyHost && !socket.isSessionReused()) {
    const certificate = socket.getPeerCertificate();
    // Without a certificate there is nothing that names the host.
    if (certificate === null || Object.keys(certificate).length === 0) return 'the server has no certificate';
    const error = loadTls().checkServerIdentity(name, certificate);
    if (error !== undefined) {
      const names = certificate.subjectaltname ?? `CN:${String(certificate.subject?.CN ?? '(none)')}`;
      return `the server's certificate is not for ${name}, it is for ${names.slice(0, 300)}`;
    }
  }
  return null;
}

/** OpenSSL's verification errors in words; others keep their code. */
const CHAIN_ERRORS = new Map<string, string>([
  ['CERT_HAS_EXPIRED', 'it has expired (CERT_HAS_EXPIRED)'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet (CERT_NOT_YET_VALID)'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its CA is unknown (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its CA is unknown (UNABLE_TO_GET_ISSUER_CERT)'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its CA is unknown (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is signed by itself (DEPTH_ZERO_SELF_SIGNED_CERT)'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its CA is unknown (SELF_SIGNED_CERT_IN_CHAIN)'],
  ['CERT_REVOKED', 'it is revoked (CERT_REVOKED)'],
]);

function tlsMessage(error: NodeJS.ErrnoException): string {
  const text = tlsErrorText(error);
  if (text !== null) return text;
  const message = firstLine(error.message);
  return error.code === undefined || message.includes(error.code) ? message : `${message} (${error.code})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
