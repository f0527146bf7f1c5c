import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesRecurrence } from '../../src/modules/cfgutils/time-recurrence.ts';
import { runScript } from '../support/run-script.ts';

const modules = ['cfgutils'];
const prints = async (body: string, rest = '') => (await runScript(body, { modules, rest })).prints;

describe('lists', () => {
  test('are counted, as are headers', async () => {
    expect(
      await prints(`
        $avp(d) = 1; $avp(d) = 2; $avp(d) = 3;
        set_count($avp(d), $var(n)); set_count($(hdr(Via)), $var(v)); set_count($avp(none), $var(z));
        xlog("$var(n) $var(v) $var(z)");`),
    ).toEqual(['3 2 0']);
  });

  test('are shuffled without losses', async () => {
    const [list = ''] = await prints(`
      $avp(d) = 1; $avp(d) = 2; $avp(d) = 3; $avp(d) = 4;
      if (shuffle_avps($avp(d))) xlog("$(avp(d)[*])");
      if (shuffle_avps($avp(none))) xlog("never");`);
    expect(list.split(', ').toSorted()).toEqual(['1', '2', '3', '4']);
  });

  test('return each index with the probability of its weight', async () => {
    expect(
      await prints(`
        $avp(w) = 0; $avp(w) = 5; $avp(w) = 0;
        $var(i) = set_select_weight($avp(w)); xlog("$var(i)");
        $avp(w) := 0; $var(i) = set_select_weight($avp(w)); xlog("$var(i)");`),
    ).toEqual(['1', '-1']);
  });
});

describe('times', () => {
  test.each([
    ['ts_usec_delta(10, 300, 12, 100, $var(s), $var(i))', '1 1999800 1999800'],
    ['ts_usec_delta(12, 100, 10, 300, $var(s), $var(i))', '1 1999800 1999800'],
    ['ts_usec_delta(0, 0, 3600, 1, $var(s), $var(i))', '-1 3600000001 <null>'],
    ['ts_usec_delta(0, 0, 2000000000, 1, $var(s))', '1 2000000000000001 <null>'],
  ])('%s', async (call, expected) => {
    expect(await prints(`$var(i) = NULL; ${call}; xlog("$rc $var(s) $var(i)");`)).toEqual([expected]);
  });

  test.each([
    ['check_time_rec("UTC|20121101T000000||p30d", "1352000000")', '1'],
    ['check_time_rec("UTC|20121101T000000||p30d", "1400000000")', '-1'],
    ['check_time_rec("20000101T000000")', '1'],
    ['check_time_rec("never")', '-2'],
    ['check_time_rec("20000101T000000", "soon")', '-2'],
  ])('%s returns %s', async (call, expected) => {
    expect(await prints(`${call}; xlog("$rc");`)).toEqual([expected]);
  });
});

describe('time recurrences', () => {
  const at = (text: string) => Date.parse(text) / 1000;
  const officeHours =
    'UTC|20210104T080000|20211231T180000||WEEKLY|||MO,TU,WE,TH,FR & !UTC|20210104T120000|20211231T140000||WEEKLY|||MO,TU,WE,TH,FR';
  const newYork =
    'America/New_York|20210104T090000|20210104T170000||WEEKLY|||MO,TU,WE,TH,FR & !(Europe/Amsterdam|20210427T000000|20210428T000000 / Europe/London|20211227T000000|20211228T000000)';
  test.each([
    [officeHours, '2021-03-03T09:00:00Z', true],
    [officeHours, '2021-03-03T13:00:00Z', false],
    [officeHours, '2021-03-03T18:00:00Z', false],
    [officeHours, '2021-03-06T09:00:00Z', false],
    [officeHours, '2022-03-03T09:00:00Z', false],
    [officeHours, '2021-01-03T09:00:00Z', false],
    [newYork, '2021-04-26T14:00:00Z', true],
    [newYork, '2021-04-27T14:00:00Z', false],
    [newYork, '2021-07-01T12:30:00Z', false],
    [newYork, '2021-07-01T13:30:00Z', true],
    [newYork, '2021-12-01T13:30:00Z', false],
    // over midnight
    ['UTC|20210101T220000|20210102T020000||DAILY', '2021-05-05T01:30:00Z', true],
    ['UTC|20210101T220000|20210102T020000||DAILY', '2021-05-05T02:30:00Z', false],
    // from Friday to Monday
    ['UTC|20210101T180000|20210104T080000||WEEKLY', '2021-05-09T12:00:00Z', true],
    ['UTC|20210101T180000|20210104T080000||WEEKLY', '2021-05-10T12:00:00Z', false],
    // every other day, until
    ['UTC|20210101T000000||P1D|DAILY|20210110T000000|2', '2021-01-05T12:00:00Z', true],
    ['UTC|20210101T000000||P1D|DAILY|20210110T000000|2', '2021-01-06T12:00:00Z', false],
    ['UTC|20210101T000000||P1D|DAILY|20210110T000000|2', '2021-01-11T12:00:00Z', false],
    // the last Sunday of the month, the first Monday
    ['UTC|20210101T000000||P1D|MONTHLY|||-1SU', '2021-05-30T12:00:00Z', true],
    ['UTC|20210101T000000||P1D|MONTHLY|||-1SU', '2021-05-23T12:00:00Z', false],
    ['UTC|20210101T000000||P1D|MONTHLY|||1MO', '2021-06-07T12:00:00Z', true],
    ['UTC|20210101T000000||P1D|MONTHLY||||-1', '2021-02-28T12:00:00Z', true],
    ['UTC|20210101T000000||P1D|MONTHLY||||-1', '2021-02-27T12:00:00Z', false],
    // years, weeks, months
    ['UTC|20201225T000000||P1D|YEARLY', '2023-12-25T12:00:00Z', true],
    ['UTC|20201225T000000||P1D|YEARLY', '2023-12-26T12:00:00Z', false],
    ['UTC|20200101T000000||P1D|YEARLY|||||-1', '2023-12-31T12:00:00Z', true],
    ['UTC|20200101T000000||P1D|YEARLY|||MO|||53', '2020-12-28T12:00:00Z', true],
    ['UTC|20200101T000000||P1D|DAILY|||||||7,8', '2021-07-15T12:00:00Z', true],
    ['UTC|20200101T000000||P1D|DAILY|||||||7,8', '2021-09-15T12:00:00Z', false],
  ])('%s at %s: %s', (text, time, expected) => {
    expect(matchesRecurrence(text, at(time))).toBe(expected);
  });

  test.each([
    '20210101T000000 &',
    '(20210101T000000',
    '20210101T000000)',
    'Nowhere/Land|20210101T000000',
    '20211301',
    '20210101|||HOURLY',
    '20210101||P',
    '20210101||P1D|DAILY||0',
    '20210101||P1D|DAILY|||XX',
    '20210101||P1D|DAILY||||32',
    `${'('.repeat(100)}20210101${')'.repeat(100)}`,
  ])('%s is none', (text) => {
    expect(matchesRecurrence(text, 0)).toBeNull();
  });

  test('any text has a result', () => {
    const part = fc.constantFrom(
      'UTC|',
      '|',
      '20210101T000000',
      'P9999D',
      'DAILY',
      '&',
      '/',
      '!',
      '(',
      ')',
      ',',
      '-1SU',
      '53',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 30 }), fc.nat(), (parts, time) => {
        expect([true, false, null]).toContain(matchesRecurrence(parts.join(''), time));
      }),
    );
  });
});

