/** `{s.…}`: parts, positions and formats of a string. Source: the manual, String Transformations; trans-s-*. */
import { defineTransformations } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { elementAt } from './parts.ts';

/** The longest padded text (`s.fill.left`, `s.width`): 1 MiB. */
const longestFill = 1_048_576;

export const stringTransformations = defineTransformations([
  {
    name: 's.len',
    arguments: [],
    summary: 'The length in bytes.',
    example: ['abc', '{s.len}', 3],
    apply: (text) => text.length,
  },
  {
    name: 's.int',
    arguments: [],
    summary:
      'The integer at the start of the text, 0 if there is none. When printed or joined with text, it is still the whole text.',
    example: ['2868.12 sec', '{s.int}', 2868],
    apply: (text) => leadingInteger(text),
    text: (input) => input,
  },
  {
    name: 's.reverse',
    arguments: [],
    summary: 'The bytes in reverse order.',
    example: ['onetwothree', '{s.reverse}', 'eerhtowteno'],
    apply: (text) => text.split('').reverse().join(''),
  },
  {
    name: 's.substr',
    arguments: [
      { name: 'offset', type: 'int' },
      { name: 'length', type: 'int' },
    ],
    summary:
      'The part from `offset` (negative: from the end) with `length` bytes; 0: to the end, negative: up to that many bytes before the end.',
    example: ['abcd', '{s.substr,1,0}', 'bcd'],
    apply: substring,
  },
  {
    name: 's.select',
    arguments: [
      { name: 'index', type: 'int' },
      { name: 'separator', type: 'rest' },
    ],
    summary: 'The field at `index` (negative: from the end), with a single character as separator.',
    example: ['12,34,56', '{s.select,-2,,}', '34'],
    apply: (text, index, separators) => {
      const separator = separators.charAt(0);
      return separator === '' ? null : (elementAt(text.split(separator), index) ?? null);
    },
  },
  {
    name: 's.tolower',
    arguments: [],
    summary: 'The text with ASCII letters in lower case.',
    example: ['MiXed', '{s.tolower}', 'mixed'],
    apply: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  },
  {
    name: 's.toupper',
    arguments: [],
    summary: 'The text with ASCII letters in upper case.',
    example: ['MiXed', '{s.toupper}', 'MIXED'],
    apply: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  },
  {
    name: 's.index',
    arguments: [
      { name: 'text', type: 'string' },
      { name: 'offset', type: 'int', optional: true },
    ],
    summary:
      'The first position of `text` at or after `offset` (negative: from the end, wrapping); null if not found.',
    example: ['onetwothreeone', '{s.index, one, 3}', 11],
    apply: index,
  },
  {
    name: 's.rindex',
    arguments: [
      { name: 'text', type: 'string' },
      { name: 'offset', type: 'int', optional: true },
    ],
    summary: 'The last position of `text` at or before `offset`; null if not found.',
    example: ['onetwothreeone', '{s.rindex, one, -4}', 0],
    apply: lastIndex,
  },
  {
    name: 's.fill.left',
    arguments: [
      { name: 'token', type: 'string' },
      { name: 'length', type: 'int' },
    ],
    summary: 'The text padded on the left with repetitions of `token` to `length` bytes.',
    example: ['485', '{s.fill.left, abc, 8}', 'bcabc485'],
    apply: (text, token, length) => {
      const fill = filling(text, token, length);
      return fill === null ? null : fill + text;
    },
  },
  {
    name: 's.fill.right',
    arguments: [
      { name: 'token', type: 'string' },
      { name: 'length', type: 'int' },
    ],
    summary: 'The text padded on the right with repetitions of `token` to `length` bytes.',
    example: [485, '{s.fill.right, abc, 8}', '485abcab'],
    apply: (text, token, length) =>
      length > longestFill ? null : token === '' ? text : text.padEnd(length, token),
  },
  {
    name: 's.width',
    arguments: [{ name: 'length', type: 'int' }],
    summary: 'The text truncated, or padded with spaces on the right, to `length` bytes.',
    example: ['transformation', '{s.width, 16}', 'transformation  '],
    apply: (text, length) =>
      length <= 0 || length > longestFill ? null : text.slice(0, length).padEnd(length),
  },
  {
    name: 's.trim',
    arguments: [],
    summary: 'The text without spaces, tabs and line breaks at either end.',
    example: ['\t \n input string  \r  ', '{s.trim}', 'input string'],
    apply: (text) => trimRight(trimLeft(text)),
  },
  {
    name: 's.trimr',
    arguments: [],
    summary: 'The text without trailing spaces, tabs and line breaks.',
    example: ['\t \n input string  \r  ', '{s.trimr}', '\t \n input string'],
    apply: trimRight,
  },
  {
    name: 's.triml',
    arguments: [],
    summary: 'The text without leading spaces, tabs and line breaks.',
    example: ['\t \n input string  \r  ', '{s.triml}', 'input string  \r  '],
    apply: trimLeft,
  },
  {
    name: 's.date2unix',
    arguments: [],
    summary: 'The seconds since 1970 of a Date header (RFC 3261, 20.17).',
    example: ['Thu, 13 Jun 2024 12:48:00 GMT', '{s.date2unix}', 1718282880],
    apply: secondsOfDate,
  },
]);

