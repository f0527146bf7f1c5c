import { describe, expect, test } from 'vitest';
import { applyEdits, edits } from '../../src/runtime/edits.ts';
import { runScript, type ScriptOptions, wire } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';

const modules = ['sipmsgops'];

/** What `condition` gives as a return code. */
async function code(call: string, options: ScriptOptions = {}): Promise<string> {
  const { prints, log } = await runScript(`${call};\nxlog("$rc");`, { modules, ...options });
  return prints.join() || log.join('\n');
}

/** The request as it would be sent on. */
async function sentOn(body: string, options: ScriptOptions = {}): Promise<string> {
  const { request } = await runScript(body, { modules, ...options });
  if (request?.message == null) throw new Error('no request');
  return applyEdits(request.message, request.state(edits));
}

const head = (text: string) => text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');

describe('headers', () => {
  test('are added where the script says', async () => {
    const lines = head(
      await sentOn(`
        append_hf("X-Last: $fU\\r\\n");
        append_hf("X-After: 1\\r\\nX-After: 2\\r\\n", "f");
        insert_hf("X-First: 1\\r\\n");
        insert_hf("X-Before: 1\\r\\n", "Call-ID");
        append_urihf("X-Was: <", ">\\r\\n");`),
    );
    expect(lines[1]).toBe('X-First: 1');
    const from = lines.findIndex((line) => line.startsWith('From:'));
    expect(lines.slice(from + 1, from + 3)).toEqual(['X-After: 1', 'X-After: 2']);
    expect(lines[lines.indexOf('X-Before: 1') + 1]).toMatch(/^Call-ID/);
    expect(lines.slice(-2)).toEqual([
      'X-Last: alice',
      'X-Was: <sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone>',
    ]);
  });

  test.each([
    ['append_hf("no header")', '-1'],
    ['append_hf("X: 1\\r\\n\\r\\nINVITE sip:evil@x SIP/2.0\\r\\n")', '-1'],
    ['append_hf("Content-Length: 0\\r\\n")', '-1'],
    ['append_hf("X: 1\\r\\n", "None")', '1'],
    ['remove_hf("User-Agent")', '1'],
    ['remove_hf("s")', '1'],
    ['remove_hf("None")', '-1'],
    ['remove_hf("^X-P.+e", "r")', '1'],
    ['remove_hf("^Q", "r")', '-1'],
    ['remove_hf("X-P*", "g")', '1'],
    ['remove_hf("x-p*")', '-1'],
    ['remove_hf_re("^X-P.+e$")', '1'],
    ['remove_hf_re("^Q")', '-1'],
    ['remove_hf_glob("X-P*")', '1'],
    ['remove_hf_glob("x-p*")', '-1'],
    ['remove_hf_glob("y*")', '-1'],
  ])('%s returns %s', async (call, expected) => {
    expect((await code(call)).split('\n').at(-1)).toMatch(new RegExp(`(?:^|[^-])${expected}$`));
  });

  test('are removed from the forwarded request, but still visible to the script', async () => {
    const text = await sentOn('remove_hf("User-Agent"); remove_hf_glob("X-*"); remove_hf("v");');
    expect(text).not.toMatch(/^(?:User-Agent|X-|Via)/im);
    expect(text).toMatch(/^Subject: lunch\r$/m);
    const { prints } = await runScript('remove_hf("User-Agent"); xlog("$ua");', { modules });
    expect(prints).toEqual(['phone/1.0']);
  });

  test('matching a pattern are collected', async () => {
    const { prints } = await runScript(
      'get_glob_headers_values("X-*", $avp(n), $avp(v)); xlog("$rc $(avp(n)[*]) $(avp(v)[*])");',
      { modules },
    );
    expect(prints).toEqual(['1 X-Plan, X-Price gold, 10']);
  });

  test('as JSON', async () => {
    const { prints } = await runScript('sip_to_json($var(j)); xlog("$var(j)");', { modules });
    const json = JSON.parse(prints[0] ?? '');
    expect(json.first_line).toMatch(/^INVITE sip:\S+ SIP\/2.0\r\n$/);
    expect(json.headers['Via']).toHaveLength(2);
    expect(json.headers['Subject']).toEqual(['lunch']);
    expect(json.body).toMatch(/^v=0\r\n/);
  });
});

