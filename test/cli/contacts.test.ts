/** Contacts survive the end of the server, however it ends, and a disk that is full or slow. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { launchSiprest, type SiprestOptions, startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';

const configuration = (parameters = '') => `
loadmodule "sl.so"
loadmodule "signaling.so"
loadmodule "tm.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "sipmsgops.so"
${parameters}
route {
  if (is_method("REGISTER")) {
    save("location");
    exit;
  }
  if (lookup("location")) send_reply(200, "$ru");
  else send_reply(404, "Nobody");
}
`;

async function register(port: number, user: string, contact?: string): Promise<string | undefined> {
  const address = `<sip:${user}@example.com>`;
  const lines = contact === undefined ? [] : [`Contact: <${contact}>`, 'Expires: 600'];
  const text = [
    'REGISTER sip:example.com SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK-${user}-${Math.random()};rport`,
    `From: ${address};tag=1`,
    `To: ${address}`,
    `Call-ID: ${user}`,
    `CSeq: ${Math.floor(Math.random() * 1000) + 1} REGISTER`,
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  const reply = (await sendSip(text, { port })).at(-1);
  expect(reply?.status).toBe(200);
  return reply?.header('contact');
}

async function start(parameters = '', options: SiprestOptions = {}) {
  const first = await startSiprest(configuration(parameters), options);
  const folder = dirname(first.file);
  return {
    first,
    port: first.port,
    folder,
    kept: () => readdirSync(folder).filter((name) => name !== 'siprest.cfg'),
    restart: async () => {
      const again = launchSiprest(
        ['run', '--wait-for-port', '20', ...(options.args ?? []), first.file],
        options.env,
      );
      await again.prints(/listening/i);
      return again;
    },
  };
}

const seconds = 60_000;

test.each([
  ['one process', []],
  ['two processes', ['--processes', '2']],
])('of %s, killed after the answer', { timeout: seconds }, async (_, args) => {
  const server = await start('', { args });
  const users = Array.from({ length: 20 }, (_, i) => `user${i}`);
  await Promise.all(users.map((user) => register(server.port, user, `sip:${user}@192.0.2.1`)));
  await server.first.stop('SIGKILL');
  const again = await server.restart();
  for (const user of users) {
    const reply = (await sendSip({ uri: `sip:${user}@example.com` }, { port: server.port })).at(-1);
    expect(reply?.reason).toBe(`sip:${user}@192.0.2.1`);
  }
  expect(server.kept()).toEqual([expect.stringMatching(/^siprest\.\w+\.usrloc$/)]);
  await again.stop('SIGTERM');
});

test('a file that was cut in its last record gives all others', { timeout: seconds }, async () => {
  const server = await start('modparam("usrloc", "file", "contacts")\nmodparam("usrloc", "file_sync", 1)');
  for (const user of ['anna', 'bob']) await register(server.port, user, `sip:${user}@192.0.2.1`);
  await server.first.stop('SIGKILL');
  const file = join(server.folder, 'contacts');
  truncateSync(file, readFileSync(file).length - 7);
  const again = await server.restart();
  expect(again.stderr).toMatch(/read 1 records of .*contacts\n[^]*incomplete and is left out/);
  expect(await register(server.port, 'anna')).toMatch(/^<sip:anna@192\.0\.2\.1>/);
  expect(await register(server.port, 'bob')).toBeUndefined();
  await again.stop('SIGTERM');
});

test.each([
  'modparam("usrloc", "file", "")',
  'modparam("usrloc", "db_mode", 0)',
  'modparam("usrloc", "working_mode_preset", "single-instance-no-db")',
])('%s keeps nothing', { timeout: seconds }, async (parameter) => {
  const server = await start(parameter);
  await register(server.port, 'anna', 'sip:anna@192.0.2.1');
  await server.first.stop('SIGTERM');
  expect(server.kept()).toEqual([]);
});

test('of two servers with one file the second warns, and has none', { timeout: seconds }, async () => {
  const server = await start('modparam("usrloc", "file", "contacts")');
  const file = join(server.folder, 'contacts');
  const other = await start(`modparam("usrloc", "file", "${file}")`);
  expect(other.first.stderr).toContain(
    `kept in memory only, and lost at the end of the server: ${file}: another server uses it`,
  );
  await register(other.port, 'anna', 'sip:anna@192.0.2.1');
  await Promise.all([server.first.stop('SIGTERM'), other.first.stop('SIGTERM')]);
});

test('with a full disk registrations go on, and are written when there is room', {
  timeout: seconds,
}, async () => {
  const server = await start('modparam("usrloc", "file", "contacts")');
  const limit = (bytes: number | string) =>
    execFileSync('prlimit', ['--pid', `${server.first.pid}`, `--fsize=${bytes}:unlimited`]);
  await register(server.port, 'anna', 'sip:anna@192.0.2.1');
  limit(700);
  for (const user of ['bob', 'carol', 'dave']) await register(server.port, user, `sip:${user}@192.0.2.1`);
  await server.first.prints(/new contacts are kept in memory only: .*contacts: .*too large/i);
  limit('unlimited');
  await server.first.prints(/contacts is complete again/);
  await server.first.stop('SIGKILL');
  const again = await server.restart();
  for (const user of ['anna', 'bob', 'carol', 'dave'])
    expect(await register(server.port, user)).toMatch(new RegExp(`^<sip:${user}@`));
  await again.stop('SIGTERM');
});
