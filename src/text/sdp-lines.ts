/**
 * Single lines and words of a session description, found by a filter such as `audio[1]/a=fmtp/annexb=`: steps between
 * slashes, each a prefix and an index among the matches. Source: the manual's Script-CoreVar, `$sdp.line`,
 * `$sdp.stream` and `$sdp.session`.
 */

/** `a=rtpmap[1]`; null without an index. */
interface Step {
  readonly prefix: string;
  readonly index: number | null;
}

/** The scope of a filter: all lines, those before the first stream, or one stream, named by its first step. */
export type SdpScope = 'line' | 'session' | 'stream';

export interface SdpFilter {
  readonly scope: SdpScope;
  readonly stream: Step | null;
  readonly line: Step;
  /** Null: the whole line. */
  readonly word: Step | null;
}

const first: Step = { prefix: '', index: null };

/** Null for more steps than the scope has. */
export function parseSdpFilter(scope: SdpScope, text: string): SdpFilter | null {
  const steps = stepsOf(text).map(parseStep);
  const stream = scope === 'stream' ? (steps.shift() ?? first) : null;
  const [line = first, word = null] = steps;
  return steps.length > 2 ? null : { scope, stream, line, word };
}

/** The parts between slashes; a literal slash has a backslash before it. */
function stepsOf(text: string): string[] {
  const steps: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '/') {
      steps.push(text.slice(start, at));
      start = at + 1;
    }
  }
  steps.push(text.slice(start));
  return steps;
}

function parseStep(text: string): Step {
  const [, prefix = text, index] = /^(.*)\[(-?\d{1,9})\]$/s.exec(text) ?? [];
  return { prefix: prefix.replace(/\\(.)/gs, '$1'), index: index === undefined ? null : Number(index) };
}

interface Lines {
  readonly lines: string[];
  /** What ends each. */
  readonly end: string;
}

function split(sdp: string): Lines {
  const lines = sdp.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return { lines, end: sdp.includes('\r\n') || !sdp.includes('\n') ? '\r\n' : '\n' };
}

const join = ({ lines, end }: Lines): string => lines.map((line) => line + end).join('');

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A line, and the selected word in it. */
interface Place {
  readonly line: number;
  readonly word: Range | null;
}

function choose<T>(all: readonly T[], index: number | null): T | null {
  return all.at(index ?? 0) ?? null;
}

function scopeOf(lines: readonly string[], { scope, stream }: SdpFilter): Range | null {
  if (scope === 'line') return { from: 0, to: lines.length };
  const starts = lines.flatMap((line, i) => (line.startsWith('m=') ? i : []));
  if (stream === null) return { from: 0, to: starts[0] ?? lines.length };
  const from = choose(
    starts.filter((i) => lines[i]?.startsWith(stream.prefix, 2)),
    stream.index,
  );
  return from === null ? null : { from, to: starts.find((i) => i > from) ?? lines.length };
}

/**
 * If the filter names the field of a line, its words follow the field: `a=fmtp:18 annexb=no` is `fmtp:18` and
 * `annexb=no`.
 */
function findWord(line: string, prefix: string, step: Step): Range | null {
  const words = /[^ ;]+/g;
  words.lastIndex = prefix[1] === '=' ? 2 : 0;
  const all: Range[] = [];
  for (let match = words.exec(line); match !== null; match = words.exec(line))
    if (match[0].startsWith(step.prefix)) all.push({ from: match.index, to: match.index + match[0].length });
  return choose(all, step.index);
}

/** Without an index for the line, the first line that contains the word. */
function find(lines: readonly string[], filter: SdpFilter): Place | null {
  const range = scopeOf(lines, filter);
  if (range === null) return null;
  const { line: step, word } = filter;
  const fitting: number[] = [];
  for (let i = range.from; i < range.to; i++) if (lines[i]?.startsWith(step.prefix)) fitting.push(i);
  const chosen = word !== null && step.index === null ? fitting : [choose(fitting, step.index)];
  for (const line of chosen) {
    if (line === null) return null;
    if (word === null) return { line, word: null };
    const found = findWord(lines[line] ?? '', step.prefix, word);
    if (found !== null) return { line, word: found };
  }
  return null;
}

/** The line or word; null if there is none. */
export function readSdp(sdp: string, filter: SdpFilter): string | null {
  const { lines } = split(sdp);
  const place = find(lines, filter);
  if (place === null) return null;
  const line = lines[place.line] ?? '';
  return place.word === null ? line : line.slice(place.word.from, place.word.to);
}

/** Index of the line, from 0; null if there is none. */
export function sdpLineIndex(sdp: string, filter: SdpFilter): number | null {
  return find(split(sdp).lines, filter)?.line ?? null;
}

export type SdpChange =
  | { readonly kind: 'set' | 'insert' | 'insertAfter'; readonly value: string }
  | { readonly kind: 'delete' };

/** The changed description, each line with its end; null if nothing matches the filter. */
export function changeSdp(sdp: string, filter: SdpFilter, change: SdpChange): string | null {
  const text = split(sdp);
  const { lines } = text;
  const place = find(lines, filter);
  if (place === null) return null;
  const { line: at, word } = place;
  if (word !== null) lines[at] = changedLine(lines[at] ?? '', word, filter, change);
  else if (change.kind === 'set') lines[at] = change.value;
  else if (change.kind === 'delete') lines.splice(at, 1);
  else lines.splice(change.kind === 'insert' ? at : at + 1, 0, change.value);
  return join(text);
}

function changedLine(line: string, { from, to }: Range, filter: SdpFilter, change: SdpChange): string {
  switch (change.kind) {
    case 'insert':
      return `${line.slice(0, from)}${change.value} ${line.slice(from)}`;
    case 'insertAfter':
      return `${line.slice(0, to)} ${change.value}${line.slice(to)}`;
    case 'delete':
      return line.slice(0, from).trimEnd() + line.slice(to);
    default:
      return line.slice(0, from + keptOf(line, from, filter)) + change.value + line.slice(to);
  }
}

/** The matched prefix is kept: `bitrate=` of the word, `a=nortpproxy:` of the line. */
function keptOf(line: string, from: number, { line: { prefix }, word }: SdpFilter): number {
  if (word !== null && word.prefix !== '') return word.prefix.length;
  return /[:=]$/.test(prefix) && prefix.length > from && line.startsWith(prefix) ? prefix.length - from : 0;
}
