/** Text without quotes: names with dashes, addresses, sockets and networks. */
import type { ExpressionNode, NameNode, StringNode, TransformationNode, VariableNode } from './ast.ts';
import { isIdentifierCode } from './lexer.ts';
import { numberOfWord } from './number-words.ts';
import type { ParserState } from './parser-state.ts';

/** `10.0.0.0/8` without quotes; null for anything else, which is not consumed. */
export function networkWord(state: ParserState): NameNode | null {
  const { token } = state;
  const { base, text } = token.lexer.file;
  if (token.kind !== 'number') return null;
  network.lastIndex = token.start - base;
  const [written] = network.exec(text) ?? [];
  if (written === undefined) return null;
  return { kind: 'name', ...state.stream.word((_, from) => from + written.length) };
}

const network = /\d{1,3}(?:\.\d{1,3}){3}\/\d{1,3}(?:\.\d{1,3}){0,3}(?![\w.])/y;

/** `$si == 10.0.0.0/8` of older scripts is `$(si{ip.matches,10.0.0.0/8}) == 1`. */
export function inNetwork(left: VariableNode, { span, text }: NameNode): VariableNode {
  const argument: TransformationNode['argument'] = {
    kind: 'template',
    span,
    parts: [{ kind: 'text', span, value: text }],
  };
  const name: NameNode = { kind: 'name', span, text: 'ip.matches' };
  return {
    ...left,
    transformations: [...left.transformations, { kind: 'transformation', span, name, argument }],
  };
}

/** The right side of the comparison that `inNetwork` rewrites. */
export const one = ({ span }: NameNode): ExpressionNode => ({ kind: 'number', span, value: 1 });

/** `$si == 10.0.0.1`: an address without quotes is text. */
export function parseAddress(state: ParserState, address: StringNode): StringNode {
  const net = state.is('/') && state.token.start === address.span.end;
  if (!net) return address;
  const help = `use $(si{ip.matches,${address.value}/8}) == 1 to test whether an address is in a network`;
  return state.fail('bare-word', address.span, 'a network is not a value', { help });
}

/** The end of `my-flag`, `10.0.0.1:5060`, `udp:[::1]:5060` or `tcp:*`. */
function afterWord(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (isIdentifierCode(code) || code === 45 || code === 46 || code === 58) at += 1;
    else if (text.charCodeAt(at - 1) !== 58) return at;
    else if (code === 42) at += 1;
    else if (code === 91) {
      let end = at + 1;
      while (/[0-9A-Fa-f:.]/.test(text[end] ?? '')) end += 1;
      if (text.charCodeAt(end) !== 93) return at;
      at = end + 1;
    } else return at;
  }
}

export function bareWord(state: ParserState): StringNode | null {
  const { token } = state;
  const { base, text } = token.lexer.file;
  const from = token.start - base;
  const end = afterWord(text, from);
  const word = text.slice(from, end);
  if (token.kind === 'number') {
    // 10.0.0.1:5060 is an address; 10-4 is a subtraction
    if (end === token.end - base || !/[.:]/.test(word)) return null;
  } else {
    const followed = state.stream.peek();
    if (followed.kind === 'punctuation' && followed.text === '(') return null;
    const lower = word.toLowerCase();
    if (lower === 'null' || lower === 'not' || numberOfWord(word) !== null) return null;
  }
  const { span } = state.stream.word(afterWord);
  return { kind: 'string', span, value: word, origins: [[0, span.start]] };
}
