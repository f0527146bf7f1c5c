/** `$rb` and `$cT`: the body, its parts and their types. Source: the manual's Script-CoreVar; vector pvar-body. */

import { type Body, type BodyPart, defineVariables, mimeOf, type Run } from '../../runtime/index.ts';
import { InvalidUse, type VariableUse } from '../../script/index.ts';

const bodyOf = (run: Run) => run.draft.receivedBody;
const noAppend = () => new InvalidUse('[append] is not supported', 'only AVPs can be appended to');

const isMultipart = ({ parts, text }: Body) => parts.length > 0 && parts[0]?.body !== text;

/** Media types of the parts; in a multipart body the default is text/plain (RFC 2046, section 5.1). */
function mediaTypes(body: Body): readonly string[] {
  const missing = isMultipart(body) ? 'text/plain' : '';
  return body.parts.map(({ type }) => mimeOf(type) || missing);
}

function position(index: VariableUse<Run>['index']): (run: Run) => number | null {
  if (typeof index === 'function') return index;
  return () => (typeof index === 'number' ? index : 0);
}

export const bodyVariables = defineVariables([
  {
    name: 'rb',
    subname: 'optional',
    indexed: true,
    summary:
      'The body. `$(rb[1])` is the second part of a multipart body, `$rb(application/sdp)` its first part of this type, `$(rb(application/sdp)[-1])` the last.',
    source: 'Script-CoreVar; vector pvar-body',
    resolve: ({ subname, index }) => {
      if (index === 'append') throw noAppend();
      if (subname === null && (index === null || index === 'all'))
        return { get: (run) => run.draft.shownBody.text || null };
      const type = typeof subname === 'function' ? subname : () => subname;
      const list = (run: Run): readonly BodyPart[] => {
        const wanted = type(run);
        const { parts } = run.draft.shownBody;
        return wanted === null ? parts : parts.filter((part) => mimeOf(part.type) === mimeOf(wanted));
      };
      const at = position(index);
      return {
        get: (run) => {
          const i = at(run);
          return i === null ? null : (list(run).at(i)?.body ?? null);
        },
        list: (run) => list(run).map(({ body }) => body),
      };
    },
  },
  {
    name: 'cT',
    indexed: true,
    summary:
      'The Content-Type header. `$(cT[0])` is the media type, without parameters, of the body or of the first part of a multipart body, `$(cT[-1])` of the last; `[*]` lists the header and the types of all parts.',
    source: 'Script-CoreVar; the reference for media types',
    resolve: ({ index }) => {
      if (index === 'append') throw noAppend();
      if (index === null) return { get: (run) => run.message?.contentType ?? null };
      if (index === 'all') {
        const all = (run: Run) => {
          const body = bodyOf(run);
          return [body.contentType ?? '', ...(isMultipart(body) ? mediaTypes(body) : [])].filter(Boolean);
        };
        return { get: (run) => all(run).join(', ') || null, list: all };
      }
      const at = position(index);
      return {
        get: (run) => {
          const i = at(run);
          return i === null ? null : mediaTypes(bodyOf(run)).at(i) || null;
        },
      };
    },
  },
]);
