import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { startDeadHost } from '../support/dead-host.ts';
import { startNginx } from '../support/http-servers.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest, type RunningSiprest, startSiprest } from '../support/program.ts';
import { startService } from '../support/service.ts';
import { type SipReply, sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** What concerns all workers of a running server together: the connect lock, the limit of transfers, timeouts. */

const head = `
log_level=3
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
`;

/** A script that asks the URL of X-Url in the way of X-Mode, and answers with the outcome. */
const asking = (parameters: string, workers: number): string => `
udp_workers=${workers}
${head}
${parameters}
route {
  if ($hdr(X-Mode) == "async")
    async(rest_get("$hdr(X-Url)", $avp(body), , $avp(code)), answered);
  $var(rc) = rest_get("$hdr(X-Url)", $avp(body), , $avp(code));
  # keeps the worker for a while
  if ($hdr(X-Then) != NULL)
    rest_get("$hdr(X-Then)", $var(b));
  append_to_reply("X-Says: $var(rc) $avp(code)\\r\\n");
  send_reply(200, "OK");
}
route[answered] {
  append_to_reply("X-Says: $rc $avp(code)\\r\\n");
  send_reply(200, "OK");
}`;

function writeScript(text: string): string {
  const file = join(temporaryFolder('script'), 'wrong.cfg');
  writeFileSync(file, `socket=udp:127.0.0.1:0\n${text}\n`);
  return file;
}

type Mode = 'blocking' | 'async';

async function ask(siprest: RunningSiprest, mode: Mode, url: string, then = ''): Promise<SipReply> {
  const headers = [`X-Mode: ${mode}`, `X-Url: ${url}`, ...(then === '' ? [] : [`X-Then: ${then}`])];
  const final = (await sendSip({ headers }, { port: siprest.port })).at(-1);
  if (final === undefined) throw new Error(`no reply:\n${siprest.stderr}`);
  return final;
}

const says = async (reply: Promise<SipReply>): Promise<string> => (await reply).header('x-says') ?? '';

const onLocalhost = (origin: string): string => origin.replace('127.0.0.1', 'localhost');

/** nginx, and a location that takes its time. */
async function slowNginx() {
  const service = closeLater(
    await startService((_, response) => void setTimeout(() => response.end('late'), 800)),
  );
  return closeLater(await startNginx({ configuration: `location /slow { proxy_pass ${service.origin}; }` }));
}

describe('no_concurrent_connects between the workers of a server', () => {
  const timeouts =
    'modparam("rest_client", "connection_timeout", 1)\nmodparam("rest_client", "curl_timeout", 2)';
  const locked = `${timeouts}\nmodparam("rest_client", "no_concurrent_connects", true)`;

  it.each(['blocking', 'async'] as const)(
    'gives -4 at once to the others while one connects (%s), by the host name and any port',
    async (mode) => {
      const nginx = closeLater(await startNginx());
      const dead = closeLater(await startDeadHost());
      const siprest = closeLater(await startSiprest(asking(locked, 4)));
      const good = `${onLocalhost(nginx.origin)}/hello.txt`;
      // an async request frees its worker, which may connect a second time: so that worker waits elsewhere
      const first = ask(siprest, mode, onLocalhost(dead.origin));
      await delay(100);
      const elsewhere = mode === 'async' ? [ask(siprest, 'blocking', dead.origin)] : [];
      await delay(100);
      const others = await Promise.all([
        ask(siprest, 'blocking', onLocalhost(dead.origin)),
        ask(siprest, 'blocking', good),
        ask(siprest, 'async', good),
      ]);
      expect(others.map((reply) => reply.header('x-says'))).toEqual(['-4 0', '-4 0', '-4 0']);
      for (const reply of others) expect(reply.time).toBeLessThan(500);
      if (mode === 'blocking') {
        // another host name, though the same address
        expect(await says(ask(siprest, 'blocking', `${nginx.origin}/hello.txt`))).toBe('1 200');
      }
      expect(await says(first)).toBe('-2 0');
      expect(await Promise.all(elsewhere.map(says))).toEqual(elsewhere.map(() => '-2 0'));
      // given back
      expect(await says(ask(siprest, 'async', good))).toBe('1 200');
      expect(await says(ask(siprest, 'blocking', onLocalhost(dead.origin)))).toBe('-2 0');
    },
  );

  it('spans the whole transfer of a blocking call, and the connect of an async one', async () => {
    const nginx = await slowNginx();
    const siprest = closeLater(await startSiprest(asking(locked, 4)));
    const blocking = ask(siprest, 'blocking', `${nginx.origin}/slow`);
    await delay(200); // connected long since
    expect(await says(ask(siprest, 'blocking', `${nginx.origin}/hello.txt`))).toBe('-4 0');
    expect(await says(blocking)).toBe('1 200');
    const async = ask(siprest, 'async', `${nginx.origin}/slow`);
    await delay(200);
    expect(await says(ask(siprest, 'blocking', `${nginx.origin}/hello.txt`))).toBe('1 200');
    expect(await says(async)).toBe('1 200');
  });

  it('is released after every outcome', async () => {
    const nginx = await slowNginx();
    const siprest = closeLater(
      await startSiprest(asking(`${locked}\nmodparam("rest_client", "max_transfer_size", 1)`, 2)),
    );
    const large = closeLater(await startNginx({ files: { 'large.txt': 'x'.repeat(2_000) } }));
    const silent = closeLater(await startService(() => {}));
    const at = (origin: string, path: string) => `${onLocalhost(origin)}${path}`;
    const outcomes: readonly (readonly [string, string])[] = [
      [at(nginx.origin, '/missing'), '1 404'],
      [`http://localhost:${await freePort()}/`, '-1 0'],
      [at(large.origin, '/large.txt'), '-10 200'],
      [nginx.secureOrigin, '-10 0'],
      [at(silent.origin, '/'), '-3 0'],
    ];
    for (const [url, expected] of outcomes) {
      for (const mode of ['blocking', 'async'] as const) {
        expect(await says(ask(siprest, mode, url))).toBe(expected);
        // both workers: one keeps busy meanwhile
        const pair = [
          ask(siprest, 'blocking', at(nginx.origin, '/hello.txt'), `${nginx.origin}/slow`),
          delay(150).then(() => ask(siprest, 'blocking', at(nginx.origin, '/hello.txt'))),
        ];
        expect(await Promise.all(pair.map(says))).toEqual(['1 200', '1 200']);
      }
    }
  });

  it.each([
    [0, '-4 0'],
    [60, '1 200'],
  ])(
    'with curl_conn_lifetime %i: a worker that has a connection to the host gets %s',
    async (lifetime, expected) => {
      const nginx = await slowNginx();
      const dead = closeLater(await startDeadHost());
      const siprest = closeLater(
        await startSiprest(
          asking(`${locked}\nmodparam("rest_client", "curl_conn_lifetime", ${lifetime})`, 2),
        ),
      );
      const good = `${onLocalhost(nginx.origin)}/hello.txt`;
      // each of the two workers gets a connection to localhost, while the other is busy elsewhere
      const warm = ask(siprest, 'blocking', good, `${nginx.origin}/slow`);
      await delay(200);
      expect(await says(ask(siprest, 'blocking', good))).toBe('1 200');
      expect(await says(warm)).toBe('1 200');
      // with no young connection to skip by, the dead host's lock is what decides
      const connecting = ask(siprest, 'blocking', onLocalhost(dead.origin));
      await delay(100);
      expect(await says(ask(siprest, 'blocking', good))).toBe(expected);
      expect(await says(connecting)).toBe('-2 0');
    },
  );

  it('switched off, no call waits or gets -4', async () => {
    const nginx = closeLater(await startNginx());
    const dead = closeLater(await startDeadHost());
    const siprest = closeLater(await startSiprest(asking(timeouts, 4)));
    const hanging = [1, 2].map(() => ask(siprest, 'blocking', onLocalhost(dead.origin)));
    await delay(100);
    expect(await says(ask(siprest, 'blocking', `${onLocalhost(nginx.origin)}/hello.txt`))).toBe('1 200');
    expect(await Promise.all(hanging.map(says))).toEqual(['-2 0', '-2 0']);
  });
});

describe('max_async_transfers', () => {
  it('is the limit of a worker; one more blocks it, which is logged once', async () => {
    const nginx = await slowNginx();
    const siprest = closeLater(
      await startSiprest(asking('modparam("rest_client", "max_async_transfers", 2)', 1)),
    );
    const url = `${nginx.origin}/slow`;
    const many = Array.from({ length: 6 }, () => ask(siprest, 'async', url));
    expect(await Promise.all(many.map(says))).toEqual(Array(6).fill('1 200'));
    const times = (await Promise.all(many)).map((reply) => reply.time);
    // three at a time: two in the background and one that the worker waits for
    expect(Math.max(...times)).toBeGreaterThan(1_500);
    expect(siprest.stderr.match(/raise max_async_transfers/g)).toHaveLength(1);
  });
});

describe('timeouts of a script', () => {
  it.each(['blocking', 'async'] as const)('may be fractions of a second (%s)', async (mode) => {
    const silent = closeLater(await startService(() => {}));
    const nginx = closeLater(
      await startNginx({ configuration: `location / { proxy_pass ${silent.origin}; }` }),
    );
    const siprest = closeLater(
      await startSiprest(
        asking(
          'modparam("rest_client", "curl_timeout", "0.25")\nmodparam("rest_client", "connection_timeout", "0.2")',
          2,
        ),
      ),
    );
    expect(await says(ask(siprest, mode, nginx.origin))).toBe('-3 0'); // warm
    const reply = await ask(siprest, mode, nginx.origin);
    expect(reply.header('x-says')).toBe('-3 0');
    expect(reply.time).toBeGreaterThanOrEqual(250);
    expect(reply.time).toBeLessThan(1_000);
    const dead = closeLater(await startDeadHost());
    const unconnected = await ask(siprest, mode, dead.origin);
    expect(unconnected.header('x-says')).toBe('-2 0');
    expect(unconnected.time).toBeGreaterThanOrEqual(200);
  });

  it('may be set for one call: the third argument of async()', async () => {
    const silent = closeLater(await startService(() => {}));
    const siprest = closeLater(
      await startSiprest(`
${head}
route {
  async(rest_get("${silent.origin}", $avp(body), , $avp(code)), answered, 1);
}
route[answered] {
  append_to_reply("X-Says: $rc $avp(code)\\r\\n");
  send_reply(200, "OK");
}`),
    );
    const reply = (await sendSip({}, { port: siprest.port })).at(-1);
    expect(reply?.header('x-says')).toBe('-3 0');
    expect(reply?.time).toBeGreaterThanOrEqual(1_000);
    expect(reply?.time).toBeLessThan(3_000);
  });

  it.each([
    ['curl_http_version', '6'],
    ['curl_http_version', '-1'],
    ['curl_timeout', '"soon"'],
    ['curl_timeout', '0'],
    ['connect_poll_interval', '0'],
    ['max_async_transfers', '-1'],
  ])('and %s of %s stops the start with a clear error', async (name, value) => {
    const siprest = launchSiprest([
      'run',
      writeScript(asking(`modparam("rest_client", "${name}", ${value})`, 1)),
    ]);
    expect(await siprest.ended).toBe(1);
    expect(siprest.stderr).toContain(name);
    expect(siprest.stderr).toContain(value.replaceAll('"', ''));
  });
});
