/** Session descriptions (RFC 8866) as far as scripts change them: codecs and streams. Other lines stay unchanged. */

/** How a codec is selected. */
export type CodecTest = (name: string, clock: string) => boolean;
export type StreamTest = (media: string, protocol: string) => boolean;

interface Section {
  /** Without line ends; the first is the m= line, except in the session section. */
  readonly lines: readonly string[];
}

interface Media {
  readonly media: string;
  readonly port: string;
  readonly protocol: string;
  readonly formats: readonly string[];
}

/** Payload types without a need for a=rtpmap (RFC 3551, 6). */
const staticPayloads: Readonly<Record<string, readonly [name: string, clock: string]>> = {
  0: ['PCMU', '8000'],
  3: ['GSM', '8000'],
  4: ['G723', '8000'],
  5: ['DVI4', '8000'],
  6: ['DVI4', '16000'],
  7: ['LPC', '8000'],
  8: ['PCMA', '8000'],
  9: ['G722', '8000'],
  10: ['L16', '44100'],
  11: ['L16', '44100'],
  12: ['QCELP', '8000'],
  13: ['CN', '8000'],
  14: ['MPA', '90000'],
  15: ['G728', '8000'],
  16: ['DVI4', '11025'],
  17: ['DVI4', '22050'],
  18: ['G729', '8000'],
  25: ['CelB', '90000'],
  26: ['JPEG', '90000'],
  28: ['nv', '90000'],
  31: ['H261', '90000'],
  32: ['MPV', '90000'],
  33: ['MP2T', '90000'],
  34: ['H263', '90000'],
};

/** The session's lines, then those of each stream. */
function sections(sdp: string): readonly Section[] {
  const found: string[][] = [[]];
  const lines = sdp.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    if (line.startsWith('m=')) found.push([]);
    found.at(-1)?.push(line);
  }
  return found.map((one) => ({ lines: one }));
}

const joined = (all: readonly Section[]): string =>
  all.flatMap(({ lines }) => lines.map((line) => `${line}\r\n`)).join('');

function mediaOf({ lines }: Section): Media | null {
  const match = /^m=(\S+) (\S+) (\S+)(.*)$/.exec(lines[0] ?? '');
  if (match === null) return null;
  const [, media = '', port = '', protocol = '', formats = ''] = match;
  return { media, port, protocol, formats: formats.split(' ').filter((one) => one !== '') };
}

/** The matching payload types of a stream. */
function payloads(section: Section, media: Media, test: CodecTest): ReadonlySet<string> {
  const names = new Map<string, readonly [string, string]>();
  for (const line of section.lines) {
    const match = /^a=rtpmap:(\d+)\s+([^/\s]+)\/?([^/\s]*)/i.exec(line);
    if (match !== null) names.set(match[1] ?? '', [match[2] ?? '', match[3] ?? '']);
  }
  return new Set(
    media.formats.filter((format) => {
      const codec = names.get(format) ?? staticPayloads[format];
      return codec !== undefined && test(codec[0], codec[1]);
    }),
  );
}

/** Changes each stream by its matching payloads; null if there are none. */
function changeCodecs(
  sdp: string,
  test: CodecTest,
  change: (section: Section, media: Media, found: ReadonlySet<string>) => Section,
): string | null {
  let any = false;
  const changed = sections(sdp).map((section) => {
    const media = mediaOf(section);
    const found = media === null ? null : payloads(section, media, test);
    if (media === null || found === null || found.size === 0) return section;
    any = true;
    return change(section, media, found);
  });
  return any ? joined(changed) : null;
}

export function hasCodec(sdp: string, test: CodecTest): boolean {
  return sections(sdp).some((section) => {
    const media = mediaOf(section);
    return media !== null && payloads(section, media, test).size > 0;
  });
}

/** Removes the matching codecs; null if there are none. A stream without others is refused: port 0 (RFC 3264, 6). */
export function deleteCodecs(sdp: string, test: CodecTest): string | null {
  return changeCodecs(sdp, test, (section, media, found) => {
    const left = media.formats.filter((format) => !found.has(format));
    if (left.length === 0) return { lines: [mediaLine({ ...media, port: '0' }), ...section.lines.slice(1)] };
    const isGone = (line: string) => found.has(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)\b/i.exec(line)?.[1] ?? '');
    const rest = section.lines.slice(1).filter((line) => !isGone(line));
    return { lines: [mediaLine({ ...media, formats: left }), ...rest] };
  });
}

