/** Passwords from text files and REST services, and what happens to those who guess. */
import { createHash } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../src/workers/load-script.ts';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const secret = 'modparam("auth", "secret", "0123456789abcdef0123456789abcdef")\n';
const modules = ['auth', 'auth_db'];
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

const withHeader = (value: string) =>
  sampleRequest.replace(/^Authorization:.*\n/m, value === '' ? '' : `Authorization: ${value}\n`);

async function digest(
  user: string,
  password: string,
  realm = 'example.com',
  hash = 'md5',
  algorithm = 'MD5',
) {
  const { sent } = await runScript(`www_challenge("${realm}");`, {
    modules: ['auth'],
    rest: secret,
    request: withHeader(''),
  });
  const [, nonce = ''] = /nonce="([^"]*)"/.exec(sent.join('')) ?? [];
  const h = (text: string) => createHash(hash).update(text).digest('hex');
  const response = h(`${h(`${user}:${realm}:${password}`)}:${nonce}:${h('INVITE:sip:x')}`);
  return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="sip:x", response="${response}", algorithm=${algorithm}`;
}

const check = 'www_authorize("example.com", "subscriber"); xlog("$rc");';

async function answered(rest: string, value: string, body = check) {
  const { prints, log } = await runScript(body, {
    modules,
    rest: `${secret}${rest}`,
    request: withHeader(value),
  });
  return { prints, log };
}

describe('a table', () => {
  const folder = temporaryFolder('subscribers');
  const write = (table: string, ...lines: readonly string[]) =>
    writeFileSync(join(folder, table), `${lines.join('\n')}\n`);
  write(
    'subscriber',
    'id(int,auto) username(string) domain(string) password(string) ha1(string) ha1_sha256(string,null) email_address(string,null)',
    `1:alice:example.com:secret:${md5('alice:example.com:secret')}:${createHash('sha256').update('alice:example.com:secret').digest('hex')}:alice@mail`,
    `2:alice:other.com:else:${md5('alice:other.com:else')}::`,
  );
  write(
    'uri',
    'id(int,auto) username(string) domain(string) uri_user(string)',
    '1:alice:atlanta.example:alice',
    '2:alice:biloxi.example:bob',
  );
  const url = `modparam("auth_db", "db_url", "text://${folder}")\n`;
  const plain = `${url}modparam("auth_db", "calculate_ha1", 1)\nmodparam("auth_db", "password_column", "password")\n`;

  test.each([
    [url, 'alice', 'secret', 'md5', 'MD5', '1'],
    [plain, 'alice', 'secret', 'md5', 'MD5', '1'],
    [url, 'alice', 'secret', 'sha256', 'SHA-256', '1'],
    [url, 'alice', 'secret', 'sha512-256', 'SHA-512-256', '-2'],
    [plain, 'alice', 'secret', 'sha512-256', 'SHA-512-256', '1'],
    [url, 'alice', 'else', 'md5', 'MD5', '-2'],
    [url, 'mallory', 'x', 'md5', 'MD5', '-1'],
  ])('%s: %s with %s by %s gives %s', async (rest, user, password, hash, algorithm, expected) => {
    const value = await digest(user, password, 'example.com', hash, algorithm);
    expect((await answered(rest, value)).prints).toEqual([expected]);
  });

  test('gives its columns to the script, and knows whose URIs there are', async () => {
    const body = `${check} xlog("$avp(mail) $avp(email_address)");
      db_is_from_authorized("uri"); xlog("$rc");
      db_is_to_authorized("uri"); xlog("$rc");
      db_does_uri_exist("sip:alice@other.com", "subscriber"); xlog("$rc");
      db_does_uri_exist("sip:bob@other.com", "subscriber"); xlog("$rc");
      db_get_auth_id("uri", "sip:bob@biloxi.example", $var(id), $var(realm)); xlog("$rc $var(id) $var(realm)");
      db_get_auth_id("uri", "sip:carol@biloxi.example", $var(none), $var(none)); xlog("$rc");`;
    const rest = `${url}modparam("auth_db", "load_credentials", "$avp(mail)=email_address;email_address")\n`;
    const { prints } = await answered(rest, await digest('alice', 'secret'), body);
    expect(prints).toEqual([
      '1',
      'alice@mail alice@mail',
      '1',
      '1',
      '1',
      '-1',
      '1 alice biloxi.example',
      '-1',
    ]);
  });

  test('that is missing, or has no such column, gives -5 and a line in the log', async () => {
    const value = await digest('alice', 'secret');
    for (const [table, why] of [
      ['nothing', 'no such file'],
      ['uri', 'there is no column "login"'],
    ]) {
      const rest = `${url}modparam("auth_db", "user_column", "login")\n`;
      const body = `www_authorize("example.com", "${table}"); xlog("$rc");`;
      const { prints, log } = await answered(rest, value, body);
      expect(prints).toEqual(['-5']);
      expect(log.join('\n')).toContain(why);
    }
  });

  test('is read again when it changes', async () => {
    const { simulatedServer } = await import('../support/simulated-server.ts');
    const server = await simulatedServer(
      `modparam("auth_db", "db_url", "text://${folder}")
       route { db_does_uri_exist("sip:new@example.com", "subscriber"); xlog("$rc"); }`,
      modules,
    );
    server.receive({});
    await server.clock.pass(5000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    write(
      'subscriber',
      'username(string) domain(string) ha1(string)',
      `new:example.com:${md5('new:example.com:x')}`,
    );
    utimesSync(join(folder, 'subscriber'), 1, 2);
    for (let i = 0; i < 100 && server.prints.at(-1) !== '1'; i++) {
      await server.clock.pass(2000);
      await new Promise((resolve) => setTimeout(resolve, 10));
      server.receive({ callId: `${i}`, cseq: `${i} OPTIONS` });
      await server.clock.pass(10);
    }
    expect([server.prints[0], server.prints.at(-1)]).toEqual(['-1', '1']);
    await server.close();
  });
});

describe('a service', () => {
  const at = (origin: string, more = '') =>
    `loadmodule "rest_client.so"\nmodparam("auth_db", "credentials_url", "${origin}/users/{user}?realm={realm}&table={table}")\n${more}`;

  test.each([
    ['{"password":"secret"}', '1'],
    [JSON.stringify({ ha1: md5('alice:example.com:secret') }), '1'],
    [md5('alice:example.com:secret'), '1'],
    ['{"password":"wrong"}', '-2'],
    ['{"name":"alice"}', '-5'],
    ['two\nlines', '-5'],
    ['{', '-5'],
  ])('that answers %s gives %s', async (text, expected) => {
    const service = await startService((_, response) => respond(response, 200, text));
    const { prints, log } = await answered(at(service.origin), await digest('alice', 'secret'));
    expect(prints).toEqual([expected]);
    expect(service.seen[0]?.target).toBe('/users/alice?realm=example.com&table=subscriber');
    expect(log.join('\n')).not.toContain('wrong');
  });

  test.each([
    [404, '-1'],
    [500, '-5'],
  ])('that answers with status %i gives %s', async (status, expected) => {
    const service = await startService((_, response) => respond(response, status, 'x'));
    const { prints } = await answered(at(service.origin), await digest('a/b', 'secret'));
    expect(prints).toEqual([expected]);
    expect(service.seen[0]?.target).toContain('/users/a%2Fb?');
  });

  test('that hangs gives -5 in time, and with async() no worker waits for it', async () => {
    const service = await startService(() => undefined);
    const rest = `${at(service.origin, 'modparam("auth_db", "credentials_timeout", 300)\n')}
      route[resumed] { xlog("resumed $rc"); }`;
    const value = await digest('alice', 'secret');
    const body = 'async(www_authorize("example.com", "subscriber"), resumed);';
    expect((await answered(rest, value, body)).prints).toEqual(['resumed -5']);
  });

  test('is asked once for what it has answered a moment ago', async () => {
    const service = await startService((_, response) => respond(response, 200, '{"password":"secret"}'));
    const body = `${check}${check}`;
    expect((await answered(at(service.origin), await digest('alice', 'secret'), body)).prints).toEqual([
      '1',
      '1',
    ]);
    expect(service.seen).toHaveLength(1);
    const rest = at(service.origin, 'modparam("auth_db", "credentials_ttl", 0)\n');
    await answered(rest, await digest('alice', 'secret'), body);
    expect(service.seen).toHaveLength(3);
  });
});

test('after ten failures further attempts fail unseen, and the log says so once', async () => {
  const folder = temporaryFolder('guessed');
  writeFileSync(
    join(folder, 'subscriber'),
    `username(string) domain(string) ha1(string)\nalice:example.com:${md5('alice:example.com:secret')}\n`,
  );
  const rest = `modparam("auth_db", "db_url", "text://${folder}")\n`;
  const wrong = await digest('alice', 'guess');
  const loop = `$var(i) = 0; while ($var(i) < 12) { www_authorize("example.com", "subscriber"); $var(rc) = $rc; $var(i) = $var(i) + 1; } xlog("$var(rc)");`;
  const { prints, log } = await answered(rest, wrong, loop);
  expect(prints).toEqual(['-2']);
  expect(log.filter((line) => line.includes('further ones are slowed'))).toHaveLength(1);
});

test('parameters that cannot be meant are refused before the start', () => {
  const errors = (text: string) =>
    loadScript(`loadmodule "auth.so"\nloadmodule "auth_db.so"\n${text}\nroute { exit; }`)
      .diagnostics.filter(({ severity }) => severity === 'error')
      .map(({ message }) => message);
  expect(errors('modparam("auth_db", "db_url", "mysql://u:p@h/d")')).toEqual([
    'siprest has no connection to databases such as mysql://',
  ]);
  expect(errors('modparam("auth_db", "credentials_url", "http://h/{name}")')).toEqual([
    'unknown {name} in credentials_url',
  ]);
  expect(errors('modparam("auth_db", "credentials_url", "ftp://h/{user}")')[0]).toContain('invalid URL');
  expect(errors('modparam("auth_db", "load_credentials", "a b")')[0]).toContain('load_credentials');
});
