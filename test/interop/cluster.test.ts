/** Two servers on two addresses share what is in Redis: docs/cluster.md. */
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { RedisServer } from '../support/redis-server.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';

const script = `udp_workers=8
${[
  'sl',
  'tm',
  'rr',
  'signaling',
  'sipmsgops',
  'maxfwd',
  'usrloc',
  'registrar',
  'cachedb_local',
  'cfgutils',
  'ratelimit',
  'pike',
  'auth',
  'dialog',
]
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('')}
modparam("cfgutils", "shvset", "mode=s:day")
modparam("dialog", "profiles_with_value", "caller/s; own")
route {
  if ($rm == "REGISTER") { save("location"); exit; }
  if ($rm == "INVITE") {
    if (!lookup("location")) { send_reply(404, "Nobody"); exit; }
    create_dialog();
    set_dlg_profile("caller", "$fU");
    set_dlg_profile("own", "$fU");
    record_route();
    t_relay();
    exit;
  }
  switch ($rU) {
    case "count": cache_add("local", "calls", 1, 0, $var(n)); send_reply(200, "$rc $var(n)"); break;
    case "keep": cache_store("local", "kept", "$fU"); send_reply(200, "$rc"); break;
    case "fetch": cache_fetch("local", "kept", $var(v)); send_reply(200, "$rc $var(v)"); break;
    case "night": $shv(mode) = "night"; send_reply(200, "set"); break;
    case "mode": send_reply(200, "$shv(mode)"); break;
    case "limit": if (rl_check("all", 5)) send_reply(200, "OK"); else send_reply(200, "limited"); break;
    case "lock": get_dynamic_lock("l"); $var(n) = 0; cache_fetch("local", "sum", $var(n)); usleep(20000);
      $var(n) = $(var(n){s.int}) + 1; cache_store("local", "sum", "$var(n)"); release_dynamic_lock("l");
      send_reply(200, "$var(n)"); break;
    case "calls": get_profile_size("caller", "alice", $var(n)); get_profile_size("own", "alice", $var(m));
      send_reply(200, "$var(n) $var(m)"); break;
    default: send_reply(200, "OK");
  }
}
`;

interface Member {
  readonly program: RunningSiprest;
  /** The reason of the reply to a request to a user. */
  ask(user: string): Promise<string | undefined>;
  readonly port: number;
  readonly host: string;
}

async function startMember(host: string, url: string, processes = 1, port = 0): Promise<Member> {
  const own = port === 0 ? await freePort() : port;
  const program = closeLater(
    await startSiprest(`socket=udp:${host}:${own}\n${script}`, {
      args: ['--processes', String(processes), '--store', url],
    }),
  );
  return {
    program,
    port: own,
    host,
    ask: async (user) => (await sendSip({ uri: `sip:${user}@${host}` }, { port: own, host })).at(-1)?.reason,
  };
}

async function start(options = '', processes = 1) {
  const redis = await RedisServer.start();
  const url = `${redis.url}?${options}`;
  const [a, b] = await Promise.all([
    startMember('127.0.0.1', url, processes),
    startMember('127.0.0.2', url, processes),
  ]);
  return { redis, url, a, b };
}

async function register({ host, port }: Member, user: string, contact: string): Promise<number | undefined> {
  const address = `<sip:${user}@example.com>`;
  const text = [
    'REGISTER sip:example.com SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-${user}-${Math.random()};rport`,
    `From: ${address};tag=1`,
    `To: ${address}`,
    `Call-ID: ${user}`,
    'CSeq: 1 REGISTER',
    `Contact: <${contact}>`,
    'Expires: 600',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  return (await sendSip(text, { port, host })).at(-1)?.status;
}

async function call({ host, port }: Member, user: string): Promise<number | undefined> {
  const uri = `sip:${user}@example.com`;
  return (await sendSip({ method: 'INVITE', uri }, { port, host })).at(-1)?.status;
}

describe.each([1, 2])('two servers of %s process(es)', (processes) => {
  it('count together, and have the same values', async () => {
    const { a, b } = await start('timeout=5000', processes);
    const counts = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? a : b).ask('count')),
    );
    expect(new Set(counts)).toEqual(new Set(Array.from({ length: 40 }, (_, i) => `1 ${i + 1}`)));
    expect(await a.ask('keep')).toBe('1');
    expect(await b.ask('fetch')).toBe('1 alice');
    expect(await b.ask('mode')).toBe('day');
    await a.ask('night');
    await expect.poll(() => b.ask('mode')).toBe('night');
    const sums = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? a : b).ask('lock')));
    expect(new Set(sums)).toEqual(new Set(Array.from({ length: 10 }, (_, i) => `${i + 1}`)));
  });

  it('limit together', async () => {
    const { a, b } = await start('timeout=5000', processes);
    const asked = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? a : b).ask('limit')));
    // the limit of one interval of 10 s, or of two
    const passed = asked.filter((one) => one === 'OK').length;
    expect(new Set(asked)).toEqual(new Set(passed === 40 ? ['OK'] : ['OK', 'limited']));
    expect(passed).toBeLessThanOrEqual(50);
  });
});

