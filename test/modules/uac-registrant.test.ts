/** Registrations with carriers: begun, authenticated, renewed, moved to another proxy, taken back. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/timers/index.ts';
import { loadScript } from '../../src/workers/load-script.ts';
import { relayBench } from '../support/relay-bench.ts';
import type { TestServerOptions } from '../support/server.ts';
import type { PeerMessage } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const registrant = (text: string) => `modparam("uac_registrant", "registrant", "${text}")\n`;
const mine = 'aor=sip:me@carrier.example contact=sip:me@192.0.2.1:5060 registrar=sip:carrier.example';
const eventsOf = ['REGISTERED', 'WRONG_CREDENTIALS', 'REGISTRAR_ERROR', 'UNREGISTERING']
  .map((name) => `event_route[E_REGISTRANT_${name}] { xlog("print ${name} $param(aor)"); }\n`)
  .join('');

const bench = (lines: string, carriers = 1, options: TestServerOptions = {}) =>
  relayBench(
    `loadmodule "uac_auth.so"\nloadmodule "uac_registrant.so"\n${lines}\nroute { exit; }\n${eventsOf}`,
    carriers,
    options,
  );

const field = (header: string, name: string) => new RegExp(`${name}="?([^",]*)`).exec(header)?.[1] ?? '';
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

function isRight(register: PeerMessage, user: string, password: string): boolean {
  const header = register.header('authorization') ?? '';
  const a1 = md5(`${user}:${field(header, 'realm')}:${password}`);
  const a2 = md5(`REGISTER:${field(header, 'uri')}`);
  return field(header, 'response') === md5(`${a1}:${field(header, 'nonce')}:${a2}`);
}

const challenge = 'WWW-Authenticate: Digest realm="carrier.example", nonce="n1"';

describe('a registration', () => {
  test('is begun, authenticated and renewed before it expires', async () => {
    const clock = new SimulatedClock(1_700_000_000_000);
    const { callees, prints } = await bench(
      registrant(`${mine} proxy=sip:CALLEE0 username=me password=secret expiry=600 params=;q=1`),
      1,
      { clock },
    );
    const [carrier] = callees;
    if (carrier === undefined) return;
    const first = await carrier.next('REGISTER');
    expect(first.uri).toBe('sip:carrier.example');
    expect(first.header('from')).toMatch(/^<sip:me@carrier.example>;tag=/);
    expect(first.header('to')).toBe('<sip:me@carrier.example>');
    expect(first.header('contact')).toBe('<sip:me@192.0.2.1:5060>;q=1');
    expect([first.header('expires'), first.header('cseq')]).toEqual(['600', '1 REGISTER']);
    carrier.reply(first, 401, [challenge]);
    const second = await carrier.next('REGISTER');
    expect(isRight(second, 'me', 'secret')).toBe(true);
    expect([second.header('call-id'), second.header('cseq')]).toEqual([
      first.header('call-id'),
      '2 REGISTER',
    ]);
    carrier.reply(second, 200, ['Expires: 100']);
    await expect.poll(prints).toEqual(['REGISTERED sip:me@carrier.example']);
    clock.advance(94_000);
    expect(carrier.seen.filter((one) => one === 'REGISTER')).toHaveLength(2);
    clock.advance(2000);
    expect((await carrier.next('REGISTER')).header('cseq')).toBe('3 REGISTER');
  });

  test('uses credentials of uac_auth, and says when they are refused', async () => {
    const { callees, prints } = await bench(
      `modparam("uac_auth", "credential", "you:carrier.example:other")\n${registrant(`${mine} proxy=sip:CALLEE0`)}`,
    );
    const [carrier] = callees;
    if (carrier === undefined) return;
    carrier.reply(await carrier.next('REGISTER'), 401, [challenge]);
    const second = await carrier.next('REGISTER');
    expect(isRight(second, 'you', 'other')).toBe(true);
    carrier.reply(second, 401, [challenge.replace('n1', 'n2')]);
    await expect.poll(prints).toEqual(['WRONG_CREDENTIALS sip:me@carrier.example']);
  });

  test('moves to the next proxy when one is out of service, and stays there', async () => {
    const clock = new SimulatedClock(1_700_000_000_000);
    const { callees } = await bench(registrant(`${mine} proxy=sip:CALLEE0,sip:CALLEE1 expiry=60`), 2, {
      clock,
    });
    const [broken, working] = callees;
    if (broken === undefined || working === undefined) return;
    broken.reply(await broken.next('REGISTER'), 503);
    working.reply(await working.next('REGISTER'), 200);
    await expect
      .poll(() => {
        clock.advance(1000);
        return working.received.length;
      })
      .toBe(2);
    expect(broken.received).toHaveLength(1);
  });

  test('asks for a longer time if the registrar wants it', async () => {
    const { callees } = await bench(registrant(`${mine} proxy=sip:CALLEE0 expiry=60`));
    const [carrier] = callees;
    if (carrier === undefined) return;
    carrier.reply(await carrier.next('REGISTER'), 423, ['Min-Expires: 1800']);
    expect((await carrier.next('REGISTER')).header('expires')).toBe('1800');
  });

  test('comes from a table, whose bad rows are left out', async () => {
    const folder = temporaryFolder('registrant');
    const columns =
      'registrar(string) proxy(string,null) aor(string) third_party_registrant(string,null) username(string,null) password(string,null) binding_URI(string) binding_params(string,null) expiry(int,null) forced_socket(string,null) state(int)';
    const row = (aor: string, proxy: string) =>
      ['sip:carrier.example', proxy, aor, '', '', '', 'sip:me@192.0.2.1', '', '300', '', '0']
        .map((one) => one.replaceAll(':', '\\:'))
        .join(':');
    const made = await bench('');
    const port = made.callees[0]?.port ?? 0;
    writeFileSync(
      join(folder, 'registrant'),
      [columns, row('sip:me@carrier.example', `sip:127.0.0.1:${port}`), row('nonsense', ''), ''].join('\n'),
    );
    const { server, prints } = await bench(`modparam("uac_registrant", "db_url", "text://${folder}")\n`);
    const [carrier] = made.callees;
    if (carrier === undefined) return;
    carrier.reply(await carrier.next('REGISTER'), 200);
    await server.logs('left out a row of registrant: "nonsense" is not a SIP URI');
    await expect.poll(prints).toEqual(['REGISTERED sip:me@carrier.example']);
  });
});

test.each([
  ['aor=sip:a@b', 'aor, contact and registrar are needed'],
  [`${mine} expiry=0`, 'expiry must be a number of seconds above 0'],
  [`${mine} params=q=1`, 'parameters of the Contact begin with ";"'],
  [`${mine} pasword=x`, 'a registrant has no "pasword"'],
])('the registrant %s is refused', (text, message) => {
  const { diagnostics } = loadScript(
    `loadmodule "uac_auth.so"\nloadmodule "uac_registrant.so"\n${registrant(text)}\nroute { exit; }\n`,
  );
  expect(diagnostics.map((one) => one.message).join('\n')).toContain(message);
});