/** Moves the matching codecs to the front or the end; null if there are none. */
export function moveCodecs(sdp: string, test: CodecTest, where: 'first' | 'last'): string | null {
  return changeCodecs(sdp, test, (section, media, found) => {
    const moved = media.formats.filter((format) => found.has(format));
    const others = media.formats.filter((format) => !found.has(format));
    const formats = where === 'first' ? [...moved, ...others] : [...others, ...moved];
    return { lines: [mediaLine({ ...media, formats }), ...section.lines.slice(1)] };
  });
}

const mediaLine = ({ media, port, protocol, formats }: Media) =>
  `m=${[media, port, protocol, ...formats].join(' ')}`;

const passes = (section: Section, test: StreamTest) => {
  const media = mediaOf(section);
  return media !== null && test(media.media, media.protocol);
};

export function hasStream(sdp: string, test: StreamTest): boolean {
  return sections(sdp).some((section) => passes(section, test));
}

/** Removes the matching streams; null if there are none. */
export function deleteStreams(sdp: string, test: StreamTest): string | null {
  const all = sections(sdp);
  const left = all.filter((section) => !passes(section, test));
  return left.length === all.length ? null : joined(left);
}

/** The line of a type at an index (negative: from the end). */
export function sdpLine(sdp: string, type: string, index: number): string | null {
  const lines = sections(sdp).flatMap((section) => section.lines);
  return lines.filter((line) => line.startsWith(`${type}=`)).at(index) ?? null;
}

/** The stream at an index (negative: from the end), or the first of a media type, with its line ends. */
export function sdpStream(sdp: string, which: string): string | null {
  const [first] = streamsOf(sections(sdp), which);
  return first === undefined ? null : joined([first]);
}

/** Removes the stream at an index, or all of a media type; null if there is none. */
export function withoutStreams(sdp: string, which: string): string | null {
  const all = sections(sdp);
  const found = streamsOf(all, which);
  return found.length === 0 ? null : joined(all.filter((section) => !found.includes(section)));
}

function streamsOf([, ...streams]: readonly Section[], which: string): readonly Section[] {
  if (!/^-?\d+$/.test(which))
    return streams.filter((section) => mediaOf(section)?.media.toLowerCase() === which.toLowerCase());
  const stream = streams.at(Number(which));
  return stream === undefined ? [] : [stream];
}

/** Whether an audio stream is on hold: by the null address of RFC 2543, or by a direction (RFC 3264, 8.4). */
export function audioHold(sdp: string): 'address' | 'direction' | null {
  const [session = { lines: [] }, ...streams] = sections(sdp);
  let direction = false;
  for (const stream of streams) {
    if (mediaOf(stream)?.media !== 'audio') continue;
    const connection = lineOf(stream, /^c=/) ?? lineOf(session, /^c=/);
    if (connection !== undefined && /^c=IN IP[46] (?:0\.0\.0\.0|::)(?:\/|$)/i.test(connection))
      return 'address';
    const way = /^a=(?:sendrecv|sendonly|recvonly|inactive)$/i;
    const said = lineOf(stream, way) ?? lineOf(session, way);
    if (said !== undefined && /sendonly|inactive/i.test(said)) direction = true;
  }
  return direction ? 'direction' : null;
}

const lineOf = ({ lines }: Section, pattern: RegExp) => lines.find((line) => pattern.test(line.trimEnd()));

/** The error in a description's form, or null (RFC 8866, 5: v=, o=, s= and t= are mandatory, in this order). */
export function sdpDefect(sdp: string): string | null {
  const [session = { lines: [] }, ...streams] = sections(sdp);
  for (const line of sdp.split(/\r?\n/).slice(0, -1))
    if (!/^[a-z]=/i.test(line)) return `invalid line "${line.slice(0, 40)}"`;
  if (session.lines[0]?.trimEnd() !== 'v=0') return 'missing v=0 at the start';
  for (const field of ['o=', 's=', 't='])
    if (!session.lines.some((line) => line.startsWith(field))) return `missing ${field} line`;
  for (const stream of streams) if (mediaOf(stream) === null) return 'invalid m= line';
  return null;
}
