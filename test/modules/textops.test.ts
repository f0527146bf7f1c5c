import { describe, expect, test } from 'vitest';
import { applyEdits, edits } from '../../src/runtime/edits.ts';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';

const modules = ['textops'];

async function sentOn(body: string, request = sampleRequest): Promise<string> {
  const outcome = await runScript(body, { modules, request });
  if (outcome.request?.message == null) throw new Error('no request');
  return applyEdits(outcome.request.message, outcome.request.state(edits));
}

test.each([
  ['search("^subject: LUNCH")', '1'],
  ['search("(From|f):.*@atlanta")', '1'],
  ['search("Subject.*User-Agent")', '-1'],
  ['search_body("PCMU|telephone")', '1'],
  ['search_body("Subject")', '-1'],
  ['replace("no such text", "x")', '-1'],
  ['replace_body("Subject", "x")', '-1'],
  ['subst("/nothing here/x/")', '-1'],
  ['subst("nothing")', '-1'],
  ['subst_user("/^9/8/")', '-1'],
  ['subst_uri("/^sip:.*$/no URI/")', '-1'],
])('%s returns %s', async (call, expected) => {
  const { prints } = await runScript(`${call}; xlog("$rc");`, { modules });
  expect(prints).toEqual([expected]);
});

describe('replacing', () => {
  test('the first match, all matches, and after a match', async () => {
    const text = await sentOn(`
      replace("lunch", "dinner");
      replace_all("x-", "Y-");
      search_append("phone/1\\.0", " (siprest)");`);
    expect(text).toMatch(/^Subject: dinner\r$/m);
    expect(text).toMatch(/^Y-Price: 10\r\nY-Plan: gold\r$/m);
    expect(text).toMatch(/^User-Agent: phone\/1\.0 \(siprest\)\r$/m);
  });

  test('in the body, with a new Content-Length', async () => {
    const text = await sentOn(
      'replace_body_all("192\\.0\\.2\\.7", "203.0.113.9"); search_append_body("s=-", "x");',
    );
    expect(text).toMatch(/^o=- 1 1 IN IP4 203\.0\.113\.9\r\ns=-x\r\nc=IN IP4 203\.0\.113\.9\r$/m);
    expect(text).toMatch(/^Via: SIP\/2\.0\/UDP 192\.0\.2\.7/m);
    const end = text.indexOf('\r\n\r\n');
    expect(Number(/^Content-Length: (\d+)/m.exec(text)?.[1])).toBe(text.length - end - 4);
  });

  test('line by line, or in the body as a whole', async () => {
    expect(await sentOn('replace_body_all("^.+$", "x");')).toMatch(/\r\n\r\n(?:x\n){9}$/);
    expect(await sentOn('replace_body_atonce("^.+$", "");')).toMatch(/\r\nContent-Length: 0\r\n\r\n$/);
  });

  test('in the whole message reaches headers and body', async () => {
    const text = await sentOn('replace_all("192.0.2.7", "10.0.0.1");');
    expect(text).not.toContain('192.0.2.7');
    expect(text.match(/10\.0\.0\.1/g)).toHaveLength(4);
  });

  test('does not change what the script reads', async () => {
    const { prints } = await runScript('replace("lunch", "dinner"); xlog("$hdr(Subject)");', { modules });
    expect(prints).toEqual(['lunch']);
  });
});

describe('substitutions', () => {
  test('in the message, with groups and variables', async () => {
    const text = await sentOn(`
      $avp(to) = "carol";
      subst('/^To:(.*)sip:[^@]*@([a-zA-Z0-9.]+)(.*)$/t:\\1sip:$avp(to)@\\2\\3/ig');
      subst_body("/^o=([^ ]*) /o=$fU /");`);
    expect(text).toMatch(/^t: Bob <sip:carol@biloxi\.example>\r$/m);
    expect(text).toMatch(/^o=alice 1 1/m);
  });

  test('of the URI and its user take effect at once', async () => {
    const { prints } = await runScript(
      `subst_user('/^\\+1([0-9]+).*$/\\1/');
       xlog("$rc $rU");
       subst_uri('/^sip:([0-9]+)@(.*)$/sip:3463\\1@\\2;orig_uri=\\1/i');
       xlog("$rc $ru");`,
      { modules },
    );
    expect(prints).toEqual([
      '1 5551234',
      '1 sip:34635551234@biloxi.example:5080;transport=udp;user=phone;orig_uri=5551234',
    ]);
  });
});
