import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ctime, strftime } from '../../src/text/strftime.ts';

const date = new Date(2026, 10, 3, 21, 4, 9);

test.each([
  ['%Y-%m-%d %H:%M:%S', '2026-11-03 21:04:09'],
  ['%a %A %b %B %e %j %p %I', 'Tue Tuesday Nov November  3 307 PM 09'],
  ['100%% %', '100% %'],
  ['%q %', '%q %'],
  ['%-d/%-m %_H %^a %010Y', '3/11 21 TUE 0000002026'],
  ['', ''],
])('%s', (pattern, output) => {
  expect(strftime(pattern, date)).toBe(output);
});

test('ctime pads the day with a space', () => {
  expect(ctime(date)).toBe('Tue Nov  3 21:04:09 2026');
});

test("every conversion except the zone's name matches date(1)", () => {
  const letters = [...'aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYz%'];
  const pattern = letters.map((letter) => `%${letter}`).join('|');
  // around turns of the year, where the three counts of weeks differ, and in summer
  for (const at of [
    '2020-12-31',
    '2021-01-01',
    '2021-01-04',
    '2023-01-01',
    '2024-02-29',
    '2024-12-30',
    '2025-07-06',
  ]) {
    const moment = new Date(`${at}T00:30:07`);
    const seconds = `@${moment.getTime() / 1000}`;
    const expected = execFileSync('date', ['-d', seconds, `+${pattern}`], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    expect(`${strftime(pattern, moment)}\n`).toBe(expected.toString());
  }
});
