/** Functions on body parts, codecs and streams: unlike others, they see each other's changes, as the manual says. */
import { defineFunction, defineFunctions, mimeOf, type Run } from '../../runtime/index.ts';
import { type ArgumentSpec, defineArgument, lowerAscii, type Status } from '../../script/index.ts';
import { headerText } from '../../sip/index.ts';
import {
  audioHold,
  type CodecTest,
  cachedRegex,
  deleteCodecs,
  deleteStreams,
  hasCodec,
  hasStream,
  moveCodecs,
  type StreamTest,
} from '../../text/index.ts';

const source = 'modules/sipmsgops';
const optional = <const Row extends ArgumentSpec>(argument: Row) =>
  defineArgument({ ...argument, optional: true });
const mime = defineArgument({
  name: 'mime',
  type: 'string',
  summary: 'A MIME type, for example `application/sdp`.',
});

const isContentType = (text: string) => text.trim() !== '' && !/[\x00-\x08\x0a-\x1f\x7f]/.test(text);

const isSdp = (type: string) => mimeOf(type) === 'application/sdp';

function descriptions(run: Run): readonly string[] {
  return run.draft.body.parts.flatMap(({ type, body }) => (isSdp(type) ? body : []));
}

/** Changes each session description; -1 if `change` changes none. */
function changeSdp(run: Run, change: (sdp: string) => string | null): Status {
  let any = false;
  const parts = run.draft.body.parts.map((part) => {
    const changed = isSdp(part.type) ? change(part.body) : null;
    if (changed === null) return part;
    any = true;
    return { ...part, body: changed };
  });
  if (any) run.draft.replaceParts(parts);
  return any ? 1 : -1;
}

const yes = (condition: boolean): Status => (condition ? 1 : -1);

/** The actions of the codec functions, by the middle part of their names. */
const codecActions: Readonly<
  Record<string, { readonly summary: string; readonly act: (run: Run, test: CodecTest) => Status }>
> = {
  exists: {
    summary: 'Whether a session description has the codec.',
    act: (run, test) => yes(descriptions(run).some((sdp) => hasCodec(sdp, test))),
  },
  delete: {
    summary: 'Removes the codec from all session descriptions; false if none has it.',
    act: (run, test) => changeSdp(run, (sdp) => deleteCodecs(sdp, test)),
  },
  move_up: {
    summary: 'Moves the codec to the front; false if no session description has it.',
    act: (run, test) => changeSdp(run, (sdp) => moveCodecs(sdp, test, 'first')),
  },
  move_down: {
    summary: 'Moves the codec to the end; false if no session description has it.',
    act: (run, test) => changeSdp(run, (sdp) => moveCodecs(sdp, test, 'last')),
  },
};

function regexOrComplain(run: Run, name: string, pattern: string) {
  const regex = cachedRegex(pattern, { ignoreCase: true });
  if (regex === null) run.complain(`${name}(): invalid regular expression "${pattern}"`);
  return regex;
}

const pattern = (name: string, summary: string) => defineArgument({ name, type: 'regex', summary });

function byExpression(
  name: string,
  summary: string,
  act: (run: Run, test: CodecTest) => Status,
  keep = false,
) {
  return defineFunction({
    name,
    arguments: [pattern('regexp', 'A POSIX extended regular expression for codec names.')],
    summary,
    source,
    run: (run, text) => {
      const regex = regexOrComplain(run, name, text);
      return regex === null ? -1 : act(run, (codec) => regex.test(codec) !== keep);
    },
  });
}

function byName(name: string, summary: string, act: (run: Run, test: CodecTest) => Status) {
  return defineFunction({
    name,
    arguments: [
      { name: 'name', type: 'string', summary: 'The name of the codec, in any case.' },
      { name: 'clock', type: 'string', optional: true, summary: 'Its clock rate; default: any.' },
    ],
    summary,
    source,
    run: (run, codec, clock) => {
      const wanted = lowerAscii(codec);
      return act(run, (one, rate) => lowerAscii(one) === wanted && (!clock || rate === clock.trim()));
    },
  });
}

function ofStreams(name: string, summary: string, act: (run: Run, test: StreamTest) => Status) {
  return defineFunction({
    name,
    arguments: [
      pattern('regexp', 'A POSIX extended regular expression for the media type, for example `audio`.'),
      optional(pattern('regexp2', 'The same for the transport, for example `SAVP`.')),
    ],
    summary,
    source,
    run: (run, media, transport) => {
      const first = regexOrComplain(run, name, media);
      const second = transport === undefined ? undefined : regexOrComplain(run, name, transport);
      if (first === null || second === null) return -1;
      return act(run, (one, protocol) => first.test(one) && (second?.test(protocol) ?? true));
    },
  });
}

