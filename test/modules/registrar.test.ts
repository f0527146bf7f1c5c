/** What the scenarios of registrar and nathelper leave out: hostile input, flags of older versions, several addresses. */
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../src/workers/load-script.ts';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';

const modules = ['usrloc', 'registrar', 'nathelper', 'sipmsgops'];

const register = (
  contacts: readonly string[],
  more = '',
  to = '<sip:bob@example.com>',
) => `REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK77;rport
From: <sip:bob@example.com>;tag=f1
To: ${to}
Call-ID: r1
CSeq: 17 REGISTER
Max-Forwards: 70
${contacts.map((one) => `Contact: ${one}\n`).join('')}${more}Content-Length: 0

`;

async function saved(request: string, body = '', rest = '', flags = '') {
  const script = `save("location", "${flags}"); xlog("$rc"); ${body}`;
  const { prints, sent } = await runScript(script, { modules, rest, request });
  return { prints, reply: sent.at(-1) ?? '' };
}

const contactOf = (reply: string) => /^Contact: (.*)\r$/m.exec(reply)?.[1] ?? null;

describe('save()', () => {
  test.each([
    ['18446744073709551616', '2147483647'],
    ['99999999999999999999999999999', '2147483647'],
    ['abc', '3600'],
    ['-1', '3600'],
    ['1', '60'],
  ])('an expiry of %s is %s', async (text, expected) => {
    const { reply } = await saved(register([`<sip:bob@192.0.2.7>;expires=${text}`]));
    expect(contactOf(reply)).toBe(`<sip:bob@192.0.2.7>;expires=${expected}`);
  });

  test.each([
    [['<sip:bob@192.0.2.7'], 400],
    [['<mailto:bob@example.com>'], 400],
    [[`<sip:${'b'.repeat(300)}@192.0.2.7>`], 400],
    [['*', '*'], 400],
    [['<sip:bob@192.0.2.7>;q=1.5'], 400],
  ])('%j is answered with %i', async (contacts, status) => {
    const { reply, prints } = await saved(register(contacts));
    expect(reply).toMatch(new RegExp(`^SIP/2.0 ${status} [^]*\r\nP-Registrar-Error: `));
    expect(prints).toEqual(['-2']);
  });

  test('one refused contact changes nothing', async () => {
    const body = 'if (is_registered("location", "sip:bob@example.com")) xlog("registered");';
    const { prints } = await saved(register(['<sip:bob@192.0.2.7>', '<sip:bob@192.0.2.8>;q=9']), body);
    expect(prints).toEqual(['-2']);
  });

  test('contacts beyond the limit are refused, with older flags too', async () => {
    const many = Array.from({ length: 20 }, (_, i) => `<sip:bob@192.0.2.${i}>`);
    const { reply } = await saved(register(many), '', '', 'c5');
    expect(reply).toMatch(/^SIP\/2\.0 503 /);
    expect(contactOf((await saved(register(many), '', '', 'c2f')).reply)?.split(', ')).toHaveLength(2);
  });

  test('path-strict without Path support saves nothing', async () => {
    const request = register(['<sip:bob@192.0.2.7>'], 'Path: <sip:192.0.2.1;lr>\n');
    const { reply, prints } = await saved(
      request,
      'is_registered("location"); xlog("$rc");',
      '',
      'path-strict',
    );
    expect(reply).toMatch(/^SIP\/2\.0 420 Bad Extension[^]*Unsupported: path\r\nPath: <sip:192\.0\.2\.1;lr>/);
    expect(prints).toEqual(['-2', '-1']);
  });

  test('the contact changed by fix_nated_contact() is saved', async () => {
    const request = register(['"B" <sip:bob@10.0.0.9;ob>;expires=70']);
    const { sent } = await runScript('fix_nated_contact(";nat=yes"); save("location");', {
      modules,
      request,
    });
    expect(contactOf(sent.at(-1) ?? '')).toMatch(/^<sip:bob@[\d.]+:\d+;nat=yes;ob>;expires=70$/);
  });

  test('lookup() puts the Path before the contact', async () => {
    const request = register(['<sip:bob@192.0.2.7>'], 'Path: <sip:192.0.2.1;lr>, <sip:192.0.2.2;lr>\n');
    const { prints } = await saved(
      request,
      'lookup("location", , "sip:bob@example.com"); xlog("$rc $ru $du $(msg.branch.path[0])");',
      '',
      'p0',
    );
    expect(prints).toEqual([
      '1',
      '1 sip:bob@192.0.2.7 sip:192.0.2.1;lr <sip:192.0.2.1;lr>, <sip:192.0.2.2;lr>',
    ]);
  });

  test('an invented GRUU finds nobody', async () => {
    const body = `lookup("location", , "sip:tgruu.AAAA@example.com;gr"); xlog("$rc");
      lookup("location", , "sip:tgruu.${'A'.repeat(200)}@example.com;gr"); xlog("$rc");`;
    const { prints } = await saved(register(['<sip:bob@192.0.2.7>']), body);
    expect(prints).toEqual(['1', '-1', '-1']);
  });
});

