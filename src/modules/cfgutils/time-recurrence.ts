/**
 * Time recurrences for check_time_rec():
 * `timezone|dtstart|dtend|duration|freq|until|interval|byday|bymday|byyday|byweekno|bymonth` (RFC 2445, 4.8.5.4),
 * joined by `&`, `/`, `!` and parentheses. Source: modules/cfgutils of the manual.
 */

/** A calendar day and a time of day, in the time zone of the recurrence. */
interface LocalTime {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Seconds since midnight. */
  readonly second: number;
}

interface Recurrence {
  readonly zone: string | undefined;
  readonly start: LocalTime | null;
  readonly end: LocalTime | null;
  /** Seconds; null without a duration or end. */
  readonly duration: number | null;
  readonly frequency: Frequency | null;
  readonly until: LocalTime | null;
  readonly interval: number;
  readonly byDay: readonly (readonly [ordinal: number, weekday: number])[];
  readonly byMonthDay: readonly number[];
  readonly byYearDay: readonly number[];
  readonly byWeek: readonly number[];
  readonly byMonth: readonly number[];
}

/** For each frequency, the shortest time between two occurrences, in days. */
const frequencies = { DAILY: 1, WEEKLY: 7, MONTHLY: 28, YEARLY: 365 } as const;
type Frequency = keyof typeof frequencies;

const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const secondsOfDay = 86_400;
const longest = 8192;
const deepest = 32;

/** Whether a recurrence matches at a Unix time in seconds; null if it is invalid. */
export function matchesRecurrence(text: string, time: number): boolean | null {
  if (text.length > longest) return null;
  const reader = new Reader(text, time);
  const result = reader.either(0);
  return reader.atEnd ? result : null;
}

/** `/` has lower precedence than `&`; a `/` in a time zone name is not an operator. */
class Reader {
  readonly #text: string;
  readonly #time: number;
  #at = 0;

  constructor(text: string, time: number) {
    this.#text = text;
    this.#time = time;
  }

  get atEnd(): boolean {
    this.#space();
    return this.#at === this.#text.length;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #take(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  /** `both ("/" both)*` */
  either(depth: number): boolean | null {
    let result = this.#both(depth);
    while (this.#take('/')) {
      const next = this.#both(depth);
      result = result === null || next === null ? null : result || next;
    }
    return result;
  }

  /** `one ("&" one)*` */
  #both(depth: number): boolean | null {
    let result = this.#one(depth);
    while (this.#take('&')) {
      const next = this.#one(depth);
      result = result === null || next === null ? null : result && next;
    }
    return result;
  }

