/** C's strftime (IEEE 1003.1) in the C locale and local time, for `$time(format)`; and its ctime, for `$Tf`. */

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

type Conversion =
  | { readonly kind: 'text'; readonly get: (date: Date) => string }
  | {
      readonly kind: 'number';
      readonly width: number;
      readonly pad: '0' | ' ';
      readonly get: (date: Date) => number;
    }
  | { readonly kind: 'format'; readonly format: string };

const text = (get: (date: Date) => string): Conversion => ({ kind: 'text', get });
const number = (width: number, get: (date: Date) => number, pad: '0' | ' ' = '0'): Conversion => ({
  kind: 'number',
  width,
  pad,
  get,
});
const format = (composed: string): Conversion => ({ kind: 'format', format: composed });

const conversions: ReadonlyMap<string, Conversion> = new Map([
  ['a', text((d) => (days[d.getDay()] ?? '').slice(0, 3))],
  ['A', text((d) => days[d.getDay()] ?? '')],
  ['b', text((d) => (months[d.getMonth()] ?? '').slice(0, 3))],
  ['B', text((d) => months[d.getMonth()] ?? '')],
  ['c', format('%a %b %e %H:%M:%S %Y')],
  ['C', number(2, (d) => Math.floor(d.getFullYear() / 100))],
  ['d', number(2, (d) => d.getDate())],
  ['D', format('%m/%d/%y')],
  ['e', number(2, (d) => d.getDate(), ' ')],
  ['F', format('%Y-%m-%d')],
  ['g', number(2, (d) => isoWeek(d).year % 100)],
  ['G', number(1, (d) => isoWeek(d).year)],
  ['h', format('%b')],
  ['H', number(2, (d) => d.getHours())],
  ['I', number(2, (d) => d.getHours() % 12 || 12)],
  ['j', number(3, (d) => dayOfYear(d) + 1)],
  ['k', number(2, (d) => d.getHours(), ' ')],
  ['l', number(2, (d) => d.getHours() % 12 || 12, ' ')],
  ['m', number(2, (d) => d.getMonth() + 1)],
  ['M', number(2, (d) => d.getMinutes())],
  ['n', text(() => '\n')],
  ['p', text((d) => (d.getHours() < 12 ? 'AM' : 'PM'))],
  ['P', text((d) => (d.getHours() < 12 ? 'am' : 'pm'))],
  ['r', format('%I:%M:%S %p')],
  ['R', format('%H:%M')],
  ['s', number(1, (d) => Math.floor(d.getTime() / 1000))],
  ['S', number(2, (d) => d.getSeconds())],
  ['t', text(() => '\t')],
  ['T', format('%H:%M:%S')],
  ['u', number(1, (d) => d.getDay() || 7)],
  ['U', number(2, (d) => weekOfYear(d, d.getDay()))],
  ['V', number(2, (d) => isoWeek(d).week)],
  ['w', number(1, (d) => d.getDay())],
  ['W', number(2, (d) => weekOfYear(d, (d.getDay() + 6) % 7))],
  ['x', format('%m/%d/%y')],
  ['X', format('%H:%M:%S')],
  ['y', number(2, (d) => d.getFullYear() % 100)],
  ['Y', number(1, (d) => d.getFullYear())],
  ['z', text(utcOffset)],
  ['Z', text(zoneName)],
  ['%', text(() => '%')],
]);

/** A flag, a width, a modifier (without meaning in the C locale), a conversion; glibc's extensions included. */
const directive = /%([_\-0^#]*)(\d{0,3})[EO]?([A-Za-z%])/g;

/** Compiles the format to a function of the date. Everything but directives is literal. */
export function compileFormat(pattern: string): (date: Date) => string {
  const parts: (string | ((date: Date) => string))[] = [];
  let from = 0;
  for (const match of pattern.matchAll(directive)) {
    const [written, flags = '', width = '', letter = ''] = match;
    const conversion = conversions.get(letter);
    if (conversion === undefined) continue;
    parts.push(pattern.slice(from, match.index), compileConversion(conversion, flags, Number(width)));
    from = match.index + written.length;
  }
  parts.push(pattern.slice(from));
  return (date) => {
    let output = '';
    for (const part of parts) output += typeof part === 'string' ? part : part(date);
    return output;
  };
}

export function strftime(pattern: string, date: Date): string {
  return compileFormat(pattern)(date);
}

/** `Mon Nov 23 21:41:02 2026` */
export const ctime: (date: Date) => string = compileFormat('%a %b %e %H:%M:%S %Y');

function compileConversion(conversion: Conversion, flags: string, width: number): (date: Date) => string {
  const padding = /[_\-0]/.exec([...flags].reverse().join(''))?.[0];
  const upper = flags.includes('^') || flags.includes('#');
  if (conversion.kind === 'number') {
    const { get } = conversion;
    const pad = padding === '_' ? ' ' : padding === '0' ? '0' : conversion.pad;
    const least = padding === '-' ? 0 : width || conversion.width;
    return (date) => String(get(date)).padStart(least, pad);
  }
  const get = conversion.kind === 'text' ? conversion.get : compileFormat(conversion.format);
  const pad = padding === '0' ? '0' : ' ';
  return (date) => {
    const output = get(date);
    return (upper ? output.toUpperCase() : output).padStart(width, pad);
  };
}

/** From 0; counted in UTC, where every day has 24 hours. */
function dayOfYear(date: Date): number {
  const year = date.getFullYear();
  return Math.round((utc(year, date.getMonth(), date.getDate()) - utc(year, 0, 1)) / 86_400_000);
}

function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

const weekOfYear = (date: Date, daysSinceWeekStart: number) =>
  Math.floor((dayOfYear(date) + 7 - daysSinceWeekStart) / 7);

/** ISO 8601: weeks start on Monday, and belong to the year of their Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(
    date.getFullYear(),
    date.getMonth(),
    date.getDate() + 3 - ((date.getDay() + 6) % 7),
  );
  return { year: thursday.getFullYear(), week: 1 + Math.floor(dayOfYear(thursday) / 7) };
}

function utcOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

let zoneFormat: Intl.DateTimeFormat | null = null;

function zoneName(date: Date): string {
  zoneFormat ??= new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' });
  return zoneFormat.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}
