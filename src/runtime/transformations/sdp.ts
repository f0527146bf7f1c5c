/** `{sdp.…}`: lines and streams of a session description (RFC 8866), byte by byte as they stand in it. */
import {
  argument,
  elementAt,
  ofTextAndArguments,
  ofTextAndString,
  type Specification,
  stringAt,
} from './define.ts';

const example =
  'v=0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\na=ptime:20\r\nm=video 4002 RTP/AVP 96\r\n';

export const sdpTransformations: readonly Specification[] = [
  {
    name: 'sdp.line',
    arguments: [argument.string('type'), argument.optionalInt('index')],
    summary: 'A line by its letter, the first or, with an index from 0, a later one; without its end.',
    source: 'Script-Tran, sdp.line',
    example: [example, '{sdp.line,a,1}', 'a=ptime:20'],
    prepare: ofTextAndArguments((text, args) => {
      const start = `${stringAt(args, 0).charAt(0)}=`;
      const index = args.length > 1 && args[1] !== undefined ? args[1] : 0;
      if (start === '=' || typeof index !== 'number' || index < 0) return null;
      return text.split(/\r?\n/).filter((line) => line.startsWith(start))[index] ?? null;
    }),
  },
  {
    name: 'sdp.stream',
    arguments: [argument.string('stream')],
    summary: 'A stream from its m= line on: by index (negative: from the end), or the first of a media type.',
    source: 'Script-Tran, sdp.stream',
    example: [example, '{sdp.stream,-1}', 'm=video 4002 RTP/AVP 96\r\n'],
    prepare: ofTextAndString((text, stream) => chosen(streamsOf(text), stream)[0]?.text ?? null),
  },
  {
    name: 'sdp.stream-delete',
    arguments: [argument.string('stream')],
    summary:
      'The description without a stream: the one at an index, or all of a media type; null where there is none.',
    source: 'Script-Tran, sdp.stream-delete',
    example: [example, '{sdp.stream-delete,audio}', 'v=0\r\nt=0 0\r\nm=video 4002 RTP/AVP 96\r\n'],
    prepare: ofTextAndString((text, stream) => {
      const streams = streamsOf(text);
      const gone = new Set(chosen(streams, stream));
      if (gone.size === 0) return null;
      const session = text.slice(0, streams[0]?.from);
      return session + streams.flatMap((one) => (gone.has(one) ? [] : one.text)).join('');
    }),
  },
];

interface Stream {
  readonly from: number;
  /** In lower case. */
  readonly media: string;
  readonly text: string;
}

function streamsOf(sdp: string): readonly Stream[] {
  const starts = [...sdp.matchAll(/^m=([^ \r\n]*)/gm)];
  return starts.map(({ index, 1: media = '' }, i) => ({
    from: index,
    media: media.toLowerCase(),
    text: sdp.slice(index, starts[i + 1]?.index),
  }));
}

/** Those that `stream` means: an index, or a media type. */
function chosen(streams: readonly Stream[], stream: string): readonly Stream[] {
  if (!/^\s*-?\d+\s*$/.test(stream)) return streams.filter(({ media }) => media === stream.toLowerCase());
  const one = elementAt(streams, Number(stream));
  return one === undefined ? [] : [one];
}