  /** `"!" one`, `"(" either ")"` or a recurrence. */
  #one(depth: number): boolean | null {
    if (depth > deepest) return null;
    if (this.#take('!')) {
      const result = this.#one(depth + 1);
      return result === null ? null : !result;
    }
    if (this.#take('(')) {
      const result = this.either(depth + 1);
      return this.#take(')') ? result : null;
    }
    const start = this.#at;
    while (this.#at < this.#text.length && !this.#ends(start)) this.#at += 1;
    const recurrence = parse(this.#text.slice(start, this.#at).trim());
    return recurrence === null ? null : matches(recurrence, this.#time);
  }

  #ends(start: number): boolean {
    const char = this.#text[this.#at];
    if (char === '&' || char === ')' || char === '(' || char === '!') return true;
    return char === '/' && !/^\s*[A-Za-z][^|]*$/.test(this.#text.slice(start, this.#at));
  }
}

function parse(text: string): Recurrence | null {
  if (text === '') return null;
  const fields = text.split('|').map((field) => field.trim());
  const hasZone = /^[A-Za-z]/.test(fields[0] ?? '') || (fields[0] === '' && /^\d{8}/.test(fields[1] ?? ''));
  const zone = hasZone ? fields.shift() || undefined : undefined;
  if (fields.length > 11) return null;
  const [dtstart, dtend, length, freq, last, step, byDay, byMonthDay, byYearDay, byWeek, byMonth] = fields;
  const start = optional(dtstart, parseTime);
  const end = optional(dtend, parseTime);
  const lasting = optional(length, parseDuration);
  const frequency = optional(freq, parseFrequency);
  const until = optional(last, parseTime);
  const interval = step === undefined || step === '' ? 1 : Number(step);
  const days = list(byDay, parseWeekday);
  const numbers = [list(byMonthDay, 31), list(byYearDay, 366), list(byWeek, 53), list(byMonth, 12)] as const;
  const [monthDays, yearDays, weeks, months] = numbers;
  if (start === undefined || end === undefined || lasting === undefined || frequency === undefined)
    return null;
  if (until === undefined || !Number.isInteger(interval) || interval < 1 || days === null) return null;
  if (monthDays === null || yearDays === null || weeks === null || months === null) return null;
  if (zone !== undefined && !isZone(zone)) return null;
  const duration = lasting ?? (start === null || end === null ? null : distance(start, end));
  return {
    zone,
    start,
    end,
    duration,
    frequency,
    until,
    interval,
    byDay: days,
    byMonthDay: monthDays,
    byYearDay: yearDays,
    byWeek: weeks,
    byMonth: months,
  };
}

/** Null if the field is empty, undefined if invalid. */
function optional<T>(text: string | undefined, read: (text: string) => T | null): T | null | undefined {
  return text === undefined || text === '' ? null : (read(text) ?? undefined);
}

/** `20210104T080000` or `20210104`. */
function parseTime(text: string): LocalTime | null {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?Z?$/i.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || date < 1 || date > 31 || hour > 23 || minute > 59 || second > 60)
    return null;
  return {
    day: Date.UTC(year, month - 1, date) / 1000 / secondsOfDay,
    second: hour * 3600 + minute * 60 + second,
  };
}

/** `P30D`, `PT8H30M`, `P1W` (RFC 2445, 4.3.6); case-insensitive. */
function parseDuration(text: string): number | null {
  const match = /^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$/i.exec(
    text,
  );
  if (match === null || /^PT?$/i.test(text)) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  return ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds;
}

function parseFrequency(text: string): Frequency | null {
  const name = text.toUpperCase();
  return Object.hasOwn(frequencies, name) ? (name as Frequency) : null;
}

/** `MO`, `1MO`, `-1SU`. */
function parseWeekday(text: string): readonly [number, number] | null {
  const match = /^([+-]?\d{1,2})?([A-Z]{2})$/i.exec(text);
  const weekday = weekdays.indexOf(match?.[2]?.toUpperCase() ?? '');
  return match === null || weekday < 0 ? null : [Number(match[1] ?? 0), weekday];
}

function list<T>(text: string | undefined, read: (text: string) => T | null): readonly T[] | null;
function list(text: string | undefined, maximum: number): readonly number[] | null;
function list(
  text: string | undefined,
  how: number | ((text: string) => unknown),
): readonly unknown[] | null {
  if (text === undefined || text === '') return [];
  const number = (one: string, maximum: number) =>
    /^[+-]?\d{1,3}$/.test(one) && Number(one) !== 0 && Math.abs(Number(one)) <= maximum ? Number(one) : null;
  const values = text
    .split(',')
    .map((one) => (typeof how === 'number' ? number(one.trim(), how) : how(one.trim())));
  return values.includes(null) ? null : values;
}

const distance = (from: LocalTime, to: LocalTime) =>
  (to.day - from.day) * secondsOfDay + to.second - from.second;

const zones = new Map<string, Intl.DateTimeFormat | null>();

function formatter(zone: string): Intl.DateTimeFormat | null {
  let format = zones.get(zone);
  if (format !== undefined) return format;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    format = null;
  }
  // the cache is bounded, since a name may come from the network
  if (zones.size < 1000) zones.set(zone, format);
  return format;
}

const isZone = (zone: string) => formatter(zone) !== null;

function localTime(time: number, zone: string | undefined): LocalTime {
  const date = new Date(time * 1000);
  const format = zone === undefined ? null : formatter(zone);
  if (format === null) {
    const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 1000 / secondsOfDay;
    return { day, second: date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds() };
  }
  const part = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return {
    day: Date.UTC(year, month - 1, day) / 1000 / secondsOfDay,
    second: hour * 3600 + minute * 60 + second,
  };
}

function matches(recurrence: Recurrence, time: number): boolean {
  const now = localTime(time, recurrence.zone);
  const { start, frequency, until } = recurrence;
  if (start !== null && distance(start, now) < 0) return false;
  if (until !== null && distance(now, until) < 0) return false;
  if (frequency === null)
    return recurrence.duration === null || start === null || distance(start, now) < recurrence.duration;
  const window = occurrence(recurrence, frequency);
  if (window.bound !== null && distance(now, window.bound) <= 0) return false;
  // an occurrence that covers the time began at most its length before
  const begin = start?.second ?? 0;
  for (let day = now.day; (now.day - day) * secondsOfDay + now.second - begin < window.length; day--) {
    if (start !== null && day < start.day) return false;
    const since = (now.day - day) * secondsOfDay + now.second - begin;
    if (since >= 0 && recurs(recurrence, frequency, day)) return true;
  }
  return false;
}

