/** `{sdp.…}`: lines and streams of a session description that is given as text. */
import { sdpLine, sdpStream, withoutStreams } from '../../text/index.ts';
import { argument, ofTextAndArguments, ofTextAndString, type Specification, stringAt } from './define.ts';

const source = 'Script-Tran, sdp';
const which = argument.string('stream');
const offer =
  'v=0\r\nm=audio 30000 RTP/AVP 8\r\na=ptime:20\r\nm=video 30002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n';

export const sdpTransformations: readonly Specification[] = [
  {
    name: 'sdp.line',
    arguments: [argument.string('type'), argument.optionalInt('index')],
    summary:
      'The line of a type, `a` for instance: the first, or the one at an index from 0 (negative: from the end).',
    source,
    example: [offer, '{sdp.line,a,1}', 'a=rtpmap:97 H264/90000'],
    prepare: ofTextAndArguments((text, args) => {
      const index = args[1] === undefined ? 0 : args[1];
      return typeof index === 'number' ? sdpLine(text, stringAt(args, 0), index) : null;
    }),
  },
  {
    name: 'sdp.stream',
    arguments: [which],
    summary:
      'The lines of a stream, from its `m=` on: by index from 0 (negative: from the end), or the first of a media type.',
    source,
    example: [offer, '{sdp.stream,audio}{sdp.line,a}', 'a=ptime:20'],
    prepare: ofTextAndString(sdpStream),
  },
  {
    name: 'sdp.stream-delete',
    arguments: [which],
    summary:
      'The session description without the stream at an index, or without all of a media type; null where there is none.',
    source,
    example: [offer, '{sdp.stream-delete,audio}{sdp.line,m}', 'm=video 30002 RTP/AVP 97'],
    prepare: ofTextAndString(withoutStreams),
  },
];
