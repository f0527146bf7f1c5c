/** Expressions: operators with the reference's precedence, calls and their arguments. */
import {
  type ArithmeticOperator,
  type AsyncNode,
  type BinaryOperator,
  type CallNode,
  type ComparisonOperator,
  comparisonOperators,
  type ExpressionNode,
  type LaunchNode,
  type RouteCallNode,
  type Span,
  type UnaryNode,
} from './ast.ts';
import { bareWord, inNetwork, networkWord, one, parseAddress } from './bare-words.ts';
import { comparedWithMyself, comparedWord, isFormerWord, parseFormerWord } from './former-words.ts';
import type { Token } from './lexer.ts';
import { logLevel } from './log-levels.ts';
import { numberOfWord } from './number-words.ts';
import { parseString } from './parse-string.ts';
import type { ParserState } from './parser-state.ts';

/** Calls with more arguments are garbage. */
const maxArguments = 100;

const bitOperators: ReadonlySet<string> = new Set<ArithmeticOperator>(['&', '|', '^', '<<', '>>']);
const sumOperators: ReadonlySet<string> = new Set<ArithmeticOperator>(['+', '-', '*', '/', '%']);
const comparisons: ReadonlySet<string> = new Set(comparisonOperators);

/** Expression: Comparison (("&&" | "||" | "and" | "or") Comparison)*, all on one level (lang-logic-left-assoc) */
export function parseExpression(state: ParserState): ExpressionNode {
  let left = parseComparison(state);
  for (;;) {
    const { token } = state;
    const operator = logicalOperator(token);
    if (operator === null) return left;
    state.countOperator();
    state.stream.advance();
    const right = parseComparison(state);
    left = binary(operator, token, left, right);
  }
}

function logicalOperator(token: Token): '&&' | '||' | null {
  if (token.kind === 'punctuation') return token.text === '&&' || token.text === '||' ? token.text : null;
  if (token.kind !== 'identifier') return null;
  const word = token.text.toLowerCase();
  return word === 'and' ? '&&' : word === 'or' ? '||' : null;
}

/** Comparison: ("!" | "not") Comparison | Arithmetic (ComparisonOperator Arithmetic)? */
function parseComparison(state: ParserState): ExpressionNode {
  if (isNot(state)) return state.nested(() => unary(state, '!', parseComparison));
  const left = parseArithmetic(state);
  const { token } = state;
  if (isCompared(state)) return comparisonOf(state, left, parseArithmetic);
  if (state.is('=')) {
    const next = state.stream.peek();
    const swapped = next.start === token.end && (next.text === '>' || next.text === '<');
    const help = swapped ? `use ${next.text}= instead` : 'use == to compare';
    state.fail('assignment-in-condition', token, 'an assignment is not a condition', { help });
  }
  return left;
}

function isCompared({ token }: ParserState): boolean {
  return token.kind === 'punctuation' && comparisons.has(token.text);
}

function comparisonOf(
  state: ParserState,
  left: ExpressionNode,
  parseRight: (state: ParserState) => ExpressionNode,
): ExpressionNode {
  const token = state.stream.advance();
  if (state.is('=') && state.token.start === token.end && (token.text === '==' || token.text === '!=')) {
    const span = { start: token.start, end: state.token.end };
    const help = `use ${token.text} instead`;
    state.fail('syntax', span, `\`${token.text}=\` is not an operator`, { help });
  }
  const { text: operator } = token;
  const call = comparedWithMyself(state, left, operator);
  if (call !== null) return call;
  const network =
    left.kind === 'variable' && (token.text === '==' || token.text === '!=') && networkWord(state);
  if (network) return binary(token.text, token, inNetwork(left, network), one(network));
  const word = left.kind === 'variable' && isFormerWord(left) ? comparedWord(state) : null;
  return binary(operator as ComparisonOperator, token, left, word ?? parseRight(state));
}

function isNot(state: ParserState): boolean {
  const { token } = state;
  if (token.kind === 'identifier')
    return token.text.toLowerCase() === 'not' && state.stream.peek().text !== ',';
  return token.kind === 'punctuation' && token.text === '!';
}

/**
 * Arithmetic: Sum (("&" | "|" | "^" | "<<" | ">>") Sum)*, and Sum: Unary (("+" | "-" | "*" | "/" | "%") Unary)*, each all
 * on one level (lang-arithmetic: 7 + 3 * 2 is 20; edge-bit-operators: 1 << 2 + 1 is 8)
 */
function parseArithmetic(state: ParserState): ExpressionNode {
  return parseOperators(state, bitOperators, parseSum);
}

