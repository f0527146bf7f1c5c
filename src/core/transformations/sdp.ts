/** `{sdp.…}`: lines and streams of a session description in a string. */
import { defineTransformations } from '../../runtime/index.ts';
import { sdpLine, sdpStream, withoutStreams } from '../../text/index.ts';

const source = 'Script-Tran, sdp';
const which = { name: 'stream', type: 'string' } as const;
const offer =
  'v=0\r\nm=audio 30000 RTP/AVP 8\r\na=ptime:20\r\nm=video 30002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n';

export const sdpTransformations = defineTransformations([
  {
    name: 'sdp.line',
    arguments: [
      { name: 'type', type: 'string' },
      { name: 'index', type: 'int', optional: true },
    ],
    summary: 'The first line of a type such as `a`, or the one at an index from 0 (negative: from the end).',
    source,
    example: [offer, '{sdp.line,a,1}', 'a=rtpmap:97 H264/90000'],
    apply: (text, type, index = 0) => sdpLine(text, type, index),
  },
  {
    name: 'sdp.stream',
    arguments: [which],
    summary:
      'The lines of a stream, starting with its `m=` line: by index from 0 (negative: from the end), or the first stream of a media type.',
    source,
    example: [offer, '{sdp.stream,audio}{sdp.line,a}', 'a=ptime:20'],
    apply: sdpStream,
  },
  {
    name: 'sdp.stream-delete',
    arguments: [which],
    summary:
      'The session description without the stream at an index, or without all streams of a media type; null if none matches.',
    source,
    example: [offer, '{sdp.stream-delete,audio}{sdp.line,m}', 'm=video 30002 RTP/AVP 97'],
    apply: withoutStreams,
  },
]);
