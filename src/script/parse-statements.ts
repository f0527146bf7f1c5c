/** Statements and blocks. After an error the parser continues at the next statement. */
import {
  type AssignOperator,
  assignOperators,
  type BlockNode,
  type CaseNode,
  type ExpressionNode,
  routeKinds,
  type Span,
  type StatementNode,
  type VariableNode,
} from './ast.ts';
import { numberOfWord } from './number-words.ts';
import { parseAsync, parseCall, parseExpression, parseLaunch, parseRouteCall } from './parse-expressions.ts';
import { parseString } from './parse-string.ts';
import type { ParserState } from './parser-state.ts';
import { describeToken } from './token-stream.ts';

const assignments: ReadonlySet<string> = new Set(assignOperators);
const routeKeywords: ReadonlySet<string> = new Set(routeKinds);

/** Statements with a keyword; all other words are calls. */
const keywords = new Map<string, (state: ParserState) => StatementNode>(
  Object.entries({
    if: parseIf,
    while: parseWhile,
    for: parseForEach,
    switch: parseSwitch,
    return: parseReturn,
    exit: (state) => parseBare(state, 'exit'),
    drop: (state) => parseBare(state, 'drop'),
    break: (state) => parseBare(state, 'break'),
    async: (state) => ended(state, parseAsync(state)),
    launch: (state) => ended(state, parseLaunch(state)),
    assert: parseAssert,
  }),
);

function keyword(state: ParserState): ((state: ParserState) => StatementNode) | undefined {
  const { token } = state;
  return token.kind === 'identifier' ? keywords.get(token.text) : undefined;
}

/** Whether a top-level definition begins here, so that a block above it was never closed. */
export function startsDefinition(state: ParserState): boolean {
  const { token } = state;
  if (token.kind !== 'identifier') return false;
  if (token.text === 'loadmodule') return state.stream.peek().kind === 'string';
  if (token.text === 'modparam') return token.startsLine && state.stream.peek().text === '(';
  if (!routeKeywords.has(token.text)) return false;
  const { text } = state.stream.peek();
  return text === '{' || (text === '[' && token.startsLine);
}

/** Whether a line begins here that is only valid outside routes: a definition or a global parameter. */
export function startsOutside(state: ParserState): boolean {
  const { token } = state;
  if (!token.startsLine || token.kind !== 'identifier') return false;
  if (token.text === 'loadmodule' || startsDefinition(state)) return true;
  // inside a route, an assignment starts with `$`, not with a word
  const next = state.stream.peek();
  return next.kind === 'punctuation' && next.text === '=';
}

/** Block: "{" Statement* "}" */
export function parseBlock(state: ParserState): BlockNode {
  return state.nested(() => {
    const open = state.expect('{', 'to begin a block');
    const statements = parseStatements(state, () => state.is('}'));
    closeBlock(state, open);
    return { kind: 'block', span: state.spanFrom(open.start), statements };
  });
}

function closeBlock(state: ParserState, open: Span): void {
  if (state.accept('}')) return;
  // the closing brace may be inside the unterminated comment that was reported
  if (state.token.kind === 'end' && state.diagnostics.has('unterminated-comment')) return;
  const message = `this \`{\` has no \`}\` before ${describeToken(state.token)}`;
  state.report('unclosed-block', open, message);
}

function parseStatements(state: ParserState, ends: () => boolean): StatementNode[] {
  const statements: StatementNode[] = [];
  while (!ends() && state.token.kind !== 'end' && !startsDefinition(state)) {
    if (state.accept(';')) continue;
    const before = state.token;
    const statement = state.attempt(
      () => parseStatement(state),
      () => skipStatement(state),
    );
    if (statement !== null) statements.push(statement);
    // skip what was not understood, to guarantee progress
    if (state.token === before) state.stream.advance();
  }
  return statements;
}

/** Skips to the end of the current statement: past its `;`, past its block, or before a `}`. */
function skipStatement(state: ParserState): void {
  let depth = 0;
  for (;;) {
    const { token } = state;
    if (token.kind === 'end' || (token.startsLine && startsDefinition(state))) return;
    if (depth === 0 && token.startsLine && (keyword(state) !== undefined || token.kind === 'variable'))
      return;
    if (depth === 0 && state.is('}')) return;
    if (state.is('{')) depth += 1;
    if (state.is('}')) depth -= 1;
    const last = depth === 0 && (state.is(';') || state.is('}'));
    state.stream.advance();
    if (last) return;
  }
}

/** Statement: Block | ";" | Assignment | Call | one of the keywords */
export function parseStatement(state: ParserState): StatementNode {
  state.beginStatement();
  const { token } = state;
  if (state.is('{')) return parseBlock(state);
  const parse = keyword(state);
  if (parse !== undefined) return state.nested(() => parse(state));
  if (token.kind === 'variable') return parseAssignment(state);
  if (token.kind !== 'identifier') return state.unexpected('a statement');
  if (token.text === 'else') {
    return state.fail('syntax', token, '`else` without an `if` before it', {
      help: 'put one statement, or one block without a `;` after it, between if and else',
    });
  }
  const statement =
    token.text === 'route' && state.stream.peek().text === '('
      ? parseRouteCall(state)
      : parseCallStatement(state);
  endStatement(state);
  return statement;
}