function parseSum(state: ParserState): ExpressionNode {
  return parseOperators(state, sumOperators, parseUnary);
}

/** operand (operator operand)* */
function parseOperators(
  state: ParserState,
  operators: ReadonlySet<string>,
  parse: (state: ParserState) => ExpressionNode,
): ExpressionNode {
  let left = parse(state);
  for (;;) {
    const { token } = state;
    if (token.kind !== 'punctuation' || !operators.has(token.text)) return left;
    state.countOperator();
    state.stream.advance();
    left = binary(token.text as ArithmeticOperator, token, left, parse(state));
  }
}

function binary(
  operator: BinaryOperator,
  token: Token,
  left: ExpressionNode,
  right: ExpressionNode,
): ExpressionNode {
  const span = { start: left.span.start, end: right.span.end };
  return {
    kind: 'binary',
    operator,
    operatorSpan: { start: token.start, end: token.end },
    span,
    left,
    right,
  };
}

/** Unary: ("!" | "-" | "~") Unary | "+" number | Primary */
function parseUnary(state: ParserState): ExpressionNode {
  if (state.is('-') || state.is('~')) {
    const operator = state.token.text as '-' | '~';
    return state.nested(() => unary(state, operator, parseUnary));
  }
  if (state.is('+') && state.stream.peek().kind === 'number') state.stream.advance();
  if (isNot(state)) return state.nested(() => unary(state, '!', parseUnary));
  const operand = parsePrimary(state);
  // in an assigned value, `1 + $var(i) == 12` is `1 + ($var(i) == 12)`, and `$var(i) == 9 + 1` is `($var(i) == 9) + 1`
  if (!state.comparesFirst || operand.kind !== 'variable' || !isCompared(state)) return operand;
  return state.comparing(false, () => comparisonOf(state, operand, parseUnary));
}

function unary(
  state: ParserState,
  operator: UnaryNode['operator'],
  parse: (state: ParserState) => ExpressionNode,
): ExpressionNode {
  const { start } = state.stream.advance();
  const operand = parse(state);
  const span = { start, end: operand.span.end };
  if (operator === '-' && operand.kind === 'number')
    return { kind: 'number', span, value: -operand.value | 0 };
  return { kind: 'unary', span, operator, operand };
}

/** Primary: number | string+ | variable | "(" Expression ")" | "[" Expression "]" | Call | NULL */
function parsePrimary(state: ParserState): ExpressionNode {
  const { token } = state;
  switch (token.kind) {
    case 'number': {
      const address = bareWord(state);
      if (address !== null) return parseAddress(state, address);
      state.stream.advance();
      return { kind: 'number', span: { start: token.start, end: token.end }, value: token.value };
    }
    case 'string':
      return parseString(state);
    case 'variable': {
      state.stream.advance();
      if (state.is('[') && state.token.start === token.end) {
        const help = 'put a variable with an index in parentheses: $(avp(x)[1])';
        state.fail('bad-variable', state.token, 'unexpected index', { help });
      }
      return token.node;
    }
    case 'identifier':
      return parseWord(state);
    default:
      break;
  }
  if (state.is('(')) return parseInside(state, ')', (inner) => inner);
  if (state.is('[')) return parseInside(state, ']', (operand, span) => ({ kind: 'test', span, operand }));
  return state.unexpected('a value');
}

function parseInside(
  state: ParserState,
  closing: ')' | ']',
  make: (inner: ExpressionNode, span: { start: number; end: number }) => ExpressionNode,
): ExpressionNode {
  return state.nested(() => {
    const open = state.stream.advance();
    const inner =
      closing === ']' ? state.comparing(true, () => parseExpression(state)) : parseExpression(state);
    const labels = [{ span: { start: open.start, end: open.end }, message: 'opened here' }];
    const close = state.expect(closing, `to close the \`${open.text}\``, { labels });
    return make(inner, { start: open.start, end: close.end });
  });
}

/** A word where a value is expected: a call, NULL, a number's word, or an error. */
function parseWord(state: ParserState): ExpressionNode {
  const { token } = state;
  const span = { start: token.start, end: token.end };
  if (state.stream.peek().text === '(' && state.stream.peek().kind === 'punctuation') {
    if (token.text === 'async') return parseAsync(state);
    if (token.text === 'launch') return parseLaunch(state);
    return token.text === 'route' ? parseRouteCall(state) : parseCall(state);
  }
  if (token.text.toLowerCase() === 'null') {
    state.stream.advance();
    return { kind: 'null', span };
  }
  // `$xlog_level = L_DBG` (the manual's Script-CoreVar)
  const value = numberOfWord(token.text) ?? (token.text.startsWith('L_') ? logLevel(token.text) : null);
  if (value !== null) {
    state.stream.advance();
    return { kind: 'number', span, value };
  }
  return parseFormerWord(state);
}

