/** The TLS handshake of an accepted connection. It gets a TLS engine only once the ClientHello is complete. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { MAX_HELLO, readClientHello } from './client-hello.ts';
import { type TlsDomain, type TlsDomains, tls } from './tls-domains.ts';
import {
  distrustOf,
  handshakeFailure,
  peerCertificate,
  type SecureSocket,
  verificationError,
} from './tls-handshake.ts';

/** A fatal alert in clear text: `unrecognized_name` (RFC 6066, 3). */
const UNRECOGNIZED_NAME = Buffer.of(0x15, 3, 1, 0, 2, 2, 112);
/** Records around a ClientHello. */
const MAX_FIRST_BYTES = 2 * MAX_HELLO;

export interface AcceptOptions {
  readonly domains: TlsDomains;
  /** In ms. */
  readonly timeout: number;
  /** Called once, but not after {@link TlsAcceptance.destroy}. */
  readonly done: (result: SecureSocket | Error) => void;
}

export class TlsAcceptance {
  readonly #raw: Socket;
  readonly #options: AcceptOptions;
  readonly #deadline: NodeJS.Timeout;
  #step = 'the client sent no ClientHello in time';
  #first: Buffer | null = null;
  /** Owns the other one from the handshake on: destroying that instead would crash Node. */
  #socket: TLSSocket | null = null;
  #isOver = false;

  constructor(raw: Socket, options: AcceptOptions) {
    this.#raw = raw;
    this.#options = options;
    this.#deadline = setTimeout(() => this.#fail(new Error(this.#step)), options.timeout);
    raw.on('error', this.#onError);
    raw.on('close', this.#onClose);
    raw.on('end', this.#onClose);
    raw.on('readable', this.#onReadable);
  }

  /** Closes it without a result. */
  destroy(): void {
    this.#end();
    (this.#socket ?? this.#raw).destroy();
  }

  readonly #onError = (error: Error): void => this.#fail(new Error(handshakeFailure(error)));

  readonly #onClose = (): void =>
    this.#fail(new Error('the client closed the connection in the TLS handshake'));

  readonly #onReadable = (): void => {
    const chunk = this.#raw.read() as Buffer | null;
    if (chunk === null) return;
    const first = this.#first === null ? chunk : Buffer.concat([this.#first, chunk]);
    this.#first = first;
    const read = readClientHello(first);
    if (read.kind === 'invalid') this.#fail(new Error(read.reason));
    else if (read.kind === 'hello') this.#chosen(first, read.serverName);
    else if (first.length > MAX_FIRST_BYTES) this.#fail(new Error('the ClientHello is too long'));
  };

  #chosen(first: Buffer, serverName: string | null): void {
    this.#raw.off('readable', this.#onReadable);
    const { domains } = this.#options;
    domains.whenKnown(() => {
      if (this.#isOver) return;
      const { localAddress = '', localPort = 0 } = this.#raw;
      const domain = domains.current?.server({ address: localAddress, port: localPort }, serverName) ?? null;
      if (domain !== null) return this.#shakeHands(first, domain);
      this.#raw.end(UNRECOGNIZED_NAME);
      const name = serverName === null ? 'a client without a server name' : `the server name ${serverName}`;
      this.#fail(new Error(`no TLS server domain is for ${name}`));
    });
  }

  #shakeHands(first: Buffer, domain: TlsDomain): void {
    this.#step = 'the client did not complete the TLS handshake in time';
    const { verifiesPeer, requiresCertificate } = domain;
    this.#raw.unshift(first);
    let socket: TLSSocket;
    try {
      socket = new (tls().TLSSocket)(this.#raw, {
        isServer: true,
        secureContext: domain.context,
        requestCert: verifiesPeer,
        // OpenSSL then refuses a client without a certificate by an alert; a certificate is judged below
        rejectUnauthorized: verifiesPeer && requiresCertificate,
      });
    } catch (error) {
      return this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.#socket = socket;
    // its own events come first, and say more
    this.#raw.off('close', this.#onClose);
    this.#raw.off('end', this.#onClose);
    socket.on('error', this.#onError);
    socket.once('close', this.#onClose);
    socket.once('secure', () => {
      socket.off('error', this.#onError);
      socket.off('close', this.#onClose);
      if (this.#isOver) return;
      const refused = this.#judge(socket, domain);
      if (refused instanceof Error) this.#fail(refused);
      else {
        this.#end();
        this.#options.done(refused);
      }
    });
  }

  #judge(socket: TLSSocket, domain: TlsDomain): SecureSocket | Error {
    const certificate = peerCertificate(socket);
    const distrust = distrustOf(certificate, domain, verificationError(socket));
    const isRefused =
      domain.verifiesPeer && distrust !== null && (certificate !== undefined || domain.requiresCertificate);
    if (isRefused) return new Error(`the client is refused: ${distrust}`);
    return { socket, domain, isServer: true, certificate, distrust, name: null };
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#end();
    this.#socket?.on('error', () => undefined);
    if (this.#raw.writableEnded) this.#raw.destroySoon();
    else (this.#socket ?? this.#raw).destroy();
    this.#options.done(error);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#first = null;
    this.#raw.off('readable', this.#onReadable);
    this.#raw.off('error', this.#onError);
    this.#raw.off('close', this.#onClose);
    this.#raw.off('end', this.#onClose);
    this.#raw.on('error', () => undefined);
  }
}