describe('locks', () => {
  test('make one message wait for another', async () => {
    const { prints: lines } = await runScript(
      `raise_event("E_OTHER");
       get_static_lock("zone");
       xlog("main has it");
       usleep(20000);
       xlog("main gives it back");
       release_static_lock("zone");`,
      {
        modules,
        workers: 2,
        rest: `event_route[E_OTHER] {
          usleep(5000);
          get_static_lock("zone");
          xlog("other has it");
          release_static_lock("zone");
        }`,
      },
    );
    expect(lines).toEqual(['main has it', 'main gives it back', 'other has it']);
  });

  test('are not reentrant, and static and dynamic ones are separate', async () => {
    expect(
      await prints(`
        get_dynamic_lock($ci); get_dynamic_lock($ci); xlog("$rc");
        get_static_lock("c1@atlanta.example"); xlog("$rc");
        release_dynamic_lock($ci); get_dynamic_lock($ci); xlog("$rc");
        release_dynamic_lock("never taken"); xlog("$rc");
        strings_share_lock($ci, "c1@atlanta.example"); xlog("$rc");
        strings_share_lock("a", "b"); xlog("$rc");`),
    ).toEqual(['-1', '1', '1', '1', '1', '-1']);
  });
});

describe('variables', () => {
  test('are set in every worker from the start', async () => {
    const rest = `modparam("cfgutils", "varset", "gw=s:sip:11.11.11.11;transport=tcp")
      modparam("cfgutils", "varset", "init=i:1")
      modparam("cfgutils", "shvset", "debug=i:7")`;
    expect(await prints('xlog("$var(gw) $var(init) $shv(debug) $shv(none)");', rest)).toEqual([
      'sip:11.11.11.11;transport=tcp 1 7 0',
    ]);
  });

  test('of the environment and of time', async () => {
    process.env['SIPREST_TEST'] = 'here';
    try {
      expect(await prints('xlog("$env(SIPREST_TEST) $env(SIPREST_NONE)");')).toEqual(['here <null>']);
    } finally {
      delete process.env['SIPREST_TEST'];
    }
    const [year] = await prints('xlog("$ctime(year)");');
    expect(Math.abs(Number(year) - new Date().getFullYear())).toBeLessThanOrEqual(1);
  });
});

describe('chance', () => {
  test('is as configured', async () => {
    expect(
      await prints(`
        if (rand_event(100)) xlog("always"); if (rand_event(0)) xlog("never");
        rand_set_prob(42); $var(p) = rand_get_prob(); xlog("$var(p)");
        rand_set_prob(101); xlog("$rc"); if (rand_event()) xlog("always");
        rand_set_prob(-5); $var(p) = rand_get_prob(); xlog("$var(p)"); if (rand_event()) xlog("never");
        rand_reset_prob(); $var(p) = rand_get_prob(); xlog("$var(p)");`),
    ).toEqual(['always', '42', '1', 'always', '-5', '10']);
  });
});
