/** SIP over TLS with programs of Debian: openssl s_client, testssl.sh, Kamailio, baresip. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { launch } from '../support/launch.ts';
import { freePort } from '../support/ports.ts';
import { inDialogs, relayScript } from '../support/relay-script.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { runSipp, startSippCallee } from '../support/sipp.ts';
import { answeredCall, answeringCallee, cancelledCall, ringingCallee } from '../support/sipp-calls.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder('interop-tls');
const authority = createAuthority();

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** The files of a certificate. */
function certificate(
  name: string,
  names: readonly string[],
): { readonly cert: string; readonly key: string } {
  const { cert, key } = authority.issue({ names });
  return { cert: file(`${name}.pem`, cert), key: file(`${name}.key`, key) };
}

const ca = file('ca.pem', authority.cert);
const own = certificate('siprest', ['localhost', '127.0.0.1']);
const peer = certificate('peer', ['localhost', '127.0.0.1']);

/** A domain with the own certificate, which checks what it is shown, or not. */
const domain = (kind: 'server' | 'client', verifies: boolean): string => `
modparam("tls_mgm", "${kind}_domain", "${kind}")
modparam("tls_mgm", "certificate", "[${kind}]${own.cert}")
modparam("tls_mgm", "private_key", "[${kind}]${own.key}")
modparam("tls_mgm", "ca_list", "[${kind}]${ca}")
modparam("tls_mgm", "verify_cert", "[${kind}]${verifies ? 1 : 0}")
`;

const sockets =
  'socket=udp:127.0.0.1:0\nsocket=tls:127.0.0.1:0\nloadmodule "proto_tls.so"\nloadmodule "tls_mgm.so"\n';

const tlsPort = ({ server }: TestServer): number =>
  Number(
    server.sockets
      .find((name) => name.startsWith('tls:'))
      ?.split(':')
      .at(-1),
  );

async function start(verifies: boolean, onward = 'send_reply(200, "OK");', more = ''): Promise<TestServer> {
  const settings = sockets + domain('server', verifies) + domain('client', true) + more;
  return closeLater(await startServer(relayScript({ settings, onward })));
}