/** RouteCall: "route" "(" (name | variable | string with variables) ("," Expression)* ")" */
export function parseRouteCall(state: ParserState): RouteCallNode {
  const { start } = state.stream.advance();
  return state.nested(() => {
    const open = state.stream.advance();
    const name = parseRouteName(state);
    const values: ExpressionNode[] = [];
    while (state.accept(',')) values.push(parseArgument(state));
    closeArguments(state, open);
    return { kind: 'route-call', span: state.spanFrom(start), name, arguments: values };
  });
}

function parseRouteName(state: ParserState): RouteCallNode['name'] {
  const { token } = state;
  if (token.kind === 'variable') {
    state.stream.advance();
    return token.node;
  }
  return token.kind === 'string' && token.text.includes('$')
    ? parseString(state)
    : state.name("a route's name");
}

/** Async: "async" "(" Call "," route ("," Expression)? ")" */
export function parseAsync(state: ParserState): AsyncNode {
  const { start } = state.stream.advance();
  const help = 'use async(function(...), resume_route) or async(function(...), resume_route, seconds)';
  state.expect('(', 'after `async`');
  const call = parseCall(state);
  if (!state.accept(',')) state.unexpected('`,` and the resume route', { help });
  const resume = state.name('the resume route');
  const timeout = state.accept(',') ? parseArgument(state) : null;
  state.expect(')', 'to close `async(`');
  return { kind: 'async', span: state.spanFrom(start), call, resume, timeout };
}

/** Launch: "launch" "(" Call ("," route ("," Expression)?)? ")" */
export function parseLaunch(state: ParserState): LaunchNode {
  const { start } = state.stream.advance();
  state.expect('(', 'after `launch`');
  const call = parseCall(state);
  const report = state.accept(',') ? state.name('the route that gets the result') : null;
  const parameter = state.accept(',') ? parseArgument(state) : null;
  state.expect(')', 'to close `launch(`');
  return { kind: 'launch', span: state.spanFrom(start), call, report, parameter };
}

/** Call: name "(" (Argument? ("," Argument?)*)? ")" */
export function parseCall(state: ParserState): CallNode {
  const { token } = state;
  if (token.kind !== 'identifier') return state.unexpected('a function');
  const name = state.nameOf(state.stream.advance());
  return state.nested(() => {
    const open = state.expect('(', `after the function's name`);
    const values: (ExpressionNode | null)[] = [];
    let trailingComma: Span | undefined;
    if (!state.is(')')) {
      do {
        const { previous } = state.stream;
        if (state.is(')') && previous !== null) trailingComma = { start: previous.start, end: previous.end };
        values.push(state.is(',') || state.is(')') ? null : parseArgument(state));
        if (values.length > maxArguments)
          state.fail('argument-count', name.span, `more than ${maxArguments} arguments`);
      } while (state.accept(','));
    }
    closeArguments(state, open);
    const call = { kind: 'call', span: state.spanFrom(token.start), name, arguments: values } as const;
    return trailingComma === undefined ? call : { ...call, trailingComma };
  });
}

function closeArguments(state: ParserState, open: Token): void {
  if (state.accept(')')) return;
  const { token } = state;
  const labels = [{ span: { start: open.start, end: open.end }, message: 'the arguments start here' }];
  if (token.kind === 'end' || state.is(';') || state.is('{') || state.is('}') || startsStatement(state)) {
    const end = state.stream.previous?.end ?? token.start;
    // report it right after the last argument, and continue as if it were there
    state.report('unclosed-parenthesis', { start: end - 1, end }, 'missing `)` after the arguments', {
      labels,
    });
    return;
  }
  state.unexpected('`,` or `)` after an argument', { labels });
}

/** Whether the next line begins a statement, although an argument has not ended. */
function startsStatement(state: ParserState): boolean {
  const { token } = state;
  if (!token.startsLine) return false;
  const next = state.stream.peek();
  if (next.kind !== 'punctuation') return false;
  return token.kind === 'variable'
    ? next.text.endsWith('=')
    : token.kind === 'identifier' && next.text === '(';
}

/** Argument: Expression | a bare word, such as a flag, a route or `udp:10.0.0.1:5060` */
export function parseArgument(state: ParserState): ExpressionNode {
  const { token } = state;
  const bare = token.kind === 'identifier' || token.kind === 'number' ? bareWord(state) : null;
  if (bare !== null) return bare;
  return parseExpression(state);
}
