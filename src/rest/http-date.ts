/** Dates in header fields (RFC 9110, section 5.6.7). */

const MONTHS: readonly string[] = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';
const IMF_FIXDATE = new RegExp(
  `^[a-z]{3}, (?<day>\\d{2}) (?<month>[a-z]{3}) (?<year>\\d{4}) ${TIME} gmt$`,
  'i',
);
const RFC_850 = new RegExp(
  `^[a-z]{6,9}, (?<day>\\d{2})-(?<month>[a-z]{3})-(?<year>\\d{2}) ${TIME} gmt$`,
  'i',
);
const ASCTIME = new RegExp(`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`, 'i');
/** As Netscape specified for cookies, and as many services still write. */
const NETSCAPE = new RegExp(
  `^[a-z]{3,9}, (?<day>\\d{2})-(?<month>[a-z]{3})-(?<year>\\d{4}) ${TIME} gmt$`,
  'i',
);

/**
 * A date in one of the three forms, in milliseconds since 1970; null for anything else. Upper and lower case count alike,
 * as RFC 9111, section 4.2, asks of caches.
 * @param now what a year of two digits is near to: it is at most 50 years ahead
 */
export const httpDate = (value: string, now: number): number | null =>
  dateIn(IMF_FIXDATE.exec(value) ?? RFC_850.exec(value) ?? ASCTIME.exec(value), now);

/** The same of a cookie's Expires, which has a further form. */
export const cookieDate = (value: string, now: number): number | null =>
  httpDate(value, now) ?? dateIn(NETSCAPE.exec(value), now);

function dateIn(match: RegExpExecArray | null, now: number): number | null {
  if (match?.groups === undefined) return null;
  const { day, month, year, hour, minute, second } = match.groups;
  const [days, index] = [Number(day), MONTHS.indexOf(month?.toLowerCase() ?? '')];
  if (index < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const at = new Date(0);
  at.setUTCFullYear(year?.length === 2 ? fullYear(Number(year), now) : Number(year), index, days);
  if (at.getUTCDate() !== days) return null;
  return at.setUTCHours(Number(hour), Number(minute), Number(second));
}

function fullYear(year: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const inThisCentury = thisYear - (thisYear % 100) + year;
  return inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury;
}
