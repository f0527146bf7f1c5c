import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestParameter } from '../../src/core/variables/auth.ts';
import {
  audioHold,
  deleteCodecs,
  deleteStreams,
  hasCodec,
  hasStream,
  moveCodecs,
  sdpDefect,
} from '../../src/text/sdp.ts';

const line = fc.constantFrom(
  'v=0',
  'o=- 1 1 IN IP4 h',
  's=-',
  't=0 0',
  'c=IN IP4 0.0.0.0',
  'm=audio 4000 RTP/AVP 0 8 101',
  'm=video 4002 RTP/SAVP 31 96',
  'm=audio',
  'a=rtpmap:101 telephone-event/8000',
  'a=rtpmap:96 VP8/90000',
  'a=fmtp:101 0-15',
  'a=sendonly',
  '',
);
const sdp = fc.oneof(
  fc.array(line).map((lines) => lines.join('\r\n')),
  fc.string(),
);

test('any description can be queried and changed', () => {
  fc.assert(
    fc.property(sdp, (text) => {
      expect([null, 'address', 'direction']).toContain(audioHold(text));
      expect(['string', 'object']).toContain(typeof sdpDefect(text));
      const gone = deleteCodecs(text, (name) => name === 'PCMU');
      expect(gone === null).toBe(!hasCodec(text, (name) => name === 'PCMU'));
      const without = deleteStreams(text, (media) => media === 'video');
      expect(hasStream(without ?? text, (media) => media === 'video')).toBe(false);
    }),
  );
});

test('moving codecs loses none', () => {
  const formats = (text: string) =>
    [...text.matchAll(/^m=\S+ \S+ \S+ (.*?)\r?$/gm)].map(([, list = '']) =>
      list.split(' ').filter(Boolean).toSorted(),
    );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = `${lines.join('\r\n')}\r\n`;
      for (const where of ['first', 'last'] as const) {
        const moved = moveCodecs(text, (name) => /^(?:PCMA|VP8)$/.test(name), where);
        if (moved !== null) expect(formats(moved)).toEqual(formats(text));
      }
    }),
  );
});

test('untouched lines stay', () => {
  const text = 'v=0\r\nm=audio 1 RTP/AVP 0 8\r\na=x:y z\r\n';
  expect(deleteCodecs(text, (name) => name === 'PCMU')).toBe('v=0\r\nm=audio 1 RTP/AVP 8\r\na=x:y z\r\n');
});

test.each([
  ['v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\n', null],
  ['o=- 1 1 IN IP4 h\r\n', 'missing v=0 at the start'],
  ['v=0\r\ns=-\r\nt=0 0\r\n', 'missing o= line'],
  ['v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio\r\n', 'invalid m= line'],
  ['v=0\r\nnonsense\r\n', 'invalid line "nonsense"'],
])('%j: %s', (text, defect) => {
  expect(sdpDefect(text)).toBe(defect);
});

test('any text is parsed as credentials, or rejected', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('Digest ', 'realm', '=', '"', ',', '\\', 'x', ' ') }),
      (text) => {
        expect(['string', 'object']).toContain(typeof digestParameter(text, 'realm'));
      },
    ),
  );
});
