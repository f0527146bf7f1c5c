/** The cache functions on Redis as scripts use them; the server is test/support/fake-redis.ts, on real sockets. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { simulate } from '../../src/testing/index.ts';
import { createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { FakeRedis, type FakeRedisOptions } from '../support/fake-redis.ts';
import { freePort } from '../support/ports.ts';
import { runScript } from '../support/run-script.ts';
import { startServer } from '../support/server.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const urlOf = (port: number, group = ':g'): string =>
  `modparam("cachedb_redis", "cachedb_url", "redis${group}://127.0.0.1:${port}/")\n`;

async function run(body: string, options: FakeRedisOptions & { readonly rest?: string } = {}) {
  const server = closeLater(await FakeRedis.start(options));
  const rest = options.rest?.replaceAll('PORT', String(server.port)) ?? urlOf(server.port);
  return { server, ...(await runScript(body, { modules: ['cachedb_redis'], rest })) };
}

test('values are stored, read and removed', async () => {
  const { prints, server } = await run(
    `cache_store("redis:g", "a b", "1 2"); xlog("$rc");
     cache_store("redis:g", "timed", "x", 60); xlog("$rc");
     cache_fetch("redis:g", "a b", $var(v)); xlog("$rc $var(v)");
     cache_remove("redis:g", "a b"); xlog("$rc");
     cache_remove("redis:g", "a b"); xlog("$rc");
     cache_fetch("redis:g", "a b", $var(v)); xlog("$rc");
     cache_store("redis:g", "", "x"); xlog("$rc");
     cache_fetch("redis:other", "a", $var(v)); xlog("$rc");`,
  );
  expect(prints).toEqual(['1', '1', '1 1 2', '1', '1', '-2', '-1', '-1']);
  expect(server.seen.slice(0, 2)).toEqual([
    ['SET', 'a b', '1 2'],
    ['SET', 'timed', 'x', 'EX', '60'],
  ]);
});

test('counters count, and reject a value that is not a number', async () => {
  const { prints, server } = await run(
    `cache_add("redis:g", "n", 5, 60, $var(v)); xlog("$rc $var(v)");
     cache_sub("redis:g", "n", 7, 0, $var(v)); xlog("$rc $var(v)");
     cache_counter_fetch("redis:g", "n", $var(v)); xlog("$rc $var(v)");
     cache_counter_fetch("redis:g", "none", $var(v)); xlog("$rc");
     cache_store("redis:g", "t", "text"); cache_add("redis:g", "t", 1, 0); xlog("$rc");
     cache_counter_fetch("redis:g", "t", $var(v)); xlog("$rc");`,
  );
  expect(prints).toEqual(['1 5', '1 -2', '1 -2', '-2', '-1', '-3']);
  expect(server.seen.slice(0, 3)).toEqual([
    ['INCRBY', 'n', '5'],
    ['EXPIRE', 'n', '60'],
    ['INCRBY', 'n', '-7'],
  ]);
});

test('raw queries give their values to an AVP', async () => {
  const { prints, log, server } = await run(
    `cache_raw_query("redis:g", "SET k 'two words'"); xlog("$rc");
     $var(key) = "k";
     cache_raw_query("redis:g", "MGET $var(key) none  k", "$avp(r)"); xlog("$rc $(avp(r)[0])|$(avp(r)[1])|$(avp(r)[2])");
     cache_raw_query("redis:g", "NEST", $avp(nest)); xlog("$rc $(avp(nest)[0]) $(avp(nest)[1]) $(avp(nest)[2])");
     cache_raw_query("redis:g", "GET none", "$avp(none)"); xlog("$rc $avp(none)");
     cache_raw_query("redis:g", "GET none"); xlog("$rc");
     cache_raw_query("redis:g", "FLY away"); xlog("$rc");
     cache_raw_query("redis:g", "GET k", "$var(x)"); xlog("$rc");
     cache_raw_query("redis:g", "  "); xlog("$rc");`,
  );
  expect(prints).toEqual([
    '1',
    '1 two words||two words',
    '1 one 2 three',
    '-2 <null>',
    '-2',
    '-1',
    '-1',
    '-1',
  ]);
  expect(server.seen[1]).toEqual(['MGET', 'k', 'none', 'k']);
  expect(log.join('\n')).toMatch(/cache "redis:g": ERR unknown command 'FLY'/);
});

test('several servers have groups of their own', async () => {
  const other = closeLater(await FakeRedis.start());
  const { prints, server } = await run(
    'cache_store("redis:one", "k", "1"); cache_store("redis:two", "k", "2"); cache_fetch("redis:one", "k", $var(v)); xlog("$var(v)");',
    {
      rest: `${urlOf(other.port, ':two')}modparam("cachedb_redis", "cachedb_url", "redis:one://127.0.0.1:PORT/")`,
    },
  );
  expect(prints).toEqual(['1']);
  expect([server.values.get('k'), other.values.get('k')]).toEqual(['1', '2']);
});

describe('a server that fails', () => {
  it('is -1 and a log line, with its error', async () => {
    const server = closeLater(await FakeRedis.start());
    const { port } = server;
    const script = 'cache_store("redis:g", "k", "v"); xlog("$rc");';
    server.error = "OOM command not allowed when used memory > 'maxmemory'.";
    // a full server answers PING
    const { prints, log } = await runScript(script, { modules: ['cachedb_redis'], rest: urlOf(port) });
    expect(prints).toEqual(['-1']);
    expect(log.join('\n')).toContain('OOM command not allowed');
  });

  it('stops the start only with shutdown_on_error', async () => {
    const port = await freePort();
    const script = 'cache_fetch("redis:g", "k", $var(v)); xlog("$rc");';
    const { prints, log } = await runScript(script, { modules: ['cachedb_redis'], rest: urlOf(port) });
    expect(prints).toEqual(['-1']);
    expect(log[0]).toMatch(
      /cachedb_redis: redis:g \(127\.0\.0\.1:\d+\) cannot be reached: connect ECONNREFUSED/,
    );
    const rest = `${urlOf(port)}modparam("cachedb_redis", "shutdown_on_error", 1)`;
    await expect(runScript(script, { modules: ['cachedb_redis'], rest })).rejects.toThrow(
      /redis:g cannot be reached \(shutdown_on_error\)/,
    );
  });

  it('holds the worker of a blocking call until query_timeout, and none of an async one', async () => {
    const redis = closeLater(await FakeRedis.start());
    const server = closeLater(
      await startServer(`udp_workers=1
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "cachedb_redis.so"
modparam("cachedb_redis", "query_timeout", 60000)
${urlOf(redis.port)}
route {
  if ($rU == "quick") { sl_send_reply(200, "OK"); exit; }
  t_newtran();
  async(cache_fetch("redis:g", "k", $avp(v)), resume);
}
route[resume] { t_reply(200, "$rc $avp(v)"); }
`),
    );
    redis.values.set('k', 'value');
    redis.hang();
    const slow = sendSip({ uri: 'sip:slow@127.0.0.1' }, { port: server.port });
    await expect.poll(() => redis.connections).toBe(1);
    const [quick] = await sendSip({ uri: 'sip:quick@127.0.0.1' }, { port: server.port });
    expect(quick?.status).toBe(200);
    redis.goOn();
    expect((await slow).at(-1)?.reason).toBe('1 value');
    const { figures } = server.server.figures;
    expect(figures['redis_reachable']).toEqual({ 'redis:g': 1 });
    expect(figures['redis_commands']).toMatchObject({ 'answered redis:g': 1 });
  });
});

test('TLS is by a client domain of tls_mgm', async () => {
  const folder = temporaryFolder('redis-tls');
  const authority = createAuthority();
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const own = authority.issue({ names: ['client.test'] });
  const { cert, key } = authority.issue({ names: ['127.0.0.1'] });
  const script = (domain: string) => `loadmodule "tls_mgm.so"
loadmodule "cachedb_redis.so"
modparam("tls_mgm", "client_domain", "redis")
modparam("tls_mgm", "ca_list", "[redis]${write('ca.pem', authority.cert)}")
modparam("tls_mgm", "certificate", "[redis]${write('own.pem', own.cert)}")
modparam("tls_mgm", "private_key", "[redis]${write('own.key', own.key)}")
modparam("cachedb_redis", "use_tls", 1)
modparam("cachedb_redis", "cachedb_url", "redis:g://127.0.0.1:PORT/?tls_domain=${domain}")
`;
  const body = 'cache_store("redis:g", "k", "v"); xlog("$rc");';
  const trusted = { cert, key, ca: [authority.cert], requestCert: true };
  const runTls = async (options: FakeRedisOptions, domain = 'redis') => {
    const server = closeLater(await FakeRedis.start(options));
    return runScript(body, { rest: script(domain).replaceAll('PORT', String(server.port)) });
  };
  expect((await runTls({ tls: trusted })).prints).toEqual(['1']);
  const stranger = createAuthority().issue({ names: ['127.0.0.1'] });
  const refused = await runTls({ tls: { ...trusted, cert: stranger.cert, key: stranger.key } });
  expect(refused.prints).toEqual(['-1']);
  expect(refused.log.join('\n')).toMatch(/cannot be reached: .*certificate/i);
  await expect(runTls({ tls: trusted }, 'none')).rejects.toThrow(/no client_domain "none"/);
});

test.each([
  ['redis:g://secret@127.0.0.1', /no password in "redis:g:\/\/\*\*\*@127\.0\.0\.1"/],
  ['mongodb://127.0.0.1', /invalid URL/],
  ['redis://127.0.0.1/?tls_domain=x', /tls_domain of "redis" needs use_tls/],
])('the URL %s is an error of the script', (url, message) => {
  const { diagnostics } = loadScript(
    `loadmodule "cachedb_redis.so"\nmodparam("cachedb_redis", "cachedb_url", "${url}")\nroute { exit; }\n`,
  );
  expect(diagnostics.map((one) => one.message).join('\n')).toMatch(message);
});

test('check warns of blanks that a caller may put into a query, and names what OpenSIPS lacks', () => {
  const { diagnostics } = loadScript(
    `loadmodule "cachedb_redis.so"
route { cache_raw_query("redis", "GET $fn"); async(cache_fetch("redis", "k", $avp(v)), done); }
route[done] { exit; }\n`,
    { portable: true },
  );
  const found = diagnostics.map(({ code, message }) => `${code}: ${message}`);
  expect(found).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^unescaped-input: \$fn goes into a query/),
      expect.stringMatching(/^not-portable: OpenSIPS rejects async\(cache_fetch\)/),
    ]),
  );
});

test('a simulation has a storage in memory instead', async () => {
  const script = loadScript(`socket=udp:127.0.0.1:5060
loadmodule "sl.so"
loadmodule "cachedb_redis.so"
modparam("cachedb_redis", "cachedb_url", "redis:g://192.0.2.1/")
route { cache_add("redis:g", "n", 1, 0, $var(n)); sl_send_reply(200, "$var(n)"); }\n`);
  await using kit = await simulate(script);
  const ask = async () => (await kit.caller('alice').send('MESSAGE', 'sip:bob@127.0.0.1').final()).reason;
  expect([await ask(), await ask()]).toEqual(['1', '2']);
});
