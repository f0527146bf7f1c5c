/** The part of the file outside routes: global parameters, `loadmodule` and `modparam`. */
import type {
  LoadModuleNode,
  ModuleParameterNode,
  SettingNode,
  SettingValueNode,
  SocketOptionNode,
} from './ast.ts';
import { numberOfWord } from './number-words.ts';
import { startsOutside } from './parse-statements.ts';
import { parseString } from './parse-string.ts';
import type { ParserState } from './parser-state.ts';

/** Options after the value of a socket or an alias, and whether they take a value. */
const socketOptions: Readonly<Record<string, boolean>> = {
  as: true,
  use_workers: true,
  use_auto_scaling_profile: true,
  tag: true,
  tos: true,
  anycast: false,
  frag: false,
  reuse_port: false,
  accept_subdomain: false,
  allow_proxy_protocol: false,
  send_proxy_protocol: false,
  proxy_protocol: false,
};

/** Setting: name "=" value SocketOption* ";"? */
export function parseSetting(state: ParserState): SettingNode {
  const name = state.name("the parameter's name");
  state.expect('=', `after the parameter's name`);
  const value = name.text === 'dst_blacklist' ? parseWhole(state) : parseValue(state);
  const options: SocketOptionNode[] = [];
  for (let option = parseOption(state); option !== null; option = parseOption(state)) options.push(option);
  const span = state.spanFrom(name.span.start);
  state.accept(';');
  return { kind: 'setting', span, name, value, options };
}

function parseOption(state: ParserState): SocketOptionNode | null {
  const { token } = state;
  if (token.kind !== 'identifier' || state.stream.peek().text === '=') return null;
  const word = token.text.toLowerCase();
  // auto_scaling_profile = NAME scale up to 6 on 70% for 4 cycles within 5
  const scale = word === 'scale';
  if (!scale && !Object.hasOwn(socketOptions, word)) return null;
  const name = state.nameOf(state.stream.advance());
  if (scale) {
    const { text, span } = state.stream.word(afterLine);
    return {
      kind: 'socket-option',
      span: state.spanFrom(token.start),
      name,
      value: { kind: 'name', span, text: text.trimEnd() },
    };
  }
  const value = socketOptions[word] === true ? parseOptionValue(state) : null;
  return { kind: 'socket-option', span: state.spanFrom(token.start), name: { ...name, text: word }, value };
}

function parseOptionValue(state: ParserState): SocketOptionNode['value'] {
  if (state.token.kind === 'string') return state.nameOf(state.stream.advance());
  if (state.token.kind === 'end' || state.token.startsLine || state.is(';'))
    return state.unexpected("the option's value");
  const { text, span } = state.stream.word(afterValue);
  return { kind: 'name', span, text };
}

/** A string, or everything up to the next space: `udp:[::1]:5060`, `10`, `yes`, `eth0`. */
function parseValue(state: ParserState): SettingValueNode {
  const { token } = state;
  if (token.kind === 'string') return stringValue(state);
  if (token.kind === 'end' || token.startsLine || state.is(';') || token.kind === 'variable') {
    return state.unexpected("the parameter's value");
  }
  const { text, span } = state.stream.word(afterValue);
  // bond:name { "udp:...", "tcp:..." }
  if (text.startsWith('bond:') && state.is('{')) state.stream.word(afterValue);
  return { kind: 'setting-value', span, value: valueOfWord(text), quoted: false };
}

/** `gw/default : { (tcp, 192.0.2.1, 5060, ""), ... }`, which may have blanks anywhere, and line breaks in braces. */
function parseWhole(state: ParserState): SettingValueNode {
  if (state.token.kind === 'end' || state.token.startsLine) return state.unexpected("the parameter's value");
  const { text, span } = state.stream.word(afterBraces);
  return { kind: 'setting-value', span, value: text.trimEnd(), quoted: false };
}

function stringValue(state: ParserState): SettingValueNode {
  const { span, value } = parseString(state);
  return { kind: 'setting-value', span, value, quoted: true };
}

