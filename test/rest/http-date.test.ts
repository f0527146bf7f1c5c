import { describe, expect, it } from 'vitest';
import { cookieDate, httpDate } from '../../src/rest/http-date.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('a date of HTTP', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 784_111_777_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 784_111_777_000],
    ['Sun Nov  6 08:49:37 1994', 784_111_777_000],
    ['sun, 06 nov 1994 08:49:37 gmt', 784_111_777_000],
    ['Friday, 01-Jan-76 00:00:00 GMT', Date.UTC(2076, 0, 1)],
    ['Friday, 01-Jan-77 00:00:00 GMT', Date.UTC(1977, 0, 1)],
    ['Sat, 01 Jan 0050 00:00:00 GMT', new Date(0).setUTCFullYear(50, 0, 1)],
    ['Sun, 06 Nov 1994 25:49:37 GMT', null],
    ['Sun, 30 Feb 1994 08:49:37 GMT', null],
    ['Sun, 06 Nox 1994 08:49:37 GMT', null],
    ['Sun, 06 Nov 94 08:49:37 GMT', null],
    ['Sun, 06-Nov-1994 08:49:37 GMT', null],
    ['Sun, 06 Nov 1994 08:49:37 +0000', null],
    ['Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT', null],
    ['1994-11-06T08:49:37Z', null],
    ['0', null],
    ['', null],
  ])('of %j is %s', (value, milliseconds) => {
    expect(httpDate(value, NOW)).toBe(milliseconds);
  });

  it('of a cookie may have dashes and a whole year', () => {
    expect(cookieDate('Sun, 06-Nov-1994 08:49:37 GMT', NOW)).toBe(784_111_777_000);
    expect(cookieDate('tomorrow', NOW)).toBeNull();
  });
});
