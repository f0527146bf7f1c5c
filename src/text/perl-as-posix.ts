/**
 * Expressions in Perl's syntax that mean the same as POSIX extended ones, which JavaScript's engine matches much faster
 * than RE2.
 */

/** A part of an expression that is the same in both; `\d` and `\D` have another form. */
const part = /\\([dDwWsS]|[^A-Za-z0-9])|\[\^?\]?[^\][\\]*\]|\{\d+(?:,\d*)?\}|[^\\[\]{}]/gy;

/** The POSIX form of an expression; null if it has none. Only for texts without line breaks, which `.` matches there. */
export function posixForm(pattern: string): string | null {
  // modifiers, lazy and possessive quantifiers; groups that repeat, whose captures differ
  if (/\(\?|[*+?}][*+?{]|\)[*+{]/.test(pattern)) return null;
  let form = '';
  part.lastIndex = 0;
  while (part.lastIndex < pattern.length) {
    const [text, escaped] = part.exec(pattern) ?? [];
    if (text === undefined) return null;
    form += escaped === 'd' ? '[0-9]' : escaped === 'D' ? '[^0-9]' : text;
  }
  return form;
}