/**
 * The length of one occurrence. An end beyond the next occurrence bounds the whole recurrence instead, and its time of
 * day ends each occurrence, as in the manual's example of a year's working hours.
 */
function occurrence({ start, end, duration }: Recurrence, frequency: Frequency) {
  const period = frequencies[frequency] * secondsOfDay;
  if (duration === null) return { length: secondsOfDay - (start?.second ?? 0), bound: null };
  if (duration <= period || start === null || end === null || distance(start, end) !== duration)
    return { length: Math.min(duration, 366 * secondsOfDay), bound: null };
  const length = end.second - start.second;
  return { length: length > 0 ? length : length + secondsOfDay, bound: end };
}

/** Whether an occurrence begins on this day. */
function recurs(recurrence: Recurrence, frequency: Frequency, day: number): boolean {
  const date = new Date(day * secondsOfDay * 1000);
  const first = recurrence.start === null ? null : new Date(recurrence.start.day * secondsOfDay * 1000);
  if (first !== null && periods(frequency, first, date) % recurrence.interval !== 0) return false;
  const { byDay, byMonthDay, byYearDay, byWeek, byMonth } = recurrence;
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1) / 1000 / secondsOfDay;
  const yearDays = Date.UTC(date.getUTCFullYear() + 1, 0, 1) / 1000 / secondsOfDay - yearStart;
  const monthDays = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  if (!holds(byMonth, date.getUTCMonth() + 1, 12)) return false;
  if (!holds(byMonthDay, date.getUTCDate(), monthDays)) return false;
  if (!holds(byYearDay, day - yearStart + 1, yearDays)) return false;
  if (!holds(byWeek, isoWeek(day), 53)) return false;
  if (byDay.length > 0)
    return byDay.some((one) => isWeekday(one, date, frequency, monthDays, day - yearStart, yearDays));
  return first === null || byDefault(recurrence, frequency, first, date);
}

/** Constraints from dtstart where no list applies. */
function byDefault(recurrence: Recurrence, frequency: Frequency, first: Date, date: Date): boolean {
  const { byMonthDay, byYearDay, byWeek, byMonth } = recurrence;
  switch (frequency) {
    case 'DAILY':
      return true;
    case 'WEEKLY':
      return date.getUTCDay() === first.getUTCDay();
    case 'MONTHLY':
      return byMonthDay.length > 0 || date.getUTCDate() === first.getUTCDate();
    case 'YEARLY':
      if (byYearDay.length > 0 || byMonthDay.length > 0) return true;
      if (byWeek.length > 0) return date.getUTCDay() === first.getUTCDay();
      if (date.getUTCDate() !== first.getUTCDate()) return false;
      return byMonth.length > 0 || date.getUTCMonth() === first.getUTCMonth();
  }
}

/** The number of periods between two days. */
function periods(frequency: Frequency, first: Date, date: Date): number {
  const day = (one: Date) => Math.floor(one.getTime() / 1000 / secondsOfDay);
  const months = (one: Date) => one.getUTCFullYear() * 12 + one.getUTCMonth();
  switch (frequency) {
    case 'DAILY':
      return day(date) - day(first);
    case 'WEEKLY':
      // weeks begin on Monday, and the first day of 1970 is a Thursday
      return Math.floor((day(date) + 3) / 7) - Math.floor((day(first) + 3) / 7);
    case 'MONTHLY':
      return months(date) - months(first);
    case 'YEARLY':
      return date.getUTCFullYear() - first.getUTCFullYear();
  }
}

/** Whether the list contains the number, counted from either end. An empty list matches everything. */
const holds = (all: readonly number[], value: number, last: number) =>
  all.length === 0 || all.includes(value) || all.includes(value - last - 1);

function isWeekday(
  [ordinal, weekday]: readonly [number, number],
  date: Date,
  frequency: Frequency,
  monthDays: number,
  yearDay: number,
  yearDays: number,
): boolean {
  if (date.getUTCDay() !== weekday) return false;
  if (ordinal === 0 || frequency === 'DAILY' || frequency === 'WEEKLY') return true;
  const position = frequency === 'MONTHLY' ? date.getUTCDate() - 1 : yearDay;
  const length = frequency === 'MONTHLY' ? monthDays : yearDays;
  return ordinal > 0
    ? Math.floor(position / 7) + 1 === ordinal
    : -Math.floor((length - 1 - position) / 7) - 1 === ordinal;
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(day: number): number {
  const thursday = day + 3 - ((day + 3) % 7);
  const year = new Date(thursday * secondsOfDay * 1000).getUTCFullYear();
  return Math.floor((thursday - Date.UTC(year, 0, 1) / 1000 / secondsOfDay) / 7) + 1;
}
