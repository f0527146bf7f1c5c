import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { NameResolver, type NameResolverOptions, RestShared } from '../../src/rest/index.ts';
import { newClient, reasonOf } from '../rest/fixture.ts';
import { closeLater } from '../support/close-later.ts';
import { startDnsmasq } from '../support/dnsmasq.ts';
import { type HttpServer, startNginx } from '../support/http-servers.ts';
import { startService } from '../support/service.ts';
import { steadyClock } from '../support/steady-clock.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Names, as dnsmasq tells them. */

const emptyFile = (): string => {
  const file = join(temporaryFolder('files'), 'empty');
  writeFileSync(file, '');
  return file;
};

/** A client that asks these name servers, and reads files of its own instead of the system's. */
function clientOf(servers: readonly string[], options: NameResolverOptions = {}, parameters = {}) {
  const resolver = new NameResolver({
    servers,
    hostsFile: emptyFile(),
    resolvConf: emptyFile(),
    ...options,
  });
  return newClient({ shared: new RestShared({ resolver }), ...parameters });
}

const at = (host: string, server: HttpServer): string =>
  `${server.origin.replace('127.0.0.1', host)}/hello.txt`;
const closing = { headers: { Connection: 'close' } };

describe('names from dnsmasq', () => {
  it('are queried once per TTL, and again after it', async () => {
    const server = closeLater(await startNginx());
    const names = closeLater(
      await startDnsmasq(['host-record=short.test,127.0.0.1,1', 'host-record=long.test,127.0.0.1,3600']),
    );
    const client = clientOf([names.address]);
    for (let i = 0; i < 3; i++) {
      for (const name of ['short.test', 'long.test']) {
        expect((await client.get(at(name, server), closing)).rc).toBe(1);
      }
    }
    expect([names.asked('short.test'), names.asked('long.test')]).toEqual([1, 1]);
    await delay(1_100);
    for (const name of ['short.test', 'long.test']) await client.get(at(name, server), closing);
    expect([names.asked('short.test'), names.asked('long.test')]).toEqual([2, 1]);
  });

  it('that do not exist are -10 with the reason; refusals and aliases are handled', async () => {
    const server = closeLater(await startNginx());
    const names = closeLater(
      await startDnsmasq(['local=/test/', 'host-record=real.test,127.0.0.1', 'cname=alias.test,real.test']),
    );
    const client = clientOf([names.address]);
    const missing = await client.get(at('missing.test', server));
    expect([missing.rc, missing.retcode]).toEqual([-10, 0]);
    expect(reasonOf(missing)).toBe('the name missing.test does not resolve: ENOTFOUND');
    const refused = await client.get(at('elsewhere.example', server));
    expect([refused.rc, reasonOf(refused)]).toEqual([
      -10,
      'the name elsewhere.example does not resolve: EREFUSED',
    ]);
    expect((await client.get(at('alias.test', server))).rc).toBe(1);
  });

  it('in both families are raced: a refusal on one does not matter', async () => {
    const server = closeLater(await startNginx()); // on 127.0.0.1 alone
    const names = closeLater(await startDnsmasq(['host-record=both.test,127.0.0.1,::1']));
    const outcome = await clientOf([names.address]).get(at('both.test', server));
    expect([outcome.rc, outcome.connection?.remoteAddress]).toEqual([1, '127.0.0.1']);
    expect(names.program.stderr).toContain('query[AAAA] both.test');
  });

  it('are completed by the search domains', async () => {
    const server = closeLater(await startNginx());
    const names = closeLater(await startDnsmasq(['local=/test/', 'host-record=api.second.test,127.0.0.1']));
    const resolvConf = join(temporaryFolder('resolv'), 'resolv.conf');
    writeFileSync(resolvConf, 'search first.test second.test\noptions ndots:1\n');
    const client = clientOf([names.address], { resolvConf });
    expect((await client.get(at('api', server))).rc).toBe(1);
    expect([names.asked('api.first.test'), names.asked('api.second.test')]).toEqual([1, 1]);
  });

  it('in the hosts file are not queried', async () => {
    const server = closeLater(await startNginx());
    const names = closeLater(await startDnsmasq(['local=/test/']));
    const hostsFile = join(temporaryFolder('hosts'), 'hosts');
    writeFileSync(hostsFile, '127.0.0.1 listed.test\n');
    const client = clientOf([names.address], { hostsFile });
    for (const name of ['listed.test', 'localhost']) expect((await client.get(at(name, server))).rc).toBe(1);
    expect(names.program.stderr).not.toContain('query[');
  });
});

describe('a name server that hangs', () => {
  it('delays neither other names nor the process, and the next server is queried', async () => {
    const server = closeLater(await startNginx());
    const names = closeLater(await startDnsmasq(['host-record=known.test,127.0.0.1,60']));
    const hanging = closeLater(await startDnsmasq(['host-record=known.test,127.0.0.1,60']));
    process.kill(hanging.program.pid, 'SIGSTOP');
    try {
      // libuv has four threads for getaddrinfo: so many lookups would have them all
      const stuck = clientOf([hanging.address], {}, { connectTimeout: 1_500, timeout: 2_000 });
      const waiting = Array.from({ length: 50 }, (_, i) => stuck.get(at(`n${i}.test`, server)));
      const lag = monitorEventLoopDelay({ resolution: 5 });
      lag.enable();
      let gaveUp = false;
      void Promise.race(waiting).then(() => {
        gaveUp = true;
      });
      expect((await clientOf([names.address]).get(at('known.test', server))).rc).toBe(1);
      expect((await stuck.get(at('localhost', server))).rc).toBe(1);
      expect((await stuck.get(`${server.origin}/hello.txt`)).rc).toBe(1);
      expect(gaveUp).toBe(false);
      const outcomes = await Promise.all(waiting);
      lag.disable();
      expect(new Set(outcomes.map((o) => `${o.rc} ${o.retcode}`))).toEqual(new Set(['-2 0']));
      expect(lag.max / 1e6).toBeLessThan(1_000);
      const second = clientOf([hanging.address, names.address], { timeout: 200, tries: 1 });
      expect((await second.get(at('known.test', server))).rc).toBe(1);
    } finally {
      process.kill(hanging.program.pid, 'SIGCONT');
    }
  });
});

describe('timeouts of milliseconds', () => {
  it('never fire early, and at most 5 ms later than the event loop is', async () => {
    const silent = closeLater(await startService(() => {}));
    const server = closeLater(
      await startNginx({ configuration: `location / { proxy_pass ${silent.origin}; }` }),
    );
    const client = newClient({ timeout: 250 });
    await client.get(server.origin);
    const outcomes = [];
    for (let i = 0; i < 20; i++) {
      const timeout = 50 + i;
      const began = steadyClock.now();
      const batch = [client.get(server.origin), client.get(server.origin, { timeout })];
      const [standard, own] = await Promise.all(
        batch.map((one) => one.then((outcome) => ({ outcome, after: steadyClock.now() - began }))),
      );
      if (standard !== undefined) outcomes.push({ ...standard, due: 250 });
      if (own !== undefined) outcomes.push({ ...own, due: timeout });
    }
    for (const { outcome, after, due } of outcomes) {
      expect(outcome.rc).toBe(-3);
      expect(outcome.times.total).toBeGreaterThanOrEqual(due);
      expect(after - due).toBeLessThan(5);
    }
  });
});
