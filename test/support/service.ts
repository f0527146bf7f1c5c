import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a REST service saw it, its body read. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes, as a byte string. */
  readonly body: string;
}

export interface RestService {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** In the order they came. */
  readonly seen: readonly SeenRequest[];
  /** How many connections were opened to it. */
  readonly connections: number;
  /** Resolves once it has seen so many requests. */
  sees(count: number): Promise<void>;
  close(): Promise<void>;
}

export type Answer = (request: SeenRequest, response: ServerResponse) => void;

/** A REST service on a port of 127.0.0.1, a free one by default; `answer` may leave a request without an answer. */
export async function startService(answer: Answer, port = 0): Promise<RestService> {
  const seen: SeenRequest[] = [];
  const waiting = new Set<() => void>();
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      const one = { method, target, headers, body: Buffer.concat(chunks).toString('latin1') };
      seen.push(one);
      for (const look of waiting) look();
      answer(one, response);
    });
  });
  server.on('connection', () => {
    connections++;
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get connections() {
      return connections;
    },
    sees: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (seen.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with a status and a text. */
export function respond(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
}
