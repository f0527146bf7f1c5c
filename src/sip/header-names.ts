/** Header names in their usual spelling, with their compact forms (RFC 3261, 20 and IANA's list). */

const HEADERS: readonly (readonly [name: string, compact?: string])[] = [
  ['Accept'],
  ['Accept-Contact', 'a'],
  ['Accept-Encoding'],
  ['Accept-Language'],
  ['Alert-Info'],
  ['Allow'],
  ['Allow-Events', 'u'],
  ['Authentication-Info'],
  ['Authorization'],
  ['Call-ID', 'i'],
  ['Call-Info'],
  ['Contact', 'm'],
  ['Content-Disposition'],
  ['Content-Encoding', 'e'],
  ['Content-Language'],
  ['Content-Length', 'l'],
  ['Content-Type', 'c'],
  ['CSeq'],
  ['Date'],
  ['Diversion'],
  ['Error-Info'],
  ['Event', 'o'],
  ['Expires'],
  ['From', 'f'],
  ['Identity', 'y'],
  ['In-Reply-To'],
  ['Max-Forwards'],
  ['MIME-Version'],
  ['Min-Expires'],
  ['Min-SE'],
  ['Organization'],
  ['P-Asserted-Identity'],
  ['P-Preferred-Identity'],
  ['Path'],
  ['Priority'],
  ['Privacy'],
  ['Proxy-Authenticate'],
  ['Proxy-Authorization'],
  ['Proxy-Require'],
  ['RAck'],
  ['Reason'],
  ['Record-Route'],
  ['Refer-To', 'r'],
  ['Referred-By', 'b'],
  ['Reject-Contact', 'j'],
  ['Remote-Party-ID'],
  ['Replaces'],
  ['Reply-To'],
  ['Request-Disposition', 'd'],
  ['Require'],
  ['Retry-After'],
  ['Route'],
  ['RSeq'],
  ['Server'],
  ['Service-Route'],
  ['Session-Expires', 'x'],
  ['SIP-ETag'],
  ['SIP-If-Match'],
  ['Subject', 's'],
  ['Subscription-State'],
  ['Supported', 'k'],
  ['Timestamp'],
  ['To', 't'],
  ['Unsupported'],
  ['User-Agent'],
  ['Via', 'v'],
  ['Warning'],
  ['WWW-Authenticate'],
];

const keys = new Map<string, string>();
const names = new Map<string, string>();
for (const [name, compact] of HEADERS) {
  const key = name.toLowerCase();
  names.set(key, name);
  keys.set(name, key);
  keys.set(key, key);
  if (compact !== undefined) {
    keys.set(compact, key);
    keys.set(compact.toUpperCase(), key);
  }
}

/** A spelling of a name, and its {@link headerKey}. */
interface WrittenName {
  readonly name: string;
  readonly key: string;
}

const LETTERS = 32;
/** The spellings in `keys` by length and first letter, to recognize a name in a message without extracting it. */
const written: WrittenName[][] = [];
for (const [name, key] of keys) {
  const place = placeOf(name, 0, name.length);
  while (written.length <= place) written.push([]);
  written[place]?.push({ name, key });
}

function placeOf(text: string, from: number, end: number): number {
  return (end - from) * LETTERS + (text.charCodeAt(from) % LETTERS);
}

/** The name between `from` and `end` if it is known and spelled as usual. */
export function knownHeaderName(text: string, from: number, end: number): WrittenName | undefined {
  const there = written[placeOf(text, from, end)];
  if (there !== undefined) for (const one of there) if (text.startsWith(one.name, from)) return one;
  return undefined;
}

/** Key for comparing headers: the full name in lower case, also for a compact form (`v` and `VIA`: `via`). */
export function headerKey(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  return keys.get(lower) ?? lower;
}

/** The name as the RFCs write it (`call-id`, `i`: `Call-ID`); an unknown one unchanged. */
export function canonicalHeaderName(name: string): string {
  return names.get(headerKey(name)) ?? name;
}

const TOKEN = /^[\w.!%*+`'~-]+$/;

/** Whether the text is a token (RFC 3261, 25.1), as methods and header names must be. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
