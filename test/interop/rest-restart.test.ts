import { describe, expect, it } from 'vitest';
import type { Outcome, RestClient } from '../../src/rest/index.ts';
import { newClient, reasonOf } from '../rest/fixture.ts';
import { closeLater } from '../support/close-later.ts';
import { type HttpServer, startApache, startNginx } from '../support/http-servers.ts';
import { type RestService, respond, startService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { caFolder } from './ca-folder.ts';

/**
 * Connections that a server closes in good order while requests are under way: GOAWAY, the end of a kept
 * connection, a graceful restart. No request is lost by it, and none is done twice.
 */

interface Load {
  readonly outcomes: readonly Outcome[];
  readonly sent: number;
  /** How many connections there were. */
  readonly connections: number;
}

/** So many requests at a time, each as soon as one is over, until `meanwhile` is over. */
async function load(
  ask: (nth: number) => Promise<Outcome>,
  concurrency: number,
  meanwhile: (load: Load) => Promise<unknown>,
): Promise<Load> {
  const outcomes: Outcome[] = [];
  const connections = new Set<unknown>();
  let sent = 0;
  const done: Load = {
    outcomes,
    get sent() {
      return sent;
    },
    get connections() {
      return connections.size;
    },
  };
  const over = new AbortController();
  const loops = Array.from({ length: concurrency }, async () => {
    while (!over.signal.aborted) {
      const outcome = await ask(sent++);
      outcomes.push(outcome);
      connections.add(outcome.connection?.id);
    }
  });
  await meanwhile(done);
  over.abort();
  await Promise.all(loops);
  return done;
}

const kinds = ({ outcomes }: Load): string[] => [
  ...new Set(outcomes.map((o) => `${o.rc} ${o.retcode} ${reasonOf(o)}`)),
];

/** nginx with a master process before a service that remembers what reached it. */
async function proxied(http = ''): Promise<{ server: HttpServer; service: RestService }> {
  const service = closeLater(await startService(({ body }, response) => respond(response, 200, body)));
  const server = closeLater(
    await startNginx({
      master: true,
      http: `upstream service { server ${new URL(service.origin).host}; keepalive 64; } ${http}`,
      configuration: `location / {
        proxy_pass http://service;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
      }`,
    }),
  );
  return { server, service };
}

/** Each restart under load, and each after the one before has taken effect: connections are new. */
const restartOften =
  (server: HttpServer, signal: NodeJS.Signals, times: number) =>
  async (done: Load): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const enough = done.outcomes.length + 50;
      await until(() => done.outcomes.length >= enough);
      const { connections } = done;
      process.kill(server.program.pid, signal);
      await until(() => done.connections > connections);
    }
  };

describe('nginx that closes each HTTP/2 connection after 20 requests', () => {
  it('loses and repeats no POST', async () => {
    const { server, service } = await proxied('keepalive_requests 20;');
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    const post = (nth: number) => client.post(`${server.secureOrigin}/${nth}`, `body ${nth}`);
    const done = await load(post, 10, ({ outcomes }) => until(() => outcomes.length > 200));
    expect(kinds(done)).toEqual(['1 200 ']);
    expect(done.connections).toBeGreaterThan(5);
    expect(service.seen).toHaveLength(done.sent);
    expect(new Set(service.seen.map((request) => request.target)).size).toBe(done.sent);
  });
});

describe('a graceful restart under load', () => {
  const clients: readonly (readonly [string, (server: HttpServer) => [RestClient, string]])[] = [
    [
      'HTTP/2 over TLS',
      (server) => [newClient({ tls: { caPath: caFolder(server.authority) } }), server.secureOrigin],
    ],
    ['HTTP/1.1', (server) => [newClient(), server.origin]],
    [
      'HTTP/1.1 over TLS',
      (server) => [
        newClient({ httpVersion: '1.1', tls: { caPath: caFolder(server.authority) } }),
        server.secureOrigin,
      ],
    ],
  ];

  it.each(clients)('of nginx loses no GET over %s', async (_name, newOne) => {
    const { server } = await proxied();
    const [client, origin] = newOne(server);
    const get = (nth: number) => client.get(`${origin}/${nth}`);
    const done = await load(get, 16, restartOften(server, 'SIGHUP', 5));
    expect(kinds(done)).toEqual(['1 200 ']);
    expect(done.connections).toBeGreaterThan(5);
  });

  it('of nginx loses and repeats no POST over HTTP/2', async () => {
    const { server, service } = await proxied();
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    const post = (nth: number) => client.post(`${server.secureOrigin}/${nth}`, `body ${nth}`);
    const done = await load(post, 16, restartOften(server, 'SIGHUP', 5));
    expect(kinds(done)).toEqual(['1 200 ']);
    expect(service.seen).toHaveLength(done.sent);
    expect(new Set(service.seen.map((request) => request.target)).size).toBe(done.sent);
  });

  it.each(['1.1', '2-prior-knowledge'] as const)(
    'of Apache loses no GET with HTTP version %s',
    async (httpVersion) => {
      const server = closeLater(await startApache({ configuration: 'GracefulShutdownTimeout 2' }));
      const client = newClient({ httpVersion });
      const get = () => client.get(`${server.origin}/hello.txt`);
      const done = await load(get, 8, restartOften(server, 'SIGUSR1', 3));
      expect(kinds(done)).toEqual(['1 200 ']);
      expect(done.connections).toBeGreaterThan(3);
    },
  );
});

describe('a server that is killed', () => {
  it.each([
    ['HTTP/1.1', 'origin', '1.1'],
    ['HTTP/1.1 over TLS', 'secureOrigin', '1.1'],
    ['HTTP/2 over TLS', 'secureOrigin', 'auto'],
  ] as const)(
    'gives -10 to those who wait, with %s, and -1 to those after',
    async (_name, origin, version) => {
      const silent = closeLater(await startService(() => {}));
      const server = closeLater(
        await startNginx({ configuration: `location / { proxy_pass ${silent.origin}; }` }),
      );
      const client = newClient({ httpVersion: version, tls: { caPath: caFolder(server.authority) } });
      const waiting = Array.from({ length: 10 }, () => client.post(server[origin], 'x'));
      await silent.sees(10);
      await server.program.stop('SIGKILL');
      const outcomes = await Promise.all(waiting);
      expect(outcomes.map((o) => `${o.rc} ${o.retcode}`)).toEqual(Array(10).fill('-10 0'));
      expect(outcomes.every((o) => reasonOf(o) !== '')).toBe(true);
      expect((await client.post(server[origin], 'x')).rc).toBe(-1);
    },
  );
});
