/** `{s.…}`: parts, places and shapes of a string. Source: the manual, String Transformations; trans-s-*. */
import type { Value } from '../../script/index.ts';
import {
  type Arguments,
  argument,
  elementAt,
  integer,
  longestFill,
  ofText,
  ofTextAndArguments,
  ofTextAndNumber,
  type Specification,
  stringAt,
} from './define.ts';

export const stringTransformations: readonly Specification[] = [
  {
    name: 's.len',
    summary: 'The length in bytes.',
    example: ['abc', '{s.len}', 3],
    prepare: ofText((text) => text.length),
  },
  {
    name: 's.int',
    summary:
      'The integer that the text begins with, 0 where it begins with none. Beside text, and printed, it is still the whole text.',
    example: ['2868.12 sec', '{s.int}', 2868],
    prepare: ofText((text) => leadingInteger(text)),
    text: (input) => input,
  },
  {
    name: 's.reverse',
    summary: 'The bytes in reverse order.',
    example: ['onetwothree', '{s.reverse}', 'eerhtowteno'],
    prepare: ofText((text) => text.split('').reverse().join('')),
  },
  {
    name: 's.substr',
    arguments: [argument.int('offset'), argument.int('length')],
    summary:
      'A part from `offset` on (negative: from the end), `length` bytes long; 0: to the end, negative: up to that many before the end.',
    example: ['abcd', '{s.substr,1,0}', 'bcd'],
    prepare: ofTextAndArguments((text, [offset, length]) =>
      typeof offset === 'number' && typeof length === 'number' ? substring(text, offset, length) : null,
    ),
  },
  {
    name: 's.select',
    arguments: [argument.int('index'), argument.rest('separator')],
    summary: 'The field at `index` (negative: from the end) of those between separators of one character.',
    example: ['12,34,56', '{s.select,-2,,}', '34'],
    prepare: ofTextAndArguments((text, args) => {
      const index = args[0];
      const separator = stringAt(args, 1).charAt(0);
      if (typeof index !== 'number' || separator === '') return null;
      return elementAt(text.split(separator), index) ?? null;
    }),
  },
  {
    name: 's.tolower',
    summary: 'ASCII letters in lower case.',
    example: ['MiXed', '{s.tolower}', 'mixed'],
    prepare: ofText((text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
  },
  {
    name: 's.toupper',
    summary: 'ASCII letters in upper case.',
    example: ['MiXed', '{s.toupper}', 'MIXED'],
    prepare: ofText((text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  },
  {
    name: 's.index',
    arguments: [argument.string('text'), argument.optionalInt('offset')],
    summary:
      'Where `text` stands first, from `offset` on (negative: from the end, wrapping); null where nowhere.',
    example: ['onetwothreeone', '{s.index, one, 3}', 11],
    prepare: ofTextAndArguments((text, args) => index(text, args)),
  },
  {
    name: 's.rindex',
    arguments: [argument.string('text'), argument.optionalInt('offset')],
    summary: 'Where `text` stands last, beginning at `offset` at the latest; null where nowhere.',
    example: ['onetwothreeone', '{s.rindex, one, -4}', 0],
    prepare: ofTextAndArguments((text, args) => lastIndex(text, args)),
  },
  {
    name: 's.fill.left',
    arguments: [argument.string('token'), argument.int('length')],
    summary: 'Filled on the left with repetitions of `token` up to `length` bytes.',
    example: ['485', '{s.fill.left, abc, 8}', 'bcabc485'],
    prepare: ofTextAndArguments((text, args) => {
      const fill = filling(text, args);
      return fill === null ? null : fill + text;
    }),
  },
  {
    name: 's.fill.right',
    arguments: [argument.string('token'), argument.int('length')],
    summary: 'Filled on the right with repetitions of `token` up to `length` bytes.',
    example: [485, '{s.fill.right, abc, 8}', '485abcab'],
    prepare: ofTextAndArguments((text, args) => {
      const token = stringAt(args, 0);
      const length = args[1];
      if (typeof length !== 'number' || length > longestFill) return null;
      return token === '' ? text : text.padEnd(length, token);
    }),
  },
  {
    name: 's.width',
    arguments: [argument.int('length')],
    summary: 'Cut, or filled with spaces, on the right to `length` bytes.',
    example: ['transformation', '{s.width, 16}', 'transformation  '],
    prepare: ofTextAndNumber((text, length) =>
      length <= 0 || length > longestFill ? null : text.slice(0, length).padEnd(length),
    ),
  },
  {
    name: 's.trim',
    summary: 'Without spaces, tabs and line ends at both ends.',
    example: ['\t \n input string  \r  ', '{s.trim}', 'input string'],
    prepare: ofText((text) => trimRight(trimLeft(text))),
  },
  {
    name: 's.trimr',
    summary: 'Without spaces, tabs and line ends at the end.',
    example: ['\t \n input string  \r  ', '{s.trimr}', '\t \n input string'],
    prepare: ofText(trimRight),
  },
  {
    name: 's.triml',
    summary: 'Without spaces, tabs and line ends at the beginning.',
    example: ['\t \n input string  \r  ', '{s.triml}', 'input string  \r  '],
    prepare: ofText(trimLeft),
  },
  {
    name: 's.date2unix',
    summary: 'The seconds since 1970 of a Date header (RFC 3261, 20.17).',
    example: ['Thu, 13 Jun 2024 12:48:00 GMT', '{s.date2unix}', 1718282880],
    prepare: ofText(secondsOfDate),
  },
];

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

function index(text: string, args: Arguments): Value {
  const from = offset(text, args[1], 0);
  if (from === null) return null;
  const at = text.indexOf(stringAt(args, 0), from);
  return at < 0 || from > text.length ? null : at;
}

function lastIndex(text: string, args: Arguments): Value {
  const from = offset(text, args[1], text.length);
  if (from === null) return null;
  const at = text.lastIndexOf(stringAt(args, 0), from);
  return at < 0 ? null : at;
}

/** A negative offset counts from the end, and wraps as often as it takes. */
function offset(text: string, value: Arguments[number], otherwise: number): number | null {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number') return null;
  if (value >= 0) return value;
  return text.length === 0 ? 0 : (text.length + (value % text.length)) % text.length;
}

/** The repetitions end where the text begins: 5 bytes of `abc` are `bcabc`. */
function filling(text: string, args: Arguments): string | null {
  const token = stringAt(args, 0);
  const length = args[1];
  if (typeof length !== 'number' || length > longestFill) return null;
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

/** A loop: an expression like `[ \t]+$` takes quadratic time on text full of spaces. */
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
  // a day or hour that the calendar lacks would move to the next month or day; a second of 60 is a leap second
  if (date.getUTCDate() !== Number(day) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
    return null;
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  return integer(date.getTime() / 1000);
}
