/** Formats of a log line: text for people, JSON for machines. */

import type { Clock } from '../../timers/index.ts';

/** Lines for people, or JSON. */
export type LogFormat = 'text' | 'json';

/** `server`: siprest's own lines; `script`: what xlog() prints. */
export type LogOrigin = 'server' | 'script';

/** Further members of a JSON line. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface LineOptions {
  /** The global parameter log_prefix. */
  readonly prefix: string;
  /** The number of the process; null for a single one. */
  readonly process: number | null;
  /** The source of dates in JSON lines. */
  readonly clock: Clock;
}

/** Formats a line without its end. Text is a byte string, JSON is UTF-16. */
export type LineFormat = (level: number, text: string, origin: LogOrigin, fields: LogFields | null) => string;

const levelNames: Readonly<Record<number, string>> = {
  [-3]: 'ALERT: ',
  [-2]: 'CRITICAL: ',
  [-1]: 'ERROR: ',
  1: 'WARNING: ',
  2: 'NOTICE: ',
  3: 'INFO: ',
  4: 'DBG: ',
};

const jsonLevels: Readonly<Record<number, string>> = {
  [-3]: 'fatal',
  [-2]: 'fatal',
  [-1]: 'error',
  1: 'warn',
  2: 'info',
  3: 'info',
  4: 'debug',
};

/** The severities of syslog (RFC 5424, 6.2.1). */
const severities: Readonly<Record<number, number>> = { [-3]: 1, [-2]: 2, [-1]: 3, 1: 4, 2: 5, 3: 6, 4: 7 };

export function severityOf(level: number): number {
  return severities[level] ?? 5;
}

/** Without date and time. */
export function textLines({ prefix, process: number }: Omit<LineOptions, 'clock'>): LineFormat {
  const lead = `${number === null ? '' : `[${number}] `}${prefix === '' ? '' : `${prefix}: `}`;
  return (level, text, origin) => {
    const name = origin === 'script' && level >= 2 ? '' : (levelNames[level] ?? '');
    return `${lead}${name}${text.endsWith('\n') ? text.slice(0, -1) : text}`;
  };
}

export function jsonLines({ prefix, process: number, clock }: LineOptions): LineFormat {
  const base = JSON.stringify({
    pid: process.pid,
    ...(number === null ? {} : { process: number }),
    ...(prefix === '' ? {} : { prefix: utf8(prefix) }),
  }).slice(1, -1);
  return (level, text, origin, fields) => {
    const message = JSON.stringify(utf8(text.endsWith('\n') ? text.slice(0, -1) : text));
    const members = fields === null ? '' : JSON.stringify(fields).slice(1, -1);
    const others = members === '' ? '' : `,${members}`;
    return `{"level":"${jsonLevels[level] ?? 'info'}","time":"${inWords(clock.date()).iso}","origin":"${origin}",${base},"msg":${message}${others}}`;
  };
}

/** Formats a date in ms since 1970 as local time, `2026-11-27T22:04:05.123+01:00` (RFC 3339). */
export function localTime(date: number): string {
  return inWords(date).local;
}

// the date is formatted once a second
let second = Number.NaN;
let localSecond = '';
let offset = '';
let isoSecond = '';

function inWords(date: number): { readonly local: string; readonly iso: string } {
  const time = Math.floor(date);
  const milliseconds = time % 1000;
  if (time - milliseconds !== second) {
    second = time - milliseconds;
    const date = new Date(second);
    const two = (n: number) => (n < 10 ? `0${n}` : n);
    localSecond = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.`;
    const minutes = -date.getTimezoneOffset();
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    offset = `${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
    isoSecond = date.toISOString().slice(0, -4);
  }
  const rest =
    milliseconds < 10 ? `00${milliseconds}` : milliseconds < 100 ? `0${milliseconds}` : milliseconds;
  return { local: `${localSecond}${rest}${offset}`, iso: `${isoSecond}${rest}Z` };
}

const nonAscii = /[^\x00-\x7f]/;

function utf8(bytes: string): string {
  return nonAscii.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

// siprest's own lines also escape control characters from U+0080 on, which are two bytes of UTF-8
const controls = /[\x00-\x08\x0a-\x1f\x7f]|\xc2[\x80-\x9f]/g;
// like OpenSIPS, scripts print text of any encoding: bytes from 0x80 on remain
const dangerous = /[\x00-\x06\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/** Escapes control characters except tabs. */
export function printable(text: string): string {
  return text.replace(controls, shown);
}

/**
 * Keeps the line breaks and bells of a script's text; escapes other control characters and escape sequences, with which
 * a caller could overwrite a terminal. With `colors`, those of `$C(xy)` remain.
 */
export function printableLines(text: string, colors: boolean): string {
  if (!colors) return text.replace(dangerous, shown);
  return text.replace(/(\x1b\[[\d;]*m)|[\x00-\x06\x08\x0b\x0c\x0e-\x1f\x7f]/g, (all, color) =>
    color === undefined ? shown(all) : all,
  );
}

const shown = (characters: string) =>
  [...characters].map((c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
