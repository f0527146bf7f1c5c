/** The credit service of the tour: its answer, or silence, depends on the account's name. */
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServiceEvent {
  readonly kind: 'request' | 'answer';
  readonly account: string;
  readonly text: string;
}

/** The answer for each account: a status and a text, or null for none. */
const accounts: Readonly<Record<string, readonly [status: number, credit: string] | null>> = {
  alice: [200, '42'],
  bob: [402, 'no credit'],
  dave: null,
  erin: [200, '7'],
};

/** node:http is loaded here, since loading it takes longer than checking a short script. */
function httpServer(answer?: RequestListener): Server {
  return process.getBuiltinModule('node:http').createServer(answer);
}

export interface CreditService {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a loopback port: this one, or a free one if it is taken. */
export async function startCreditService(
  port: number,
  onEvent: (event: ServiceEvent) => void,
): Promise<CreditService> {
  const server = httpServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const account = url.searchParams.get('account') ?? '';
    onEvent({ kind: 'request', account, text: `GET ${request.url ?? ''}` });
    const known = accounts[account];
    if (known === null) return; // hangs until the caller gives up
    const [status, text] = known ?? [404, 'no such account'];
    response.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
    onEvent({ kind: 'answer', account, text: `${status} "${text}"` });
  });
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' || port === 0) reject(error);
      else resolve(listen(server, 0));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** A loopback port without a listener, which refuses connections. */
export async function refusingPort(): Promise<number> {
  const server = httpServer();
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