/** Words of other languages, with what to use instead. */
const foreignWords: ReadonlyMap<string, string> = new Map(
  Object.entries({
    elseif: 'use else if (...) instead',
    elsif: 'use else if (...) instead',
    elif: 'use else if (...) instead',
    then: 'remove it: the statement follows the condition',
  }),
);

function parseCallStatement(state: ParserState): StatementNode {
  const { token } = state;
  const foreign = foreignWords.get(token.text.toLowerCase());
  if (foreign !== undefined)
    return state.fail('syntax', token, `\`${token.text}\` is not a statement`, { help: foreign });
  const next = state.stream.peek();
  if (next.kind === 'punctuation' && next.text === '(') return parseCall(state);
  if (assignments.has(next.text) && next.kind === 'punctuation') {
    const help = 'variables start with $, for example $var(x) = 1';
    return state.fail('syntax', token, `\`${token.text}\` is not a variable and cannot be set`, { help });
  }
  const help = `use ${token.text}(); to call a function`;
  return state.fail('syntax', token, `\`${token.text}\` is not a statement`, { help });
}

/** A `;`; a missing one belongs at the end of the statement, and everything else is fine. */
function endStatement(state: ParserState): void {
  if (state.accept(';')) return;
  const { token } = state;
  const { previous } = state.stream;
  const next =
    token.kind === 'end' ||
    token.startsLine ||
    state.is('}') ||
    keyword(state) !== undefined ||
    state.is('else');
  if (next && previous !== null) {
    const span = { start: Math.max(previous.start, previous.end - 1), end: previous.end };
    state.report('missing-semicolon', span, 'missing `;` after this statement');
    return;
  }
  state.unexpected('`;` after the statement');
}

function ended(state: ParserState, statement: StatementNode): StatementNode {
  endStatement(state);
  return statement;
}

/** The statement under an `if`, `while` or `else`; a lone `;` is an empty one. */
function parseBody(state: ParserState): StatementNode {
  const { token } = state;
  if (state.accept(';'))
    return { kind: 'block', span: { start: token.start, end: token.end }, statements: [] };
  return parseStatement(state);
}

/** "(" Expression ")"; after an error in it the body is still parsed. */
function parseCondition(state: ParserState, what: string): ExpressionNode {
  const open = state.expect('(', `after ${what}`);
  const labels = [{ span: { start: open.start, end: open.end }, message: 'the condition starts here' }];
  const condition = state.attempt(
    () => {
      const inner = state.nested(() => parseExpression(state));
      if (!state.is(')')) state.unexpected('an operator or `)` in the condition', { labels });
      return inner;
    },
    () => state.skipToClosing(),
  );
  state.accept(')');
  return condition ?? { kind: 'null', span: { start: open.start, end: open.end } };
}

/** If: "if" Condition Statement ("else" Statement)? */
function parseIf(state: ParserState): StatementNode {
  const { start } = state.stream.advance();
  const condition = parseCondition(state, '`if`');
  const then = parseBody(state);
  const otherwise = state.accept('else') ? parseBody(state) : null;
  return { kind: 'if', span: state.spanFrom(start), condition, then, otherwise };
}

/** While: "while" Condition Statement */
function parseWhile(state: ParserState): StatementNode {
  const { start } = state.stream.advance();
  const condition = parseCondition(state, '`while`');
  const body = parseBody(state);
  return { kind: 'while', span: state.spanFrom(start), condition, body };
}

/** ForEach: "for" "(" variable "in" variable ")" Statement */
function parseForEach(state: ParserState): StatementNode {
  const { start } = state.stream.advance();
  const help = 'use for ($var(x) in $(avp(list)[*])) { ... }';
  const head = state.attempt(
    () => {
      state.expect('(', 'after `for`', { help });
      const variable = parseVariable(state, 'loop variable', help);
      if (!state.accept('in')) state.unexpected('`in`', { help });
      const list = parseVariable(state, 'the variable to loop over', help);
      if (!state.is(')')) state.unexpected('`)`', { help });
      return { variable, list };
    },
    () => state.skipToClosing(),
  );
  state.accept(')');
  const body = parseBody(state);
  if (head === null) return body;
  return { kind: 'for-each', span: state.spanFrom(start), ...head, body };
}

function parseVariable(state: ParserState, what: string, help: string): VariableNode {
  const { token } = state;
  if (token.kind !== 'variable') return state.unexpected(what, { help });
  state.stream.advance();
  return token.node;
}

