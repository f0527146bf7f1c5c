/**
 * The HTTP server of a running server: health, metrics, administration and the live page. It is bounded whatever its
 * clients do: by number of connections, size of requests, and time.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type HttpAnswer, type HttpEndpoint, type HttpStream, plain } from './endpoint.ts';
import { guardRequest } from './guard.ts';
import { longestIdle } from './longest-idle.ts';
import { readBody } from './read-body.ts';

/** Where to listen. */
export interface HttpAddress {
  /** An IP address or name of this machine. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface HttpOptions {
  readonly address: HttpAddress;
  readonly endpoints: readonly HttpEndpoint[];
  /** Receives what went wrong inside an endpoint. */
  readonly onError: (text: string) => void;
}

/** Maximum number of connections; for a further one, the longest idle is closed. */
const mostConnections = 256;
/** Maximum number of streams, such as open live pages. */
const mostStreams = 32;
/** Maximum size of the header of a request, in bytes. */
const longestHeader = 16_384;
/** Time limits in ms: for the header, for the whole request, without a request, and for an answer not read. */
const limits = { header: 5000, request: 10_000, idle: 30_000, unread: 30_000 };

export class HttpServer {
  readonly #server: Server;
  readonly #endpoints: ReadonlyMap<string, HttpEndpoint>;
  readonly #onError: (text: string) => void;
  /** With the request in progress, or null; the longest idle first. */
  readonly #sockets = new Map<Socket, ServerResponse | null>();
  #streams = 0;

  private constructor({ endpoints, onError }: HttpOptions) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
    this.#onError = onError;
    this.#server = createServer({
      maxHeaderSize: longestHeader,
      headersTimeout: limits.header,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: 1000,
    });
    this.#server.setTimeout(limits.unread);
    this.#server.on('connection', (socket: Socket) => this.#accept(socket));
    this.#server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** Rejects with the system's error if the address cannot be used. */
  static async listen(options: HttpOptions): Promise<HttpServer> {
    const server = new HttpServer(options);
    const { host, port } = options.address;
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen({ host, port }, () => {
        server.#server.off('error', reject);
        resolve();
      });
    });
    server.#server.on('error', (error) => options.onError(error.message));
    server.#server.unref();
    return server;
  }

  get address(): HttpAddress {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= mostConnections) (longestIdle(this.#sockets) ?? socket).destroy();
    if (socket.destroyed) return;
    this.#sockets.set(socket, null);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Moves the connection to the end of those that are idle. */
  #note(socket: Socket, response: ServerResponse | null): void {
    if (this.#sockets.delete(socket)) this.#sockets.set(socket, response);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.#note(socket, response);
    response.once('close', () => this.#note(socket, null));
    response.on('error', () => socket.destroy());
    try {
      const answer = await this.#answer(request);
      if ('open' in answer) this.#stream(answer, response);
      else send(answer, request, response);
    } catch (error) {
      this.#onError(`${request.url}: ${error instanceof Error ? error.stack : String(error)}`);
      send(plain(500, 'the request failed; the log of the server says why'), request, response);
    }
  }

  async #answer(request: IncomingMessage): Promise<HttpAnswer | HttpStream> {
    const refused = guardRequest(request);
    if (refused !== null) return refused;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const endpoint = this.#endpoints.get(pathname);
    if (endpoint === undefined) {
      const known = [...this.#endpoints.keys()].join(', ');
      return plain(404, `unknown path; use ${known}`);
    }
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const { methods, longestBody = 0 } = endpoint;
    if (!(methods as readonly string[]).includes(method)) {
      const answer = plain(405, `${pathname} takes ${methods.join(', ')}`);
      return { ...answer, headers: { allow: methods.join(', ') } };
    }
    const body = await readBody(request, longestBody);
    if (body === null) return plain(413, `the body is longer than ${longestBody} bytes`);
    const isLoopback = isLoopbackAddress(request.socket.remoteAddress ?? '');
    return endpoint.answer({ method, query: searchParams, headers: request.headers, body, isLoopback });
  }

  #stream({ type, open }: HttpStream, response: ServerResponse): void {
    if (this.#streams >= mostStreams) {
      const { req } = response;
      return send(plain(503, `${mostStreams} streams are open already; close one`), req, response);
    }
    this.#streams++;
    response.once('close', () => this.#streams--);
    response.writeHead(200, { ...commonHeaders, 'content-type': type });
    response.flushHeaders();
    open(response);
  }
}

const commonHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

function send(answer: HttpAnswer, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, type = 'text/plain; charset=utf-8', headers = {}, body } = answer;
  // a body that was not read would be taken for the next request
  const connection = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, {
    ...commonHeaders,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...connection,
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