/** A sign, digits; wraps at 32 bits like all integers of a script. */
function leadingInteger(text: string): number {
  const [, sign, digits = ''] = /^([+-]?)(\d{1,1000})/.exec(text) ?? [];
  const value = digits.length > 15 ? Number(BigInt.asIntN(32, BigInt(digits))) : Number(digits) | 0;
  return sign === '-' ? -value | 0 : value;
}

function substring(text: string, offset: number, length: number): Value {
  const start = offset < 0 ? text.length + offset : offset;
  if (start < 0 || start >= text.length) return null;
  if (length === 0) return text.slice(start);
  const end = length < 0 ? text.length + length : start + length;
  return end < start ? null : text.slice(start, end);
}

function index(text: string, part: string, first: number | undefined): Value {
  const from = offset(text, first, 0);
  const at = text.indexOf(part, from);
  return at < 0 || from > text.length ? null : at;
}

function lastIndex(text: string, part: string, last: number | undefined): Value {
  const at = text.lastIndexOf(part, offset(text, last, text.length));
  return at < 0 ? null : at;
}

/** A negative offset counts from the end, wrapping as often as necessary. */
function offset(text: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value >= 0) return value;
  return text.length === 0 ? 0 : (text.length + (value % text.length)) % text.length;
}

/** Padding is cut on its left: 5 bytes of `abc` are `bcabc`. */
function filling(text: string, token: string, length: number): string | null {
  if (length > longestFill) return null;
  const missing = length - text.length;
  if (missing <= 0 || token === '') return '';
  return token.repeat(Math.ceil(missing / token.length)).slice(-missing);
}

const isBlank = (code: number) => code === 32 || code === 9 || code === 10 || code === 13;

function trimLeft(text: string): string {
  let start = 0;
  while (start < text.length && isBlank(text.charCodeAt(start))) start++;
  return text.slice(start);
}

/** A loop, because an expression like `[ \t]+$` takes quadratic time on long runs of spaces. */
function trimRight(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

const sipDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function secondsOfDate(text: string): Value {
  const [, day, name = '', year, hour, minute, second] = sipDate.exec(trimRight(trimLeft(text))) ?? [];
  const month = months.indexOf(name);
  if (month < 0) return null;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month, Number(day));
  // Date would roll an invalid day or hour over into the next month or day; second 60 is a leap second
  if (date.getUTCDate() !== Number(day) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
    return null;
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  return integer(date.getTime() / 1000);
}

/** An integer result: a number if it fits 32 bits, else decimal text. */
function integer(value: number | bigint): Value {
  const number = Number(value);
  return number === (number | 0) ? number | 0 : String(value);
}