describe('options in lists', () => {
  test.each([
    ['b', 'a, c , d'],
    ['a', 'b,c , d'],
    ['d', 'a, b,c'],
    ['c', 'a, b, d'],
  ])('%s goes, and the others stay as they are written', async (option, left) => {
    const request = sampleRequest.replace(/^(?:Supported|k):.*$/im, 'Supported: a, b,c , d');
    const text = await sentOn(`list_hdr_remove_option("Supported", "${option}");`, { request });
    expect(/^Supported: (.*)\r$/m.exec(text)?.[1]).toBe(left);
  });

  test('can be queried, added and removed repeatedly', async () => {
    const text = await sentOn(`
      list_hdr_remove_option("Supported", "100REL");
      list_hdr_add_option("Supported", "path");
      list_hdr_add_option("k", "gruu");`);
    expect(text).toMatch(/^Supported: timer,path,gruu\r$/m);
    expect(
      await sentOn(
        'list_hdr_remove_option("Supported", "timer"); list_hdr_remove_option("Supported", "100rel");',
      ),
    ).not.toMatch(/^Supported/m);
  });

  test.each([
    ['list_hdr_has_option("Supported", "TIMER")', '1'],
    ['list_hdr_has_option("Supported", "time")', '-1'],
    ['list_hdr_add_option("Require", "path")', '-1'],
    ['list_hdr_remove_option("Supported", "path")', '-1'],
  ])('%s returns %s', async (call, expected) => {
    expect(await code(call)).toBe(expected);
  });
});

describe('questions', () => {
  test.each([
    ['is_method("INVITE")', '1'],
    ['is_method("REGISTER|invite")', '1'],
    ['is_method("INVITED")', '-1'],
    ['is_present_hf("s")', '1'],
    ['is_present_hf("X-None")', '-1'],
    ['has_totag()', '-1'],
    ['is_privacy("ID")', '1'],
    ['is_privacy("user")', '-1'],
    ['has_body_part()', '1'],
    ['has_body_part("application/SDP")', '1'],
    ['has_body_part("text/plain")', '-1'],
    ['is_uri_user_e164("sip:+15551234@x")', '1'],
    ['is_uri_user_e164($fu)', '-1'],
    ['ruri_has_param("user", "phone")', '1'],
    ['ruri_has_param("user")', '-1'],
    ['ruri_has_param("lr")', '-1'],
    ['codec_exists("pcmu")', '1'],
    ['codec_exists("telephone-event", "8000")', '1'],
    ['codec_exists("pcmu", "16000")', '-1'],
    ['codec_exists_re("^pcm[au]$")', '1'],
    ['codec_exists_re("opus")', '-1'],
    ['stream_exists("audio")', '1'],
    ['stream_exists("audio", "SAVP")', '-1'],
    ['stream_delete("video")', '-1'],
    ['is_audio_on_hold()', '-1'],
  ])('%s returns %s', async (call, expected) => {
    expect(await code(call)).toBe(expected);
  });

  test.each([
    ['c=IN IP4 0.0.0.0', '1'],
    ['a=sendonly', '2'],
    ['a=inactive', '2'],
    ['a=recvonly', '-1'],
  ])('is_audio_on_hold() with %s returns %s', async (line, expected) => {
    const request = line.startsWith('c=')
      ? sampleRequest.replace(/^c=.*$/m, line)
      : sampleRequest.replace('a=sendrecv', line);
    expect(await code('is_audio_on_hold()', { request })).toBe(expected);
  });
});

describe('the request URI', () => {
  test.each([
    [
      'ruri_add_param("nat=yes")',
      '-1 sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone;nat=yes',
    ],
    ['ruri_add_param("")', '1 sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone'],
    ['ruri_del_param("")', '1 sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone'],
    ['ruri_del_param("transport")', '1 sip:+15551234;day=mon@biloxi.example:5080;user=phone'],
    ['ruri_del_param("lr")', '-1 sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone'],
    ['ruri_tel2sip()', '1 sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone'],
  ])('%s', async (call, expected) => {
    const { prints } = await runScript(`${call}; xlog("$rc $ru");`, { modules });
    expect(prints).toEqual([expected]);
  });

  test("of a TEL URI gets the caller's host", async () => {
    const request = sampleRequest.replace(/^INVITE \S+/, 'INVITE tel:+1-555-1234;phone-context=x');
    const { prints } = await runScript('ruri_tel2sip(); xlog("$rc $ru");', { modules, request });
    expect(prints).toEqual(['1 sip:+15551234;phone-context=x@atlanta.example;user=phone']);
  });
});

describe('codecs and streams', () => {
  const formats = (text: string) => /^m=audio .*$/m.exec(text)?.[0].trimEnd();

  test.each([
    ['codec_delete("pcmu");', 'm=audio 4000 RTP/AVP 8 101'],
    ['codec_delete_re("^pcm");', 'm=audio 4000 RTP/AVP 101'],
    ['codec_delete_except_re("PCMA|PCMU");', 'm=audio 4000 RTP/AVP 0 8'],
    ['codec_move_up("PCMA");', 'm=audio 4000 RTP/AVP 8 0 101'],
    ['codec_move_down_re("pcm.");', 'm=audio 4000 RTP/AVP 101 0 8'],
    ['codec_delete_re(".");', 'm=audio 0 RTP/AVP 0 8 101'],
  ])('%s makes %s', async (call, expected) => {
    expect(formats(await sentOn(call))).toBe(expected);
  });

  test('a deleted codec leaves no attributes behind, and later calls see the change', async () => {
    const text = await sentOn(
      'codec_delete("telephone-event"); if (codec_exists("telephone-event")) exit; append_hf("X-Gone: 1\\r\\n");',
    );
    expect(text).not.toMatch(/[ :]101[ \r](?!\nX)/);
    expect(text).toMatch(/^X-Gone: 1\r$/m);
    const length = Number(/^Content-Length: (\d+)\r$/m.exec(text)?.[1]);
    expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(length);
  });

  test('a stream is deleted with all its lines', async () => {
    const request = `${sampleRequest}m=video 4002 RTP/AVP 31\na=rtpmap:31 H261/90000\n`;
    const text = await sentOn('stream_delete("vid.*");', { request });
    expect(text).not.toMatch(/video|H261/);
    expect(text).toMatch(/^m=audio/m);
  });
});

