import { describe, expect, test } from 'vitest';
import type { Run } from '../../../src/runtime/run.ts';
import { runScript } from '../../support/run-script.ts';
import { transform } from './transform.ts';

const run = {} as Run;
const session = 'v=0\r\nc=IN IP4 192.0.2.1\r\n';
const audio = 'm=audio 30000 RTP/AVP 8\r\na=ptime:20\r\n';
const video = 'm=video 30002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n';
const second = 'm=audio 30004 RTP/AVP 0\r\na=ptime:30\r\n';
const offer = session + audio + video + second;

describe('{sdp}', () => {
  test.each([
    ['{sdp.line,c}', 'c=IN IP4 192.0.2.1'],
    ['{sdp.line,m,1}', 'm=video 30002 RTP/AVP 97'],
    ['{sdp.line,a,-1}', 'a=ptime:30'],
    ['{sdp.line,a,3}', null],
    ['{sdp.line,b}', null],
    ['{sdp.stream,0}', audio],
    ['{sdp.stream,-1}', second],
    ['{sdp.stream,3}', null],
    ['{sdp.stream,video}', video],
    ['{sdp.stream,audio}', audio],
    ['{sdp.stream,image}', null],
    ['{sdp.stream-delete,1}', session + audio + second],
    ['{sdp.stream-delete,audio}', session + video],
    ['{sdp.stream-delete,image}', null],
    ['{sdp.stream-delete,-4}', null],
  ])('%s', (written, expected) => {
    expect(transform(offer, written, run)).toBe(expected);
  });

  test('an invalid session description has no streams', () => {
    expect(transform('', '{sdp.stream,0}', run)).toBeNull();
    expect(transform('hello\n', '{sdp.stream-delete,0}', run)).toBeNull();
    expect(transform('m=\n', '{sdp.stream,audio}', run)).toBeNull();
  });

  test('take variables, in a script', async () => {
    const { prints } = await runScript(
      `$var(sdp) = "${offer.replaceAll('\r\n', '\\r\\n')}"; $var(media) = "audio"; $var(n) = 1;
       xlog("$(var(sdp){sdp.stream-delete,$var(media)}{sdp.stream,0}{sdp.line,a,0}) $(var(sdp){sdp.line,m,$var(n)})");`,
    );
    expect(prints).toEqual(['a=rtpmap:97 H264/90000 m=video 30002 RTP/AVP 97']);
  });
});