function valueOfWord(word: string): number | string {
  const keyword = numberOfWord(word);
  if (keyword !== null) return keyword;
  if (word.length > 16) return word;
  if (/^[+-]?0x[0-9a-f]{1,8}$/i.test(word)) return Number(word.replace(/^\+/, '')) | 0;
  if (/^[+-]?0[0-7]+$/.test(word)) return Number.parseInt(word, 8);
  return /^[+-]?[0-9]{1,10}$/.test(word) ? Number(word) : word;
}

/** Ends at space, `;` or a comment; braces and parentheses keep their contents together on one line. */
function afterValue(text: string, from: number): number {
  let at = from;
  let depth = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) break;
    if (code === 123 || code === 40) depth += 1;
    if (code === 125 || code === 41) depth -= 1;
    if (depth <= 0 && (code === 32 || code === 9 || code === 59 || code === 35)) break;
  }
  return at;
}

/** Ends at a line break, `;` or a comment outside of braces. */
function afterBraces(text: string, from: number): number {
  const [found] = /^(?:\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\}|[^{;#\n\r])*/.exec(text.slice(from)) ?? [''];
  return from + found.length;
}

function afterLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  const line = text.slice(from, end === -1 ? text.length : end);
  const comment = line.search(/[#;]/);
  return from + (comment === -1 ? line.length : comment);
}

/** LoadModule: "loadmodule" string ";"? */
export function parseLoadModule(state: ParserState): LoadModuleNode {
  const { start } = state.stream.advance();
  // file names do not span lines: the closing quote is missing
  if (state.token.kind !== 'string' || state.token.lineEnd !== null) {
    const help = 'for example: loadmodule "rest_client.so"';
    return state.unexpected("the module's file in quotes", { help });
  }
  const path = state.nameOf(state.stream.advance());
  const span = state.spanFrom(start);
  state.accept(';');
  const module = path.text.slice(path.text.lastIndexOf('/') + 1).replace(/\.so$/, '');
  return { kind: 'loadmodule', span, path, module };
}

/** ModuleParameter: "modparam" "(" string "," string "," value ")" ";"? */
export function parseModuleParameter(state: ParserState): ModuleParameterNode {
  const { start } = state.stream.advance();
  const help = 'use modparam("module", "parameter", value)';
  const details = { help };
  const text = (what: string) =>
    state.token.kind === 'string' ? state.nameOf(state.stream.advance()) : state.unexpected(what, details);
  const value = state.attempt(
    () => {
      state.expect('(', 'after `modparam`', details);
      const modules = text("the module's name in quotes");
      state.expect(',', "after the module's name", details);
      const name = text("the parameter's name in quotes");
      state.expect(',', "after the parameter's name", details);
      const set = parseParameterValue(state);
      closeModuleParameter(state);
      return { modules, name, value: set };
    },
    () => {
      state.skipToClosing(() => startsOutside(state));
      state.accept(')');
    },
  );
  const span = state.spanFrom(start);
  state.accept(';');
  // the error has been reported; without a module, no further errors follow from it
  const none = { kind: 'name', span, text: '' } as const;
  return value === null
    ? {
        kind: 'modparam',
        span,
        modules: none,
        name: none,
        value: { kind: 'setting-value', span, value: 0, quoted: false },
      }
    : { kind: 'modparam', span, ...value };
}

/** If only `)` is missing, everything from the next line on is fine. */
function closeModuleParameter(state: ParserState): void {
  if (state.accept(')')) return;
  if (state.token.kind !== 'end' && !state.is(';') && !startsOutside(state))
    state.unexpected('`)` to close `modparam(`');
  const end = state.stream.previous?.end ?? state.token.start;
  state.report('unclosed-parenthesis', { start: end - 1, end }, 'missing `)` after the value');
}

function parseParameterValue(state: ParserState): SettingValueNode {
  const { token } = state;
  if (token.kind === 'string') return stringValue(state);
  const negative = state.accept('-');
  const number = state.token;
  const value =
    number.kind === 'number' ? number.value : number.kind === 'identifier' ? numberOfWord(number.text) : null;
  if (value === null) return state.unexpected('a number or a string');
  state.stream.advance();
  return {
    kind: 'setting-value',
    span: state.spanFrom(token.start),
    value: negative ? -value : value,
    quoted: false,
  };
}