const options = [
  'OPTIONS sip:bob@biloxi.example SIP/2.0',
  'Via: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bKssl;rport',
  'From: <sip:alice@atlanta.example>;tag=1',
  'To: <sip:bob@biloxi.example>',
  'Call-ID: openssl',
  'CSeq: 1 OPTIONS',
  'Max-Forwards: 70',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

/** What `openssl s_client` prints until it has seen `wanted`, or ends. `input` follows once it is connected. */
async function openssl(
  port: number,
  args: readonly string[],
  input: string,
  wanted: RegExp,
): Promise<string> {
  const child = spawn(commandPath('openssl'), ['s_client', '-connect', `127.0.0.1:${port}`, ...args]);
  closeLater({ close: () => child.kill('SIGKILL') });
  let printed = '';
  let isOver = false;
  const add = (data: Buffer) => {
    const before = printed;
    printed += data.toString('latin1');
    if (!/\n---\n[^]*Verif/.test(before) && /\n---\n[^]*Verif/.test(printed)) child.stdin.write(input);
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  child.stdin.on('error', () => undefined);
  child.once('close', () => {
    isOver = true;
  });
  await until(() => isOver || wanted.test(printed));
  child.kill('SIGKILL');
  return printed;
}

describe('openssl s_client', () => {
  it.each([
    ['-tls1_3', /SIP\/2\.0 200 OK/],
    ['-tls1_2', /SIP\/2\.0 200 OK/],
    ['-tls1_1', /alert protocol version|no protocols available/],
    ['-tls1', /alert protocol version|no protocols available/],
  ])('with %s', async (version, outcome) => {
    const args = [version, '-crlf', '-quiet', '-ign_eof', '-cipher', 'ALL:@SECLEVEL=0'];
    const port = tlsPort(await start(false));
    const printed = await openssl(
      port,
      args.filter((arg) => arg !== '-quiet'),
      options.replaceAll('\r\n', '\n'),
      outcome,
    );
    expect(printed).toMatch(outcome);
  });

  it.each([
    ['with a trusted certificate', peer, /SIP\/2\.0 200 OK/, null],
    ['without a certificate', null, /alert certificate required/, 'it has no certificate'],
  ])('%s', async (_, shown, outcome, reason) => {
    const server = await start(true);
    const args = shown === null ? [] : ['-cert', shown.cert, '-key', shown.key];
    const printed = await openssl(
      tlsPort(server),
      ['-crlf', '-ign_eof', ...args],
      options.replaceAll('\r\n', '\n'),
      outcome,
    );
    expect(printed).toMatch(outcome);
    if (reason !== null) await server.logs(reason);
  });

  it('resumes a session', async () => {
    const port = tlsPort(await start(false));
    const session = join(folder, 'session.pem');
    const first = await openssl(port, ['-tls1_2', '-sess_out', session], 'Q\n', /DONE/);
    expect(first).toMatch(/New, TLSv1\.2/);
    const second = await openssl(port, ['-tls1_2', '-sess_in', session], 'Q\n', /DONE/);
    expect(second).toMatch(/Reused, TLSv1\.2/);
  });

  it('may not renegotiate', async () => {
    const port = tlsPort(await start(false));
    const printed = await openssl(port, ['-tls1_2'], 'R\n', /no renegotiation/i);
    expect(printed).toMatch(/RENEGOTIATING[^]*no renegotiation/i);
  });
});

it('testssl.sh finds no old protocol, no weak cipher and no vulnerability', async () => {
  const port = tlsPort(await start(false));
  const report = join(folder, 'testssl.json');
  const args = [
    '--quiet',
    '--color',
    '0',
    '--warnings',
    'off',
    '--sneaky',
    '-p',
    '-s',
    '-U',
    '--jsonfile',
    report,
    `127.0.0.1:${port}`,
  ];
  const program = closeLater(launch(commandPath('testssl'), args, { env: { ...process.env, TERM: 'dumb' } }));
  await program.ended;
  const findings = JSON.parse(readFileSync(report, 'utf8')) as {
    id: string;
    severity: string;
    finding: string;
  }[];
  const of = (id: string) => findings.find((one) => one.id === id)?.finding;
  expect(of('TLS1_2')).toMatch(/^offered/);
  expect(of('TLS1_3')).toMatch(/^offered/);
  for (const id of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1']) expect(of(id)).toBe('not offered');
  const bad = findings.filter(({ severity }) => ['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'].includes(severity));
  expect(bad).toEqual([]);
}, 300_000);

describe('Kamailio', () => {
  /** A stateful, record-routing proxy that has a TLS and a UDP socket and sends everything on. */
  async function startKamailio(next: string): Promise<{ readonly udp: number; readonly tls: number }> {
    const [udp, tls] = [await freePort(), await freePort()];
    const place = temporaryFolder('kamailio-tls');
    const run = join(place, 'run');
    mkdirSync(run);
    const modules = ['tls', 'tm', 'tmx', 'rr', 'pv', 'sl', 'textops', 'siputils', 'maxfwd'];
    writeFileSync(
      join(place, 'tls.cfg'),
      `[server:default]
method = TLSv1.2+
private_key = ${peer.key}
certificate = ${peer.cert}
ca_list = ${ca}
verify_certificate = yes
require_certificate = yes
[client:default]
method = TLSv1.2+
private_key = ${peer.key}
certificate = ${peer.cert}
ca_list = ${ca}
verify_certificate = yes
require_certificate = yes
`,
    );
    const configuration = join(place, 'kamailio.cfg');
    writeFileSync(
      configuration,
      `#!KAMAILIO
debug=1
log_stderror=yes
children=2
enable_tls=yes
auto_aliases=no
listen=udp:127.0.0.1:${udp}
listen=tls:127.0.0.1:${tls}
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("tls", "config", "${join(place, 'tls.cfg')}")
request_route {
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
${inDialogs}  $du = "${next}";
  t_relay();
}
`,
    );
    const args = ['-DD', '-E', '-f', configuration, '-Y', run, '-w', run, '-m', '64', '-M', '8'];
    const program = closeLater(launch(commandPath('kamailio'), args, { cwd: place }));
    await program.prints(/Listening on/i);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // its workers start after that line
    return { udp, tls };
  }

  const calls = 20;
  const fine = { status: 0, succeeded: calls, failed: 0 };

  it.each([
    [
      'rings, is answered, is invited anew, ends',
      answeredCall({ reinvite: true }),
      answeringCallee({ reinvite: true }),
    ],
    ['is cancelled', cancelledCall(), ringingCallee()],
  ])('as the next hop over TLS: a call %s', async (_, callerScenario, calleeScenario) => {
    const callee = closeLater(await startSippCallee({ scenario: calleeScenario, calls }));
    const kamailio = await startKamailio(`sip:127.0.0.1:${callee.port}`);
    const server = await start(true, `$du = "sip:localhost:${kamailio.tls};transport=tls"; t_relay();`);
    const caller = await runSipp({ port: server.port, scenario: callerScenario, calls, rate: 20 });
    expect(caller, caller.output).toMatchObject(fine);
    const called = await callee.outcome;
    expect(called, called.output).toMatchObject(fine);
  });

  it('as the previous hop over TLS', async () => {
    const callee = closeLater(
      await startSippCallee({ scenario: answeringCallee({ reinvite: true }), calls }),
    );
    const server = await start(
      true,
      `if (!is_peer_verified()) { send_reply(403, "Not Verified"); exit; } $du = "sip:127.0.0.1:${callee.port}"; t_relay();`,
    );
    const kamailio = await startKamailio(`sip:127.0.0.1:${tlsPort(server)};transport=tls`);
    const caller = await runSipp({
      port: kamailio.udp,
      scenario: answeredCall({ reinvite: true }),
      calls,
      rate: 20,
    });
    expect(caller, caller.output).toMatchObject(fine);
    const called = await callee.outcome;
    expect(called, called.output).toMatchObject(fine);
  });
});

describe('baresip', () => {
  /** Ten seconds of 16 bits at 8 kHz. */
  const samples = Buffer.alloc(160_000);
  const header = Buffer.from('RIFF....WAVEfmt ....................data....', 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // one channel
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.writeUInt32LE(samples.length, 40);
  const silence = join(folder, 'silence.wav');
  writeFileSync(silence, Buffer.concat([header, samples]));

  /** A phone that registers with siprest over TLS, and answers calls by itself. */
  async function startPhone(user: string, port: number, commands: readonly string[] = []) {
    const place = temporaryFolder(`baresip-${user}`);
    writeFileSync(
      join(place, 'config'),
      `module_path /usr/lib/baresip/modules
sip_listen 127.0.0.1:${await freePort()}
sip_cafile ${ca}
sip_certificate ${file(`${user}-both.pem`, readFileSync(peer.cert, 'utf8') + readFileSync(peer.key, 'utf8'))}
audio_source aufile,${silence}
audio_player aufile,${join(place, 'heard.wav')}
audio_alert aufile,${join(place, 'alert.wav')}
module g711.so
module aufile.so
module_app account.so
module_app menu.so
`,
    );
    writeFileSync(
      join(place, 'accounts'),
      `<sip:${user}@127.0.0.1:${port};transport=tls>;regint=60;answermode=auto;auth_pass=none\n`,
    );
    writeFileSync(join(place, 'contacts'), '');
    const args = ['-f', place, '-v', ...commands.flatMap((command) => ['-e', command])];
    return closeLater(launch(commandPath('baresip'), args, { cwd: place }));
  }

  it('registers over TLS, and calls another over TLS', async () => {
    const server = await start(
      false,
      `if (is_method("REGISTER")) { save("location"); exit; }
       if (is_method("INVITE")) xlog("$fU calls $rU over $tls_version");
       if (!lookup("location")) { send_reply(404, "Not Found"); exit; }
       t_relay();`,
      'loadmodule "usrloc.so"\nloadmodule "registrar.so"\nxlog_level=3\n',
    );
    const port = tlsPort(server);
    const bob = await startPhone('bob', port);
    await bob.prints(/200 OK/);
    const alice = await startPhone('alice', port, [`/dial sip:bob@127.0.0.1:${port};transport=tls`]);
    await alice.prints(/Call established/);
    await bob.prints(/Call established/);
    await server.logs('alice calls bob over TLSv1.');
  });
});
