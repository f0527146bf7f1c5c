/**
 * Parses a script into its syntax tree by recursive descent. It recovers from errors, to find all of them in one run
 * and report each once.
 */
import {
  type LoadModuleNode,
  type ModuleParameterNode,
  type NameNode,
  type RouteKind,
  type RouteNode,
  routeKinds,
  type ScriptNode,
  type SettingNode,
} from './ast.ts';
import { type Diagnostic, DiagnosticList } from './diagnostics.ts';
import { parseLoadModule, parseModuleParameter, parseSetting } from './parse-settings.ts';
import { parseBlock, startsDefinition, startsOutside } from './parse-statements.ts';
import { ParserState } from './parser-state.ts';
import { SourceSet } from './source.ts';
import { describeToken, type ReadFile, TokenStream } from './token-stream.ts';

export interface ParsedScript {
  /** The parsed part of the script; complete only if no diagnostic is an error. */
  readonly script: ScriptNode;
  readonly sources: SourceSet;
  /** In the order of the source. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Parses a script. `text` is a byte string: each char code one byte of the file (`latin1`). `readFile` gives the text
 * of files that it includes; without one, `include_file` is an error. Never throws, whatever `text` contains.
 */
export function parseScript(text: string, fileName: string, readFile?: ReadFile): ParsedScript {
  const sources = new SourceSet();
  const diagnostics = new DiagnosticList();
  const file = sources.add(fileName, text);
  const state = new ParserState(new TokenStream(file, sources, diagnostics, readFile), diagnostics);
  const script = parseFile(state, text.length);
  return { script, sources, diagnostics: diagnostics.sorted() };
}

/** File: (Setting | LoadModule | ModuleParameter | Route | ";")* */
function parseFile(state: ParserState, end: number): ScriptNode {
  const settings: SettingNode[] = [];
  const modules: LoadModuleNode[] = [];
  const moduleParameters: ModuleParameterNode[] = [];
  const routes: RouteNode[] = [];
  while (state.token.kind !== 'end') {
    if (state.diagnostics.full) state.stream.stop();
    const before = state.token;
    state.attempt(
      () => {
        const { token } = state;
        if (state.accept(';')) return;
        if (state.is('}')) state.fail('unmatched-brace', token, 'unmatched `}`');
        if (token.kind !== 'identifier') state.unexpected('a parameter, loadmodule, modparam or a route');
        if (token.text === 'loadmodule') modules.push(parseLoadModule(state));
        else if (token.text === 'modparam') moduleParameters.push(parseModuleParameter(state));
        else if (isRouteKind(token.text) && state.stream.peek().text !== '(')
          routes.push(parseRoute(state, token.text));
        else if (startsSetting(state)) settings.push(parseSetting(state));
        else reportOutside(state);
      },
      () => skipToDefinition(state),
    );
    if (state.token === before) state.stream.advance();
  }
  return { kind: 'script', span: { start: 0, end }, settings, modules, moduleParameters, routes };
}

function isRouteKind(word: string): word is RouteKind {
  return (routeKinds as readonly string[]).includes(word);
}

/** A name and `=`; one name has a `-` in it: `mem-group`. */
function startsSetting(state: ParserState): boolean {
  const next = state.stream.peek();
  return next.text === '=' || (next.text === '-' && next.start === state.token.end);
}

function reportOutside(state: ParserState): never {
  const { token } = state;
  const called = state.stream.peek().text === '(';
  if (called) {
    return state.fail('statement-outside-route', token, `\`${token.text}(...)\` is outside all routes`, {
      help: 'is there an extra `}` above it?',
    });
  }
  const next = state.stream.peek();
  if (next.text === '{' && (token.text === 'request_route' || token.text === 'reply_route')) {
    const help = `use ${token.text === 'request_route' ? 'route' : 'onreply_route'} { ... } instead`;
    return state.fail('syntax', token, `\`${token.text}\` is not a kind of route`, { help });
  }
  if (next.kind === 'bad') state.stream.advance();
  const message = `expected \`=\` after the parameter \`${token.text}\`, found ${describeToken(next)}`;
  return state.fail('syntax', next, message);
}

/** Skips to the next line that begins a definition. */
function skipToDefinition(state: ParserState): void {
  let depth = 0;
  while (state.token.kind !== 'end') {
    const { token } = state;
    if (token.startsLine && startsDefinition(state)) return;
    if (depth === 0 && startsOutside(state)) return;
    if (state.is('{')) depth += 1;
    if (state.is('}')) depth = Math.max(0, depth - 1);
    state.stream.advance();
  }
}

/** Route: RouteKind ("[" name ("," interval | "," mode)? "]")? Block */
function parseRoute(state: ParserState, routeKind: RouteKind): RouteNode {
  const { start } = state.stream.advance();
  let name: NameNode | null = null;
  let interval: number | null = null;
  if (state.accept('[')) {
    name = state.name("the route's name");
    if (routeKind === 'timer_route') interval = parseInterval(state);
    else if (routeKind === 'event_route') parseMode(state);
    state.expect(']', "after the route's name");
  } else if (routeKind === 'timer_route') parseInterval(state);
  const head = state.spanFrom(start);
  const body = parseBlock(state);
  return { kind: 'route', span: state.spanFrom(start), routeKind, name, interval, head, body };
}

function parseInterval(state: ParserState): number {
  const help = 'use timer_route[name, 30] { ... }, with the interval in seconds';
  state.expect(',', 'and the interval in seconds', { help });
  const { token } = state;
  const value =
    token.kind === 'number'
      ? token.value
      : token.kind === 'string' && /^[0-9]{1,9}$/.test(token.text)
        ? Number(token.text)
        : 0;
  if (value <= 0) return state.unexpected('the interval in seconds, at least 1', { help });
  state.stream.advance();
  return value;
}

/** `event_route[E_X, async]`: siprest always runs event_routes separately, so `sync` and `async` are the same. */
function parseMode(state: ParserState): void {
  if (!state.accept(',')) return;
  if (!state.accept('async') && !state.accept('sync')) state.unexpected('`sync` or `async`');
}
