/** Value words of scripts before OpenSIPS 3, which stand for variables and calls. */
import type {
  CallNode,
  ExpressionNode,
  NumberNode,
  Span,
  StringNode,
  UnaryNode,
  VariableNode,
} from './ast.ts';
import type { ParserState } from './parser-state.ts';

/** Each word with its variable, and with what to write instead if that is another one. */
const formerWords: ReadonlyMap<string, readonly [variable: string, now?: string]> = new Map(
  Object.entries<readonly [variable: string, now?: string]>({
    method: ['rm'],
    uri: ['ru'],
    from_uri: ['fu'],
    to_uri: ['tu'],
    src_ip: ['si'],
    src_port: ['sp'],
    dst_ip: ['Ri', '$socket_in(ip)'],
    dst_port: ['Rp', '$socket_in(port)'],
    proto: ['proto', '$socket_in(proto)'],
    af: ['af', '$socket_in(af)'],
    status: ['rs'],
    retcode: ['rc'],
    'msg:len': ['ml'],
  }),
);

/** The variables before `== myself`, with the host and the port that it looks at. */
const addresses: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({ ru: ['rd', 'rp'], fu: ['fd'], tu: ['td'], si: ['si'], Ri: ['Ri'] }),
);

/** `msg:len > max_len`: the longest message of older versions, in bytes. */
const maxLength = 65_535;

const variable = (span: Span, name: string): VariableNode => ({
  kind: 'variable',
  span,
  context: null,
  name: { kind: 'name', span, text: name },
  subname: null,
  index: null,
  transformations: [],
});

/** Whether a variable is written as a word, without `$`. */
export const isFormerWord = ({ name, span }: VariableNode): boolean => name.span.start === span.start;

/** What to write instead of a word. */
export const formerWordHelp = (word: string): string => {
  const [name, now = `$${name}`] = formerWords.get(word) ?? ['', 'a variable'];
  return `use ${now} instead`;
};

/**
 * FormerWord: "method" | "uri" | "from_uri" | "msg:len" | ... | "max_len". Any other word is an error, after which the
 * expression continues.
 */
export function parseFormerWord(state: ParserState): VariableNode | NumberNode | StringNode {
  const { start, end, text: word, lexer } = state.token;
  const { base, text } = lexer.file;
  const name = word === 'msg' && text.startsWith(':len', end - base) ? 'msg:len' : word;
  const span = { start, end: start + name.length };
  const [now] = formerWords.get(name) ?? [];
  if (now === undefined && word !== 'max_len') {
    const help =
      word === 'myself'
        ? 'use is_myself("HOST", PORT) instead'
        : `use ${word}() to call a function, or put text in quotes`;
    return state.fail('bare-word', span, `\`${word}\` is not a value`, { help });
  }
  state.stream.word((_, from) => from + name.length);
  return now === undefined ? { kind: 'number', span, value: maxLength } : variable(span, now);
}

/**
 * The right side of a comparison with a former word may be a word too: `method == INVITE`, `proto == UDP`. Null for
 * anything else, which is not consumed.
 */
export function comparedWord(state: ParserState): StringNode | null {
  const { token } = state;
  if (token.kind !== 'identifier' || !/^[A-Z]+[0-9]*$/.test(token.text) || token.text === 'NULL') return null;
  const next = state.stream.peek();
  if (next.kind === 'punctuation' && next.text === '(') return null;
  const { start, end, text } = state.stream.advance();
  return { kind: 'string', span: { start, end }, value: text, origins: [[0, start]] };
}

/** `uri == myself`, `$fu != myself`: the call that it stands for; null for anything else, which is not consumed. */
export function comparedWithMyself(
  state: ParserState,
  left: ExpressionNode,
  operator: string,
): CallNode | UnaryNode | null {
  const { kind, text, start, end } = state.token;
  if (kind !== 'identifier' || text !== 'myself' || (operator !== '==' && operator !== '!=')) return null;
  if (left.kind !== 'variable' || left.transformations.length > 0) return null;
  const address = addresses.get(left.name.text);
  if (address === undefined) return null;
  state.stream.advance();
  const span = { start: left.span.start, end };
  const call: CallNode = {
    kind: 'call',
    span,
    name: { kind: 'name', span: { start, end }, text: 'is_myself' },
    arguments: address.map((name) => variable(left.span, name)),
  };
  return operator === '==' ? call : { kind: 'unary', span, operator: '!', operand: call };
}
