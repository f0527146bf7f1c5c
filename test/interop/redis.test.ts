/** cachedb_redis against Debian's redis-server, in each state that it may be in. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { startSiprest } from '../support/program.ts';
import { RedisServer, redisFile } from '../support/redis-server.ts';
import { sendSip } from '../support/sip-client.ts';

/** Each request counts; $rU of "quick" needs no Redis. */
async function start(url: string, { processes = 1, more = '', timeout = 200 } = {}) {
  const program = closeLater(
    await startSiprest(
      `udp_workers=4
stderror_enabled=yes
loadmodule "sl.so"
loadmodule "tm.so"
${more}
loadmodule "cachedb_redis.so"
modparam("cachedb_redis", "query_timeout", ${timeout})
modparam("cachedb_redis", "cachedb_url", "${url}")
route {
  if ($rU == "quick") { sl_send_reply(200, "quick"); exit; }
  if ($rU == "store") { cache_store("redis:g", "$fU", "$rU"); sl_send_reply(200, "$rc"); exit; }
  if ($rU == "hash") {
    cache_raw_query("redis:g", "HSET h one 1 two 2");
    cache_raw_query("redis:g", "HGETALL h", "$avp(r)");
    sl_send_reply(200, "$rc $(avp(r)[0]) $(avp(r)[1]) $(avp(r)[2]) $(avp(r)[3]) $(avp(r)[4])");
    exit;
  }
  t_newtran();
  async(cache_add("redis:g", "calls", 1, 0, $avp(n)), counted);
}
route[counted] { t_reply(200, "$rc $avp(n)"); }
`,
      { args: ['--processes', String(processes)] },
    ),
  );
  const ask = async (user = 'count') => {
    const replies = await sendSip({ uri: `sip:${user}@127.0.0.1` }, { port: program.port });
    return replies.at(-1)?.reason;
  };
  return { program, ask };
}

const group = (server: RedisServer, login = '') => `redis:g://${login}127.0.0.1:${server.port}/`;

test('values, counters and hashes are those of the server', async () => {
  const server = await RedisServer.start();
  const { ask } = await start(group(server), { processes: 2 });
  const counts = await Promise.all(Array.from({ length: 20 }, () => ask()));
  expect(new Set(counts)).toEqual(new Set(Array.from({ length: 20 }, (_, i) => `1 ${i + 1}`)));
  expect(await ask('store')).toBe('1');
  expect(await server.send('GET', 'alice')).toBe('store');
  expect(await ask('hash')).toBe('1 one 1 two 2 <null>');
});

test('a server that is killed costs nothing but its own answers, and is used again', async () => {
  const server = await RedisServer.start();
  const { program, ask } = await start(group(server));
  expect(await ask()).toBe('1 1');
  await server.kill();
  await program.prints(/redis:g \(127\.0\.0\.1:\d+\) cannot be reached/);
  expect([await ask(), await ask('quick')]).toEqual(['-1 <null>', 'quick']);
  await server.restart();
  await program.prints('can be reached again');
  expect(await ask()).toBe('1 1');
});

test('a server that is stopped holds calls until query_timeout, and then none', async () => {
  const server = await RedisServer.start();
  const { program, ask } = await start(group(server));
  expect(await ask()).toBe('1 1');
  server.pause();
  const first = [ask(), ask(), ask()];
  expect(await ask('quick')).toBe('quick');
  expect(new Set(await Promise.all(first))).toEqual(new Set(['-1 <null>']));
  await program.prints('cannot be reached: no answer to 3 commands within 200 ms');
  expect(await ask()).toBe('-1 <null>');
  server.goOn();
  await program.prints('can be reached again');
  // those that timed out may have been counted
  expect(await ask()).toMatch(/^1 [2-5]$/);
});

test('a slow server answers within query_timeout or not at all', async () => {
  const server = await RedisServer.start();
  const { ask } = await start(group(server), { timeout: 1000 });
  const slow = server.send('DEBUG', 'SLEEP', '0.3');
  expect(await ask()).toBe('1 1');
  await slow;
  const slower = server.send('DEBUG', 'SLEEP', '3');
  // the first ones may be faster than the command to sleep
  await expect.poll(() => ask(), { interval: 1 }).toBe('-1 <null>');
  expect(await ask('quick')).toBe('quick');
  await slower;
});

test('a full server refuses, and says so', async () => {
  const server = await RedisServer.start({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] });
  const { program, ask } = await start(group(server));
  expect(await ask('store')).toBe('-1');
  await program.prints('OOM command not allowed');
});

test('a server that loads its data is used when it has', async () => {
  const server = await RedisServer.start();
  await server.send('SET', 'calls', '41');
  await server.send('DEBUG', 'POPULATE', '2000');
  await server.send('SAVE');
  const { program, ask } = await start(group(server));
  await server.kill();
  await program.prints('cannot be reached');
  // 2 s in all
  await server.restart(['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024']);
  expect(await ask()).toBe('-1 <null>');
  await program.prints('can be reached again');
  expect(await ask()).toBe('1 42');
});

test('users of an ACL do what they may', async () => {
  const server = await RedisServer.start();
  await server.send('ACL', 'SETUSER', 'sip', 'on', '>secret', '~calls', '+incrby');
  const { program, ask } = await start(group(server, 'sip:secret@'));
  expect(await ask()).toBe('1 1');
  expect(await ask('store')).toBe('-1');
  await program.prints(/NOPERM/);
});

test('a wrong password is named at the start, and never shown', async () => {
  const server = await RedisServer.start({ args: ['--requirepass', 'right'], login: ':right@' });
  const { program, ask } = await start(group(server, ':wrong-one@'));
  await program.prints(/cannot be reached: WRONGPASS/);
  expect(await ask()).toBe('-1 <null>');
  const { ask: askRight } = await start(group(server, ':right@'));
  expect(await askRight()).toBe('1 1');
  expect(program.stderr).not.toContain('wrong-one');
});

test('TLS goes by a client domain', async () => {
  const authority = createAuthority();
  const { cert, key } = authority.issue({ names: ['127.0.0.1'] });
  const port = ['--tls-cert-file', 'cert.pem', '--tls-key-file', 'key.pem', '--tls-ca-cert-file', 'ca.pem'];
  const server = await RedisServer.start();
  await server.kill();
  const files = { 'cert.pem': cert, 'key.pem': key, 'ca.pem': authority.cert };
  for (const [name, text] of Object.entries(files)) writeFileSync(redisFile(server, name), text);
  await server.restart(['--port', '0', '--tls-port', String(server.port), ...port]);
  const { ask } = await start(`redis:g://127.0.0.1:${server.port}/?tls_domain=redis`, {
    timeout: 5000,
    more: `loadmodule "tls_mgm.so"
modparam("tls_mgm", "client_domain", "redis")
modparam("tls_mgm", "ca_list", "[redis]${redisFile(server, 'ca.pem')}")
modparam("tls_mgm", "certificate", "[redis]${redisFile(server, 'cert.pem')}")
modparam("tls_mgm", "private_key", "[redis]${redisFile(server, 'key.pem')}")
modparam("cachedb_redis", "use_tls", 1)`,
  });
  expect(await ask()).toBe('1 1');
});
