/** `$sdp`, and its lines, streams and words. Source: the manual's Script-CoreVar. */

import { type BodyPart, defineVariable, defineVariables, mimeOf, type Run } from '../../runtime/index.ts';
import { InvalidUse, type Value, type VariableUse } from '../../script/index.ts';
import {
  changeSdp,
  parseSdpFilter,
  readSdp,
  type SdpChange,
  type SdpFilter,
  type SdpScope,
  sdpLineIndex,
} from '../../text/index.ts';
import type { Named } from './subname.ts';

const source = 'Script-CoreVar';
const type = 'application/sdp';
const isSdp = (part: BodyPart): boolean => mimeOf(part.type) === type;

function sdpOf(run: Run): string | null {
  return run.draft.body.parts.find(isSdp)?.body ?? null;
}

/** Replaces the session description or adds it as a new part; null removes it. */
function setSdp(run: Run, sdp: string | null): void {
  const { parts } = run.draft.body;
  const at = parts.findIndex(isSdp);
  const part: BodyPart | undefined = parts[at] ?? { type, headers: '', body: '' };
  const own = sdp === null ? [] : [{ ...part, body: sdp }];
  const changed = parts.toSpliced(at === -1 ? parts.length : at, at === -1 ? 0 : 1, ...own);
  run.draft.replaceParts(changed, { shown: true });
}

function filterOf(name: string, scope: SdpScope, { subname }: Named) {
  const parse = (text: string): SdpFilter => {
    const filter = parseSdpFilter(scope, text);
    if (filter === null) throw new InvalidUse('too many slashes', `use \\/ for a literal slash`);
    return filter;
  };
  if (typeof subname !== 'function') {
    const filter = parse(subname);
    return () => filter;
  }
  return (run: Run): SdpFilter | null => {
    const text = subname(run);
    const filter = parseSdpFilter(scope, text);
    if (filter === null) run.complain(`$${name}(${text}): too many slashes`);
    return filter;
  };
}

function withoutIndex({ index }: VariableUse<Run>, example: string): void {
  if (index !== null) throw new InvalidUse('the index belongs inside the parentheses', `use ${example}`);
}

function changeOf(value: Value, insertion: VariableUse<Run>['insertion']): SdpChange {
  return value === null ? { kind: 'delete' } : { kind: insertion ?? 'set', value: String(value) };
}

function part(scope: SdpScope, example: string, summary: string) {
  const name = `sdp.${scope}`;
  return defineVariable({
    name,
    subname: 'required',
    // a blank ends a word in a filter: `a=rtpmap:9 `
    verbatim: true,
    indexed: true,
    insertable: true,
    writable: true,
    summary,
    source,
    resolve: (use) => {
      withoutIndex(use, example);
      const filter = filterOf(name, scope, use);
      return {
        get: (run) => {
          const [sdp, wanted] = [sdpOf(run), filter(run)];
          return sdp === null || wanted === null ? null : readSdp(sdp, wanted);
        },
        set: (run, value) => {
          const [sdp, wanted] = [sdpOf(run), filter(run)];
          const changed =
            sdp === null || wanted === null ? null : changeSdp(sdp, wanted, changeOf(value, use.insertion));
          if (changed !== null) setSdp(run, changed);
          else if (value !== null) run.complain(`$${name}: the session description has no such line`);
          return changed !== null || value === null;
        },
      };
    },
  });
}

export const sdpVariables = defineVariables([
  {
    name: 'sdp',
    writable: true,
    summary:
      'The session description. A new value is sent with the message and visible in `$rb`; NULL removes it.',
    source,
    resolve: () => ({
      get: sdpOf,
      set: (run, value) => {
        setSdp(run, value === null ? null : String(value));
        return true;
      },
    }),
  },
  part(
    'line',
    '$sdp.line(a=[1])',
    'A line of the session description, or a word in it: `$sdp.line([2])` is the third line, `$sdp.line(a=rtpmap[1])` the second with this prefix, `$sdp.line(m=audio/[1])` and `$sdp.line(a=fmtp/annexb=)` are words. `\\/` is a literal slash. Setting it replaces the text after the prefix, NULL removes it; `$(sdp.line([2])[insert])` and `[insertAfter]` insert a line before or after it.',
  ),
  part(
    'session',
    '$sdp.session(a=[1])',
    'Like `$sdp.line`, but only for lines before the first stream: `$sdp.session(c=/[2])`.',
  ),
  part(
    'stream',
    '$sdp.stream(audio[1]/a=ptime)',
    'Like `$sdp.line`, but only for the lines of one stream: `$sdp.stream(audio[1]/a=ptime)` is a line of the second audio stream, `$sdp.stream([1])` the `m=` line of the second stream.',
  ),
  {
    name: 'sdp.stream.idx',
    subname: 'required',
    verbatim: true,
    summary: 'The index of the line that `$sdp.stream` would find, counted from 0; null if none matches.',
    source,
    resolve: (use) => {
      const filter = filterOf('sdp.stream.idx', 'stream', use);
      return {
        get: (run) => {
          const [sdp, wanted] = [sdpOf(run), filter(run)];
          return sdp === null || wanted === null ? null : sdpLineIndex(sdp, wanted);
        },
      };
    },
  },
]);