describe('flags', () => {
  const errors = (call: string) =>
    loadScript(
      `loadmodule "usrloc.so"\nloadmodule "registrar.so"\nloadmodule "nathelper.so"\nroute { ${call} }`,
    )
      .diagnostics.filter(({ severity }) => severity === 'error')
      .map(({ message }) => message);

  test.each([
    'save("location", "c1"); save("location", "mc5p2v"); save("location", "no-reply, max-contacts=3");',
    'lookup("location", "m"); lookup("location", "no-branches,ua-filtering=/x/");',
    'nat_uac_test("19"); nat_uac_test(3); nat_uac_test("private-contact, private-via");',
    'fix_nated_sdp("3"); fix_nated_sdp("rewrite-media-ip");',
  ])('%s', (calls) => {
    expect(errors(calls)).toEqual([]);
  });

  test.each([
    ['save("location", "max-contacts");', 'max-contacts'],
    ['save("location", "forced");', 'forced'],
    ['nat_uac_test("private-contact,public-via");', 'public-via'],
    ['lookup("location", "zz");', 'zz'],
  ])('%s is refused before the start', (call, flag) => {
    expect(errors(call)).toEqual([expect.stringContaining(`has the invalid flag "${flag}"`)]);
  });
});

test('numeric flags of older versions mean the same', async () => {
  const { prints } = await runScript(
    'nat_uac_test("1"); xlog("$rc"); nat_uac_test(64); xlog("$rc"); nat_uac_test("0"); xlog("$rc");',
    { modules, request: sampleRequest.replace('sip:alice@192.0.2.7:5062', 'sip:alice@10.1.2.3:5062') },
  );
  expect(prints.map((one) => one === '1')).toEqual([true, expect.any(Boolean), false]);
});

describe('hostile registrations', () => {
  test('contacts by the thousand of one user are refused beyond 1,000, and older ones go if the script says so', async () => {
    const contacts = (from: number) =>
      Array.from({ length: 900 }, (_, i) => `<sip:b${from + i}@192.0.2.7>`).join(', ');
    const body = `$var(i) = 0;
      save("location", "no-reply", "sip:bob@example.com"); xlog("$rc");
      save("location", "no-reply, matching-mode=1", "sip:carol@example.com"); xlog("$rc");`;
    const { prints } = await runScript(body, { modules, request: register([contacts(0)]) });
    expect(prints).toEqual(['1', '1']);
    const many = register([contacts(0), contacts(1000)]);
    expect((await saved(many)).reply).toMatch(
      /^SIP\/2\.0 503 [^]*\r\nP-Registrar-Error: Too many registered contacts\r\n/,
    );
    const forced = await saved(many, '', '', 'force-registration, max-contacts=100000');
    expect(contactOf(forced.reply)?.split(', ')).toHaveLength(1000);
  });

  test.each([
    ['Path', `Path: <sip:192.0.2.1;x=${'y'.repeat(60_000)};lr>\n`, 'Path too long', 'path-off'],
    [
      'instance',
      '',
      'Contact instance too long',
      '',
      [`<sip:bob@192.0.2.7>;+sip.instance="<${'u'.repeat(60_000)}>"`],
    ],
  ])('a %s of 60 KB is refused', async (_, lines, why, flags, contacts = ['<sip:bob@192.0.2.7>']) => {
    const { reply, prints } = await saved(register(contacts, lines), '', '', flags);
    expect(reply).toMatch(new RegExp(`^SIP/2.0 400 [^]*P-Registrar-Error: ${why}\r\n`));
    expect(prints).toEqual(['-2']);
  });

  test('a User-Agent and an Allow of 60 KB are cut, and the contact is found', async () => {
    const lines = `User-Agent: ${'a'.repeat(20_000)}\nAllow: ${Array.from({ length: 5000 }, (_, i) => `M${i}`).join(', ')}\n`;
    const body = 'lookup("location", , "sip:bob@example.com"); xlog("$rc");';
    expect((await saved(register(['<sip:bob@192.0.2.7>'], lines), body)).prints).toEqual(['1', '1']);
  });
});
