/**
 * The text of flags: words, `key=value`, and `key=[...]` with lists and dictionaries. Source: modules/rtpengine of the
 * manual, rtpengine_offer(); scenarios rtpengine-offer-*.
 */
import type { Bencoded } from './bencode.ts';

/** What flags ask for. */
export interface Flags {
  /** What goes into the command as it is. */
  readonly keys: Readonly<Record<string, Bencoded>>;
  /** Values that siprest uses itself: `call-id`, `via-branch` and the like. */
  readonly own: ReadonlyMap<string, string>;
  /** `force-answer`, and `to-tag` without a value. */
  readonly words: ReadonlySet<string>;
}

/** Keys that are handled here. */
const ownKeys: ReadonlySet<string> = new Set([
  ...['call-id', 'from-tag', 'to-tag', 'via-branch', 'via-branch-param', 'received-from'],
]);
const ownWords: ReadonlySet<string> = new Set(['to-tag', 'force-answer']);

/** Keys of scripts whose name in the protocol is another one. */
const renamed: Readonly<Record<string, string>> = { 'address-family': 'address family' };

/** Words that stand for a value in a list, by their names in it. */
const listed: Readonly<Record<string, readonly [list: string, value: string]>> = {
  'replace-origin': ['replace', 'origin'],
  'replace-session-connection': ['replace', 'session-connection'],
  'replace-zero-address': ['replace', 'zero address'],
  ...Object.fromEntries(
    ['demux', 'reject', 'offer', 'require', 'accept'].map((one) => [`rtcp-mux-${one}`, ['rtcp-mux', one]]),
  ),
  internal: ['direction', 'internal'],
  external: ['direction', 'external'],
};

const profile = /^(?:RTP|UDP\/TLS\/RTP)\/S?AVPF?$/;
const deepest = 8;
const longestBracket = 4096;

/** The flags of a text; a string says what is wrong with it. */
export function parseFlags(text: string): Flags | string {
  const keys: Record<string, Bencoded> = {};
  const own = new Map<string, string>();
  const words = new Set<string>();
  const lists: Record<string, string[]> = {};
  const list = (name: string, value: string): void => {
    (lists[name] ??= []).push(value);
  };
  let transport = { isSecure: false, hasFeedback: false, isSet: false };
  const items = split(text);
  if (items === null) return 'unbalanced brackets';
  for (const item of items) {
    const [, key = '', value = null] = /^([^=]+)(?:=(.*))?$/s.exec(item) ?? [];
    if (key === '') return `invalid flag "${item}"`;
    if (value === null) {
      const entry = Object.hasOwn(listed, key) ? listed[key] : undefined;
      if (ownWords.has(key)) words.add(key);
      else if (entry !== undefined) list(...entry);
      else if (profile.test(key)) keys['transport-protocol'] = key;
      else if (/^S?RTP$/.test(key)) transport = { ...transport, isSet: true, isSecure: key === 'SRTP' };
      else if (/^AVPF?$/.test(key)) transport = { ...transport, isSet: true, hasFeedback: key === 'AVPF' };
      else list('flags', key);
    } else if (ownKeys.has(key)) {
      if (value !== '') own.set(key, value);
    } else if (key === 'in-iface') (lists['direction'] ??= []).unshift(value);
    else if (key === 'out-iface') list('direction', value);
    else if (value.startsWith('[')) {
      const parsed = bracket(value, 1);
      if (parsed === null)
        return `invalid value of ${key}: use [...] up to ${deepest} levels deep and ${longestBracket} bytes long`;
      keys[key] = parsed;
    } else keys[renamed[key] ?? key] = value;
  }
  const { direction } = lists;
  if (direction !== undefined && direction.length !== 2)
    return 'a direction needs two interfaces: in-iface=... and out-iface=...';
  if (transport.isSet)
    keys['transport-protocol'] = `RTP/${transport.isSecure ? 'S' : ''}AVP${transport.hasFeedback ? 'F' : ''}`;
  return { keys: { ...keys, ...lists }, own, words };
}

/** Items between blanks that are not within brackets; null if brackets do not match. */
function split(text: string): string[] | null {
  const items: string[] = [];
  let depth = 0;
  let item = '';
  for (const char of text) {
    if (char === '[') depth++;
    if (char === ']') depth--;
    if (depth < 0) return null;
    if (depth === 0 && /\s/.test(char)) {
      if (item !== '') items.push(item);
      item = '';
    } else item += char;
  }
  if (item !== '') items.push(item);
  return depth === 0 ? items : null;
}

/** `[a b]` is a list, `[key=value ...]` a dictionary. */
function bracket(text: string, depth: number): Bencoded | null {
  if (depth > deepest || text.length > longestBracket || !text.endsWith(']')) return null;
  const items = split(text.slice(1, -1));
  if (items === null) return null;
  const read = (item: string) => (item.startsWith('[') ? bracket(item, depth + 1) : unescaped(item));
  const isDictionary = items.some((item) => /^[^[\]]*=/.test(item));
  const entries = items.map((item): readonly [string, Bencoded | null] => {
    const [, key = '', value = ''] = (isDictionary ? /^([^=]*)=?(.*)$/s : /^()(.*)$/s).exec(item) ?? [];
    return [unescaped(key), read(value)];
  });
  const valid = entries.filter((entry): entry is [string, Bencoded] => entry[1] !== null);
  if (valid.length < entries.length) return null;
  return isDictionary ? Object.fromEntries(valid) : valid.map(([, value]) => value);
}

/** Blanks and equals signs within brackets are written `..` and `--`. */
const unescaped = (text: string): string => text.replaceAll('..', ' ').replaceAll('--', '=');
