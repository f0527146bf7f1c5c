/** Value words of older scripts, reported with their replacements. */
import type { StringNode } from './ast.ts';
import type { Token } from './lexer.ts';
import type { ParserState } from './parser-state.ts';

/** Words of scripts before OpenSIPS 3, with their replacements. */
const formerWords: ReadonlyMap<string, string> = new Map(
  Object.entries({
    method: '$rm',
    uri: '$ru',
    from_uri: '$fu',
    to_uri: '$tu',
    src_ip: '$si',
    src_port: '$sp',
    dst_ip: '$socket_in(ip)',
    dst_port: '$socket_in(port)',
    proto: '$socket_in(proto)',
    status: '$rs',
    retcode: '$rc',
    'msg:len': '$ml',
    myself: 'is_myself("$rd", $rp)',
  }),
);

/** `uri == myself` and the like, replaced by calls. */
const formerMyself: ReadonlyMap<string, string> = new Map(
  Object.entries({
    uri: 'is_myself("$rd", $rp)',
    $ru: 'is_myself("$rd", $rp)',
    from_uri: 'is_myself("$fd")',
    $fu: 'is_myself("$fd")',
    to_uri: 'is_myself("$td")',
    $tu: 'is_myself("$td")',
    src_ip: 'is_myself("$si")',
    dst_ip: 'is_myself("$socket_in(ip)")',
  }),
);

/** A word that is not a value. If its meaning in older scripts is known, the expression continues after it. */
export function parseFormerWord(state: ParserState): StringNode {
  const { start, end, text: word, lexer } = state.token;
  const { base, text } = lexer.file;
  const isLength = text.startsWith(':len', end - base);
  const name = isLength ? `${word}:len` : word;
  const span = { start, end: isLength ? end + 4 : end };
  const former = formerWords.get(name);
  const message = `\`${name}\` is not a value`;
  if (former === undefined) {
    const help = `use ${word}() to call a function, or put text in quotes`;
    return state.fail('bare-word', span, message, { help });
  }
  const call = formerCall(state.token);
  // `uri == myself` is reported once, at its left side
  if (call !== 'reported')
    state.report('bare-word', span, message, { help: `use ${call ?? former} instead` });
  state.stream.word((_, from) => from + name.length);
  return { kind: 'string', span, value: '', origins: [[0, start]] };
}

/** For a word of `uri == myself`, on either side of the operator: the call that replaces it. */
function formerCall({ text: word, start, end, lexer }: Token): string | undefined {
  const { base, text } = lexer.file;
  const before = text.slice(Math.max(0, start - base - 40), start - base);
  const after = text.slice(end - base, end - base + 40);
  const [, left = word, operator] =
    word === 'myself'
      ? (/(\$?\w+)\s*([!=]=)\s*$/.exec(before) ?? [])
      : (/^()\s*([!=]=)\s*myself\b/.exec(after) ?? []);
  const call = operator === undefined ? undefined : formerMyself.get(left === '' ? word : left);
  if (call === undefined) return undefined;
  if (word === 'myself' && formerWords.has(left)) return 'reported';
  return `${operator === '!=' ? '!' : ''}${call}`;
}
