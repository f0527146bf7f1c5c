/** Translates a parsed POSIX pattern for the two engines, JavaScript's and RE2. */
import type { AssertionNode, RegexNode } from './regex-syntax.ts';

const assertions: Readonly<Record<AssertionNode['name'], string>> = {
  'text-start': '(?<![^])',
  'text-end': '(?![^])',
  'line-start': '(?<![^\\n])',
  'line-end': '(?![^\\n])',
  boundary: '\\b',
  inside: '\\B',
  'word-start': '\\b(?=\\w)',
  'word-end': '\\b(?<=\\w)',
};

/** The engine has a fast path for `^` and `$`. */
const plain: Readonly<Partial<Record<AssertionNode['name'], string>>> = {
  'text-start': '^',
  'text-end': '$',
};

export function javascriptSource(node: RegexNode): string {
  switch (node.kind) {
    case 'bytes':
      return node.source;
    case 'assertion':
      return plain[node.name] ?? assertions[node.name];
    case 'sequence':
      return node.items.map(javascriptSource).join('');
    case 'alternatives':
      return node.branches.map(javascriptSource).join('|');
    case 'group':
      return `(${javascriptSource(node.inner)})`;
    case 'repeat':
      return repeated(node, javascriptSource);
    case 'backreference':
      return `(?:\\${node.group})`;
  }
}

function repeated(
  { item, from, to }: Extract<RegexNode, { kind: 'repeat' }>,
  sourceOf: (node: RegexNode) => string,
): string {
  const inner = item.kind === 'repeat' ? `(?:${sourceOf(item)})` : sourceOf(item);
  if (to === Number.POSITIVE_INFINITY) return `${inner}${from === 0 ? '*' : from === 1 ? '+' : `{${from},}`}`;
  return `${inner}${from === 0 && to === 1 ? '?' : `{${from},${to}}`}`;
}

const re2Assertions: Readonly<Partial<Record<AssertionNode['name'], string>>> = {
  'text-start': '\\A',
  'text-end': '\\z',
  'line-start': '(?m:^)',
  'line-end': '(?m:$)',
  boundary: '\\b',
  inside: '\\B',
};

/** Null for what RE2 cannot express: back references, and `\<` and `\>` without an adjacent word. */
export function re2Source(node: RegexNode): string | null {
  let possible = true;
  const words = (at: RegexNode | undefined) =>
    at?.kind === 'bytes' && at.bytes.every((is, code) => is === 0 || isWord(code));
  const source = (one: RegexNode): string => {
    switch (one.kind) {
      case 'bytes':
        return one.source === '[^]' ? '[\\x00-\\xff]' : one.source;
      case 'assertion': {
        const known = re2Assertions[one.name];
        possible &&= known !== undefined;
        return known ?? '';
      }
      case 'sequence':
        return one.items
          .map((item, i) => {
            if (item.kind !== 'assertion') return source(item);
            // next to a word, a boundary is its start or end
            const neighbour = item.name === 'word-start' ? one.items[i + 1] : one.items[i - 1];
            const plainWord = (item.name === 'word-start' || item.name === 'word-end') && words(neighbour);
            return plainWord ? '\\b' : source(item);
          })
          .join('');
      case 'alternatives':
        return one.branches.map(source).join('|');
      case 'group':
        return `(${source(one.inner)})`;
      case 'repeat':
        return repeated(one, source);
      case 'backreference':
        possible = false;
        return '';
    }
  };
  const text = source(node);
  return possible ? text : null;
}

const isWord = (code: number) => /\w/.test(String.fromCharCode(code));
