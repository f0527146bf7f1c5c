import { describe, expect, it } from 'vitest';
import { runScript } from '../support/run-script.ts';

const offer = `v=0
o=- 20 1 IN IP4 198.51.100.4
s=-
c=IN IP4 198.51.100.4
t=0 0
m=audio 30000 RTP/AVP 0 96
a=rtpmap:96 opus/48000/2
a=fmtp:96 useinbandfec=1; stereo=1
a=ptime:20
m=video 30002 RTP/SAVP 97
a=rtpmap:97 H264/90000
a=fmtp:97 packetization-mode=0
m=audio 30004 RTP/AVP 8
a=ptime:30
`;
const call = (body = offer, type = 'application/sdp') => `INVITE sip:bob@biloxi.example SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKsdp;rport
From: <sip:alice@atlanta.example>;tag=f1
To: <sip:bob@biloxi.example>
Call-ID: sdp@atlanta.example
CSeq: 1 INVITE
Content-Type: ${type}
Content-Length: 0

${body}`;

/** What `$(x)` of each of these prints. */
async function read(...variables: readonly string[]): Promise<readonly string[]> {
  const body = variables.map((one) => `xlog("${one}");`).join('\n');
  const { prints } = await runScript(body, { request: call() });
  return prints;
}

/** `$sdp` after these statements, its lines. */
async function changed(statements: string, request = call()): Promise<readonly string[]> {
  const { prints } = await runScript(`${statements}\nxlog("$sdp");`, { request });
  return (prints.at(-1) ?? '').split(/[\r\n]+/).filter(Boolean);
}

const lines = offer.split('\n').slice(0, -1);

describe('$sdp.line', () => {
  it('is the line with an index, or one of several with the same prefix', async () => {
    expect(
      await read('$sdp.line([1])', '$sdp.line([14])', '$sdp.line(a=ptime[1])', '$sdp.line(a=[-1])'),
    ).toEqual([lines[1], '<null>', 'a=ptime:30', 'a=ptime:30']);
  });

  it('is a word of a line, without an index of the first line that has it', async () => {
    expect(
      await read(
        '$sdp.line(m=audio[1]/[0])',
        '$sdp.line(m=audio[1]/[1])',
        '$sdp.line(m=video/RTP\\/)',
        '$sdp.line(a=fmtp/packetization-mode=)',
        '$sdp.line(a=fmtp[0]/packetization-mode=)',
        '$sdp.line(a=fmtp/useinbandfec=)',
      ),
    ).toEqual(['audio', '30004', 'RTP/SAVP', 'packetization-mode=0', '<null>', 'useinbandfec=1']);
  });

  it('matches the filter with its blanks, and any other name without them', async () => {
    expect(
      await read('$sdp.line(a=rtpmap:9 )', '$sdp.line(a=rtpmap:96 )', '$sdp.line(a=fmtp:97/packet )'),
    ).toEqual(['<null>', 'a=rtpmap:96 opus/48000/2', '<null>']);
    const { prints } = await runScript('$var(x) = "1"; xlog("$var( x ) $(var( x ))");');
    expect(prints).toEqual(['1 1']);
  });

  it('accepts variables in its filter', async () => {
    const { prints } = await runScript(
      '$var(i) = 1; $var(p) = "a=ptime"; xlog("$sdp.line($var(p)[$var(i)])");',
      { request: call() },
    );
    expect(prints).toEqual(['a=ptime:30']);
  });

  it('changes the value and keeps the prefix', async () => {
    expect(await changed('$sdp.line([3]) = "c=IN IP4 203.0.113.1";')).toEqual(
      lines.with(3, 'c=IN IP4 203.0.113.1'),
    );
    expect(await changed('$sdp.line(a=fmtp/stereo=) = 0;')).toEqual(
      lines.with(7, 'a=fmtp:96 useinbandfec=1; stereo=0'),
    );
    expect(await changed('$sdp.line(a=ptime:/[0]) = 40;')).toEqual(lines.with(8, 'a=ptime:40'));
    expect(await changed('$sdp.line(m=audio/[1]) = 0;')).toEqual(lines.with(5, 'm=audio 0 RTP/AVP 0 96'));
  });

  it('inserts lines next to others, and removes them', async () => {
    expect(await changed('$(sdp.line([3])[insert]) = "i=call";')).toEqual(lines.toSpliced(3, 0, 'i=call'));
    expect(await changed('$(sdp.line(a=ptime)[insertAfter]) = "a=maxptime:60";')).toEqual(
      lines.toSpliced(9, 0, 'a=maxptime:60'),
    );
    expect(await changed('$sdp.line(a=rtpmap[1]) = NULL;')).toEqual(lines.toSpliced(10, 1));
  });

  it('logs if there is nothing to change', async () => {
    const { log } = await runScript('$sdp.line(a=none) = "a=some";', { request: call() });
    expect(log.join()).toContain('$sdp.line: the session description has no such line');
  });
});

describe('$sdp.session and $sdp.stream', () => {
  it('look only into their part', async () => {
    expect(await read('$sdp.session(c=/[2])', '$sdp.session(a=)', '$sdp.session([4])')).toEqual([
      '198.51.100.4',
      '<null>',
      't=0 0',
    ]);
    expect(
      await read(
        '$sdp.stream(video)',
        '$sdp.stream([2])',
        '$sdp.stream(audio[1]/a=ptime)',
        '$sdp.stream(a[1]/[1])',
        '$sdp.stream(video/a=ptime)',
        '$sdp.stream(video[1])',
      ),
    ).toEqual([
      'm=video 30002 RTP/SAVP 97',
      'm=audio 30004 RTP/AVP 8',
      'a=ptime:30',
      'a=ptime:30',
      '<null>',
      '<null>',
    ]);
  });

  it('change one stream', async () => {
    expect(await changed('$sdp.stream(audio[1]/a=ptime:/[0]) = 10;')).toEqual(lines.with(13, 'a=ptime:10'));
  });

  it('return the index of a line', async () => {
    expect(
      await read('$sdp.stream.idx(video/a=fmtp/packetization-mode=)', '$sdp.stream.idx(video/a=x)'),
    ).toEqual(['11', '<null>']);
  });
});

describe('$sdp', () => {
  it('is set and removed as a whole, and $rb follows', async () => {
    const { prints } = await runScript(
      '$sdp = "v=0\\r\\n"; xlog("$rb(application/sdp){}"); $sdp = NULL; xlog("$rb $sdp");',
      { request: call() },
    );
    expect(prints).toEqual(['v=0\r\n{}', '<null> <null>']);
  });

  it('is null for another type of body', async () => {
    const { prints } = await runScript('xlog("$sdp $sdp.line([0])");', {
      request: call('hello', 'text/plain'),
    });
    expect(prints).toEqual(['<null> <null>']);
  });

  it('is one part of several', async () => {
    const body = `--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\nContent-Type: application/sdp\r\n\r\n${offer}\r\n--x--\r\n`;
    const { prints } = await runScript('$sdp.session(s=/[0]) = "call"; xlog("$(rb[0]) $sdp.line([2])");', {
      request: call(body, 'multipart/mixed;boundary=x'),
    });
    expect(prints).toEqual(['hi s=call']);
  });

  it.each([
    ['$sdp.line(a/b/c)', 'too many slashes'],
    ['$(sdp.line(a=)[1])', 'the index belongs inside the parentheses'],
  ])('%s is an error that check names', async (variable, message) => {
    await expect(runScript(`xlog("${variable}");`)).rejects.toThrow(message);
  });
});
