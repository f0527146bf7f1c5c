/** Parses strings, joining adjacent ones. */
import type { StringNode } from './ast.ts';
import type { StringToken } from './lexer.ts';
import type { ParserState } from './parser-state.ts';

/** A string and any adjacent strings: `"one" "two"` (lang-string-juxtaposition). */
export function parseString(state: ParserState): StringNode {
  const first = state.stream.advance() as StringToken;
  if (state.token.kind !== 'string') {
    return {
      kind: 'string',
      span: { start: first.start, end: first.end },
      value: first.text,
      origins: first.origins,
    };
  }
  const pieces = [first.text];
  const origins = first.origins.slice();
  let length = first.text.length;
  let end = first.end;
  while (state.token.kind === 'string') {
    const next = state.stream.advance() as StringToken;
    for (const [index, offset] of next.origins) origins.push([length + index, offset]);
    pieces.push(next.text);
    length += next.text.length;
    end = next.end;
  }
  return { kind: 'string', span: { start: first.start, end }, value: pieces.join(''), origins, joined: true };
}
