/** File name patterns as in fnmatch(3), for keys and header names: `*`, `?`, `[a-z]`, `[!a-z]`, `\*`. */

/**
 * Whether the whole text matches. Only the last of several `*` is ever retried, so the time is at most the product of
 * both lengths.
 */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let retry = 0;
  let p = 0;
  while (at < text.length) {
    const next = pattern[p] === '*' ? -1 : matchOne(pattern, p, text.charAt(at));
    if (next > 0) {
      p = next;
      at += 1;
    } else if (next < 0) {
      star = p;
      retry = at;
      p += 1;
    } else if (star >= 0) {
      p = star + 1;
      retry += 1;
      at = retry;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** The position in the pattern after what matches this character; 0 if it does not match. */
function matchOne(pattern: string, at: number, char: string): number {
  switch (pattern[at]) {
    case undefined:
      return 0;
    case '?':
      return at + 1;
    case '\\':
      return pattern[at + 1] === char ? at + 2 : 0;
    case '[': {
      const end = bracketEnd(pattern, at);
      if (end > 0) return inBracket(pattern.slice(at + 1, end), char) ? end + 1 : 0;
    }
  }
  return pattern[at] === char ? at + 1 : 0;
}

/** The index of the `]`; one at the start of the brackets is a member. 0 if missing, which makes the `[` a literal. */
function bracketEnd(pattern: string, open: number): number {
  const first = /[!^]/.test(pattern[open + 1] ?? '') ? open + 2 : open + 1;
  return Math.max(0, pattern.indexOf(']', first + 1));
}

function inBracket(members: string, char: string): boolean {
  const negated = /^[!^]/.test(members);
  const list = negated ? members.slice(1) : members;
  let found = false;
  for (let i = 0; i < list.length; i++) {
    const from = list.charAt(i);
    const isRange = list[i + 1] === '-' && i + 2 < list.length;
    const to = isRange ? list.charAt(i + 2) : from;
    if (char >= from && char <= to) found = true;
    if (isRange) i += 2;
  }
  return found !== negated;
}