describe('body parts', () => {
  test('are joined into a multipart body and extracted from it', async () => {
    const { prints, request } = await runScript(
      `add_body_part("Hello World!", "text/plain", "X-Part: 1\\r\\n");
       xlog("$rc");
       get_updated_body_part("text/plain", $var(p));
       xlog("$var(p)");
       xlog("$cT");
       remove_body_part("application/sdp");
       get_updated_body_part($var(all));
       xlog("$var(all)");`,
      { modules },
    );
    expect(prints).toEqual(['1', 'Hello World!', 'application/sdp', 'Hello World!']);
    if (request?.message == null) throw new Error('no request');
    expect(applyEdits(request.message, request.state(edits))).toMatch(
      /Content-Type: text\/plain\r\nContent-Length: 12\r\n\r\nHello World!$/,
    );
    const both = await sentOn('add_body_part("Hello World!", "text/plain", "X-Part: 1\\r\\n");');
    const boundary = /^Content-Type: multipart\/mixed;boundary=(.+)\r$/m.exec(both)?.[1];
    expect(both).toContain(
      `--${boundary}\r\nContent-Type: text/plain\r\nX-Part: 1\r\n\r\nHello World!\r\n--${boundary}--\r\n`,
    );
  });

  test('the whole body is deleted, with its type', async () => {
    const text = await sentOn('remove_body_part();');
    expect(text).toMatch(/^Content-Length: 0\r\n\r\n$/m);
    expect(text).not.toMatch(/Content-Type/);
    expect(await code('remove_body_part("text/plain")')).toBe('-1');
  });

  test('all but those of a type are deleted', async () => {
    expect(
      await sentOn('add_body_part("x", "text/plain"); remove_body_part("text/plain", "revert");'),
    ).toMatch(/Content-Type: text\/plain\r\nContent-Length: 1\r\n\r\nx$/);
  });
});

describe('replies', () => {
  test('get a Date header', async () => {
    const { sent } = await runScript('append_time(); send_reply(200, "OK");', {
      modules: [...modules, 'signaling', 'sl'],
    });
    expect(sent[0]).toMatch(
      /^Date: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r$/m,
    );
  });
});

describe('sipmsg_validate()', () => {
  const without = (header: string) => sampleRequest.replace(new RegExp(`^${header}:.*\n`, 'm'), '');
  const valid = without('Path');
  test.each([
    ['a valid one', valid, 'shrftc', '1'],
    ['one without Max-Forwards', valid.replace(/^Max-F.*\n/m, ''), 'h', '-13'],
    ['one without Max-Forwards where it may be missing', valid.replace(/^Max-F.*\n/m, ''), 'm', '1'],
    ['one without Contact', valid.replace(/^Contact.*\n/m, ''), '', '-14'],
    ['a Path in an INVITE', sampleRequest, '', '-15'],
    ['one without Content-Type', valid.replace(/^Content-Type.*\n/m, ''), '', '-21'],
    ['a broken description', valid.replace('v=0\n', ''), 's', '-6'],
    ['a broken description that is not looked at', valid.replace('v=0\n', ''), '', '1'],
    ['a request URI of another kind', valid.replace(/^INVITE \S+/, 'INVITE http:x'), 'r', '-11'],
    ['a bad user in From', valid.replace('sip:alice@at', 'sip:al|ce@at'), 'f', '-28'],
    ['a To that is not a SIP URI', valid.replace('sip:bob@biloxi.example>', 'mailto:bob>'), 't', '-22'],
    ['a Contact of *', valid.replace(/^Contact.*$/m, 'Contact: *'), 'c', '-30'],
  ])('%s', async (_, request, flags, expected) => {
    const { prints } = await runScript(`sipmsg_validate("${flags}", $var(why)); xlog("$rc");`, {
      modules,
      request,
    });
    expect(prints).toEqual([expected]);
  });

  test('reports the reason', async () => {
    const { prints } = await runScript('sipmsg_validate("h", $var(why)); xlog("$var(why)");', { modules });
    expect(prints).toEqual(['a Path header in a request other than REGISTER']);
  });

  test('detects a wrong Content-Length', async () => {
    const request = `${wire(valid)}trailing`;
    const { prints } = await runScript('sipmsg_validate(); xlog("$rc");', {
      modules,
      request: request.replaceAll('\r', '').replace('Content-Length', 'content-length '),
    });
    expect(prints).toEqual(['-5']);
  });
});
