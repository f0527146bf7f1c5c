/** Cache-Control (RFC 9111, section 5.2): directives by name in lower case; without a value, it is empty. */
export type CacheDirectives = ReadonlyMap<string, string>;

const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s",]*)))?[ \t]*(?:,|$)/y;
/** What a larger number of seconds means (RFC 9111, section 1.2.2). */
const LONGEST = 2_147_483_648;
const MAX_DIRECTIVES = 100;

/** Reads all fields of that name, joined by commas. What is not a directive is skipped up to the next comma. */
export function parseCacheControl(text: string): CacheDirectives {
  const directives = new Map<string, string>();
  let at = 0;
  while (at < text.length && directives.size < MAX_DIRECTIVES) {
    if (/[\s,]/.test(text[at] ?? '')) {
      at++;
      continue;
    }
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(text);
    if (match === null) {
      const comma = text.indexOf(',', at);
      at = comma < 0 ? text.length : comma + 1;
      continue;
    }
    at = DIRECTIVE.lastIndex;
    const name = (match[1] ?? '').toLowerCase();
    const value = match[2] ?? match[3] ?? '';
    const known = directives.get(name);
    // of two different values the shorter time counts (section 4.2.1)
    if (known === undefined || (seconds(value) ?? 0) < (seconds(known) ?? 0)) directives.set(name, value);
  }
  return directives;
}

/** A number of seconds; null for anything else. */
function seconds(value: string): number | null {
  return /^\d+$/.test(value) ? Math.min(Number(value), LONGEST) : null;
}

/** The directive's time in milliseconds; null without the directive; 0 for a value that is not a number. */
export function timeOf(directives: CacheDirectives, name: string): number | null {
  const value = directives.get(name);
  return value === undefined ? null : (seconds(value) ?? 0) * 1_000;
}

/** The value of Age in milliseconds: of several the first; 0 for anything that is not a number. */
export function ageOf(value: string | undefined): number {
  return (seconds((value ?? '').split(',')[0]?.trim() ?? '') ?? 0) * 1_000;
}