describe('a phone that has registered at one server', () => {
  it('is called through the other one, also by one that starts later', async () => {
    const { a, b, url } = await start();
    const phone = await SipPeer.open();
    expect(await register(a, 'bob', phone.uri('bob'))).toBe(200);
    const answers = async (member: Member) => {
      const called = call(member, 'bob');
      phone.reply(await phone.next('INVITE'), 200);
      return called;
    };
    expect(await answers(b)).toBe(200);
    const c = await startMember('127.0.0.3', url);
    expect(await answers(c)).toBe(200);
    expect(await call(b, 'carol')).toBe(404);
  });

  it('stays known when that server dies, and while Redis is gone', async () => {
    const { a, b, redis } = await start();
    const phone = await SipPeer.open();
    expect(await register(a, 'bob', phone.uri('bob'))).toBe(200);
    await expect.poll(async () => Number(await redis.send('HLEN', 'siprest:values:usrloc'))).toBe(1);
    await a.program.stop('SIGKILL');
    const first = call(b, 'bob');
    phone.reply(await phone.next('INVITE'), 200);
    expect(await first).toBe(200);
    await redis.kill();
    await b.program.prints('the store cannot be reached');
    const second = call(b, 'bob');
    phone.reply(await phone.next('INVITE'), 200);
    expect(await second).toBe(200);
    // registrations go on, and are in Redis when it is back
    expect(await register(b, 'dave', phone.uri('dave'))).toBe(200);
    await redis.restart();
    await b.program.prints('the store can be reached again');
    await expect
      .poll(async () =>
        redis.send('HKEYS', 'siprest:values:usrloc').then((keys) => new Set(Array.isArray(keys) ? keys : [])),
      )
      .toEqual(new Set(['location bob@example.com', 'location dave@example.com']));
  });
});

describe('calls of a profile', () => {
  it('are counted over both servers, and those of a server that dies no more', async () => {
    const { a, b } = await start();
    const phone = await SipPeer.open();
    await register(a, 'bob', phone.uri('bob'));
    for (const member of [a, a, b]) {
      const called = call(member, 'bob');
      phone.reply(await phone.next('INVITE'), 200);
      expect(await called).toBe(200);
    }
    await expect.poll(() => b.ask('calls')).toBe('3 1');
    await expect.poll(() => a.ask('calls')).toBe('3 2');
    await a.program.stop('SIGKILL');
    await expect.poll(() => b.ask('calls')).toBe('1 1');
  });
});

describe('without Redis', () => {
  it('a server starts, serves by the rules, and shares when it is there', async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const a = await startMember('127.0.0.1', redis.url);
    await a.program.prints('the store cannot be reached: connect ECONNREFUSED');
    expect([await a.ask('count'), await a.ask('limit'), await a.ask('mode')]).toEqual([
      '-1 <null>',
      'OK',
      'day',
    ]);
    await redis.restart();
    await a.program.prints('the store can be reached again');
    await expect.poll(() => a.ask('count')).toBe('1 1');
  });

  it('a server that hangs holds nothing longer than its timeout', async () => {
    const { a, redis } = await start('timeout=100');
    expect(await a.ask('count')).toBe('1 1');
    redis.pause();
    const held = Promise.all(['count', 'fetch', 'count'].map((user) => a.ask(user)));
    expect(await a.ask('other')).toBe('OK');
    expect((await held).map((one) => one?.split(' ')[0])).toEqual(['-1', '-1', '-1']);
    await a.program.prints('the store cannot be reached: no answer');
    expect(await a.ask('mode')).toBe('day');
    redis.goOn();
    await a.program.prints('the store can be reached again');
    await expect.poll(() => a.ask('count')).toMatch(/^1 \d$/);
  });
});