/** An empty type matches any, as in the reference. */
function hasPart(run: Run, type = ''): Status {
  const { parts } = run.draft.body;
  return yes(type === '' ? parts.length > 0 : parts.some((part) => mimeOf(part.type) === mimeOf(type)));
}

const partFunctions = defineFunctions([
  {
    name: 'has_body_part',
    arguments: [optional(mime)],
    summary: 'Whether the message has a body, or a part of its body, of this type.',
    source,
    run: hasPart,
  },
  {
    name: 'has_body',
    arguments: [optional(mime)],
    summary: 'The older name of has_body_part().',
    source: 'vector pvar-hasbody',
    run: hasPart,
  },
  {
    name: 'remove_body_part',
    arguments: [
      optional({ ...mime, summary: 'The type of the parts to remove; default: all.' }),
      optional({
        name: 'revert',
        type: 'string',
        summary: '`revert`: removes all parts except those of this type.',
      }),
    ],
    summary: 'Removes parts of the body, or the whole body; false if there is nothing to remove.',
    source,
    run: (run, type, revert) => {
      const { parts } = run.draft.body;
      const wanted = mimeOf(type ?? '');
      const keep = revert !== undefined && lowerAscii(revert) === 'revert';
      const left = type === undefined ? [] : parts.filter((part) => (mimeOf(part.type) === wanted) === keep);
      if (left.length === parts.length) return -1;
      run.draft.replaceParts(left);
      return 1;
    },
  },
  {
    name: 'add_body_part',
    arguments: [
      { name: 'body', type: 'string', summary: 'The text of the part.' },
      { ...mime, summary: 'Its type.' },
      optional({
        name: 'headers',
        type: 'string',
        intoHeaders: true,
        summary: 'Further header lines of the part, each ending with `\\r\\n`.',
      }),
    ],
    summary: 'Adds a part to the body, which becomes multipart if it has other parts.',
    source,
    run: (run, text, type, lines) => {
      const headers = headerText(lines ?? '');
      if (run.message === null || text === '') return -1;
      if (headers === null || !isContentType(type)) {
        run.complain(
          `add_body_part(): expected ${headers === null ? 'header lines, each "Name: value" with \\r\\n' : 'a type such as application/sdp'}`,
        );
        return -1;
      }
      const part = { type: type.trim(), headers, body: text };
      run.draft.replaceParts([...run.draft.body.parts, part]);
      return 1;
    },
  },
  {
    name: 'get_updated_body_part',
    arguments: [
      {
        ...mime,
        optional: true,
        leading: true,
        summary: 'The type of the part; default: the whole body.',
      },
      { name: 'variable', type: 'variable', summary: 'Gets the text.' },
    ],
    summary:
      'Reads the body, or a part of it, with all changes so far: 1 success, -1 no body, -2 no part of this type.',
    source,
    run: (run, type, target) => {
      const { parts, text } = run.draft.body;
      if (text === '') return -1;
      const wanted = mimeOf(type ?? '');
      const found = wanted === '' ? text : parts.find((part) => mimeOf(part.type) === wanted)?.body;
      if (found === undefined) return -2;
      return found !== '' && target.set(run, found) ? 1 : -1;
    },
  },
  {
    name: 'is_audio_on_hold',
    arguments: [],
    summary:
      'Whether an audio stream is on hold: 1 through a null address (RFC 2543), 2 through sendonly or inactive (RFC 3264).',
    source,
    run: (run) => {
      const holds = descriptions(run).map(audioHold);
      return holds.includes('address') ? 1 : holds.includes('direction') ? 2 : -1;
    },
  },
]);

export const bodyFunctions = defineFunctions([
  ...partFunctions,
  ...Object.entries(codecActions).flatMap(([name, { summary, act }]) => [
    byName(`codec_${name}`, summary, act),
    byExpression(`codec_${name}_re`, summary, act),
  ]),
  byExpression(
    'codec_delete_except_re',
    'Removes all codecs that do not match from all session descriptions.',
    (run, test) => changeSdp(run, (sdp) => deleteCodecs(sdp, test)),
    true,
  ),
  ofStreams('stream_exists', 'Whether a session description has such a stream.', (run, test) =>
    yes(descriptions(run).some((sdp) => hasStream(sdp, test))),
  ),
  ofStreams(
    'stream_delete',
    'Removes such streams from all session descriptions; false if none matches.',
    (run, test) => changeSdp(run, (sdp) => deleteStreams(sdp, test)),
  ),
]);
