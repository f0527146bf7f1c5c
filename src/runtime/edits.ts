/**
 * A script's changes to the forwarded message, as edits of the received one. Reads still see the received message, as
 * the manual says of functions that change messages; forwarding applies the edits.
 */
import type { SipMessage } from '../sip/index.ts';
import { type Replacement, replaced } from '../text/index.ts';
import type { Body } from './body.ts';
import type { Request } from './request.ts';
import { StateKey } from './state.ts';

/** Header lines end with CRLF; `header` is an index into the message's headers, `from` and `to` are offsets in its text. */
export type Edit =
  | { readonly kind: 'insert-before'; readonly header: number; readonly lines: string }
  | { readonly kind: 'insert-after'; readonly header: number; readonly lines: string }
  | { readonly kind: 'append'; readonly lines: string }
  | { readonly kind: 'remove'; readonly header: number }
  | { readonly kind: 'set-value'; readonly header: number; readonly value: string }
  /** Replaces text in the start line or the headers. */
  | ({ readonly kind: 'replace' } & Replacement)
  /** The status line of a forwarded response; the last edit wins. */
  | { readonly kind: 'status'; readonly status: number; readonly reason: string }
  /**
   * The whole body; a `contentType` of null keeps the header; the last edit wins. `shown`: visible in `$rb`, since it
   * was made by `$sdp`.
   */
  | { readonly kind: 'body'; readonly content: Body; readonly shown: boolean };

/** The edits of a request, in script order. The edits of the message that a run is about are `run.draft.edits`. */
export const edits = new StateKey<Request, Edit[]>('edits', () => []);

interface Line {
  readonly from: number;
  /** After its CRLF. */
  readonly to: number;
}

/** The positions of the header lines of a message, folded ones as one, and of its empty line. */
export function headerLines(raw: string): { readonly lines: readonly Line[]; readonly headEnd: number } {
  const lines: Line[] = [];
  let at = raw.indexOf('\n', /^[\r\n\0]*/.exec(raw)?.[0].length ?? 0) + 1;
  for (;;) {
    if (at === 0 || at >= raw.length) return { lines, headEnd: raw.length };
    if (raw[at] === '\n' || raw.startsWith('\r\n', at)) return { lines, headEnd: at };
    let end = raw.indexOf('\n', at);
    while (end >= 0 && (raw[end + 1] === ' ' || raw[end + 1] === '\t')) end = raw.indexOf('\n', end + 1);
    const to = end < 0 ? raw.length : end + 1;
    lines.push({ from: at, to });
    at = to;
  }
}

/** The start of the body in the text of a message. */
export function bodyOffset(raw: string): number {
  const { headEnd } = headerLines(raw);
  return raw[headEnd] === '\r' ? headEnd + 2 : Math.min(raw.length, headEnd + 1);
}

/** The order of edits at one position: insertions after the previous line, insertions before this line, this line. */
const ranks = { 'insert-after': 0, append: 1, 'insert-before': 2, replace: 3, line: 4 } as const;

/** The text of the message after all edits, with a matching Content-Length. Of conflicting edits the first wins. */
export function applyEdits(message: SipMessage, list: readonly Edit[]): string {
  const { raw, headers } = message;
  const { lines, headEnd } = headerLines(raw);
  const body = list.findLast((edit) => edit.kind === 'body');
  const all = body === undefined ? list : [...list, ...framing(message, body.content)];
  const placed: (Replacement & { readonly rank: number })[] = [];
  const removed = new Set(all.flatMap((edit) => (edit.kind === 'remove' ? edit.header : [])));
  const values = new Map(
    all.flatMap((edit) => (edit.kind === 'set-value' ? [[edit.header, edit.value] as const] : [])),
  );
  const put = (rank: number, from: number, to: number, text: string) => placed.push({ rank, from, to, text });
  for (const [header, line] of lines.entries()) {
    const value = values.get(header);
    if (removed.has(header)) put(ranks.line, line.from, line.to, '');
    else if (value !== undefined)
      put(ranks.line, line.from, line.to, `${headers[header]?.name ?? ''}: ${value}\r\n`);
  }
  for (const edit of all) {
    switch (edit.kind) {
      case 'insert-before': {
        const at = lines[edit.header]?.from ?? headEnd;
        put(ranks[edit.kind], at, at, edit.lines);
        break;
      }
      case 'insert-after': {
        const at = lines[edit.header]?.to ?? headEnd;
        put(ranks[edit.kind], at, at, edit.lines);
        break;
      }
      case 'append':
        put(ranks.append, headEnd, headEnd, edit.lines);
        break;
      case 'replace':
        if (edit.to <= headEnd) put(ranks.replace, edit.from, edit.to, edit.text);
        break;
      default: // in the maps above
    }
  }
  placed.sort((a, b) => a.from - b.from || a.rank - b.rank);
  const head = replaced(raw.slice(0, headEnd), withoutCollisions(placed));
  return `${head}\r\n${body === undefined ? message.body : body.content.text}`;
}

function withoutCollisions<T extends Replacement>(sorted: readonly T[]): readonly T[] {
  let end = 0;
  return sorted.filter(({ from, to }) => {
    if (from < end) return false;
    end = to;
    return true;
  });
}

/** The edits to Content-Type and Content-Length that a new body requires. */
function framing({ headers }: SipMessage, { text, contentType }: Body): Edit[] {
  const result: Edit[] = [];
  const set = (key: string, name: string, value: string | null) => {
    const found = headers.flatMap((header, i) => (header.key === key ? i : []));
    for (const [n, header] of found.entries())
      result.push(
        n === 0 && value !== null ? { kind: 'set-value', header, value } : { kind: 'remove', header },
      );
    if (found.length === 0 && value !== null) result.push({ kind: 'append', lines: `${name}: ${value}\r\n` });
  };
  if (text === '') set('content-type', 'Content-Type', null);
  else if (contentType !== null) set('content-type', 'Content-Type', contentType);
  set('content-length', 'Content-Length', String(text.length));
  return result;
}