/** Switch: "switch" "(" variable ")" "{" (("case" value | "default") ":" Statement*)* "}" */
function parseSwitch(state: ParserState): StatementNode {
  const { start } = state.stream.advance();
  const help = 'use switch ($var(x)) { case 1: ...; break; default: ... }';
  const subject = state.attempt(
    () => {
      state.expect('(', 'after `switch`', { help });
      const variable = parseVariable(state, 'a variable', help);
      if (!state.is(')')) state.unexpected('`)`', { help });
      return variable;
    },
    () => state.skipToClosing(),
  );
  state.accept(')');
  const open = state.expect('{', 'to begin the cases', { help });
  const cases: CaseNode[] = [];
  while (state.token.kind !== 'end' && !state.is('}') && !startsDefinition(state)) {
    const before = state.token;
    const one = state.attempt(
      () => parseCase(state),
      () => skipToCase(state),
    );
    if (one !== null) cases.push(one);
    if (state.token === before) state.stream.advance();
  }
  closeBlock(state, open);
  const span = state.spanFrom(start);
  return subject === null
    ? { kind: 'block', span, statements: [] }
    : { kind: 'switch', span, subject, cases };
}

function startsCase(state: ParserState): boolean {
  return state.is('case') || (state.is('default') && state.stream.peek().text === ':');
}

function skipToCase(state: ParserState): void {
  let depth = 0;
  while (state.token.kind !== 'end' && !startsDefinition(state)) {
    if (depth === 0 && (startsCase(state) || state.is('}'))) return;
    if (state.is('{')) depth += 1;
    if (state.is('}')) depth -= 1;
    state.stream.advance();
  }
}

function parseCase(state: ParserState): CaseNode {
  const { token } = state;
  while (state.accept(';'))
    if (state.is('}'))
      return { kind: 'case', span: state.spanFrom(token.start), value: null, statements: [] };
  let value: CaseNode['value'] = null;
  if (state.accept('case')) value = parseCaseValue(state);
  else if (!state.accept('default')) return state.unexpected('`case` or `default`');
  state.expect(':', 'after the value of the case');
  const statements = parseStatements(state, () => state.is('}') || startsCase(state));
  return { kind: 'case', span: state.spanFrom(token.start), value, statements };
}

function parseCaseValue(state: ParserState): CaseNode['value'] {
  const { token } = state;
  if (token.kind === 'string') return parseString(state);
  const negative = state.accept('-');
  const number = state.token;
  const word = number.kind === 'identifier' ? numberOfWord(number.text) : null;
  const value = number.kind === 'number' ? number.value : word;
  if (value === null) return state.unexpected('a number or a string after `case`');
  state.stream.advance();
  return { kind: 'number', span: state.spanFrom(token.start), value: negative ? -value | 0 : value };
}

/** Return: "return" (Expression | "(" (Expression ("," Expression)*)? ")")? ";" */
function parseReturn(state: ParserState): StatementNode {
  const { start } = state.stream.advance();
  const values: ExpressionNode[] = [];
  if (state.accept('(')) {
    if (!state.is(')')) {
      do values.push(state.nested(() => parseExpression(state)));
      while (state.accept(','));
    }
    state.expect(')', 'after the values');
  } else if (!state.is(';') && !state.is('}') && state.token.kind !== 'end')
    values.push(parseExpression(state));
  const span = state.spanFrom(start);
  endStatement(state);
  return { kind: 'return', span, values };
}

/** `exit;` or `exit();` */
function parseBare(state: ParserState, kind: 'exit' | 'drop' | 'break'): StatementNode {
  const { start } = state.stream.advance();
  if (state.accept('(')) state.expect(')', `: ${kind} takes no value`);
  const span = state.spanFrom(start);
  endStatement(state);
  return { kind, span };
}

/** Assignment: variable AssignOperator Expression ";" */
function parseAssignment(state: ParserState): StatementNode {
  const { token } = state;
  const target = parseVariable(state, 'a variable', '');
  const operator = state.token;
  if (operator.kind !== 'punctuation' || !assignments.has(operator.text)) {
    if (state.is('[')) {
      const help = 'put a variable with an index in parentheses: $(avp(x)[1])';
      return state.fail('bad-variable', operator, 'unexpected index', { help });
    }
    const { text } = operator;
    if ((text === '+' || text === '-') && state.stream.peek().text === text) {
      const name = token.text.includes('(') ? token.text : `$var(${token.text.slice(1)})`;
      const span = { start: operator.start, end: state.stream.peek().end };
      const help = `use ${name} ${text}= 1 instead`;
      return state.fail('syntax', span, `\`${text}${text}\` is not an operator`, { help });
    }
    return state.unexpected('`=` or another assignment after the variable');
  }
  state.stream.advance();
  const value = state.comparing(true, () => parseExpression(state));
  const span = state.spanFrom(token.start);
  endStatement(state);
  return { kind: 'assign', span, target, operator: operator.text as AssignOperator, value };
}

/** Assert: "assert" "(" Expression ("," string)? ")" ";" */
function parseAssert(state: ParserState): StatementNode {
  const { start } = state.stream.advance();
  state.expect('(', 'after `assert`');
  const condition = state.nested(() => parseExpression(state));
  let message = null;
  if (state.accept(','))
    message = state.token.kind === 'string' ? parseString(state) : state.unexpected('the message, a string');
  state.expect(')', 'to close `assert(`');
  const span = state.spanFrom(start);
  endStatement(state);
  return { kind: 'assert', span, condition, message };
}
