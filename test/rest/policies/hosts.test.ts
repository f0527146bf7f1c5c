import { describe, expect, it } from 'vitest';
import { RestClient, type RestClientOptions, RestOptionError } from '../../../src/rest/index.ts';
import { readHosts, ruleOf } from '../../../src/rest/policies/host-rules.ts';
import { StateTable } from '../../../src/rest/policies/host-states.ts';
import { parseUrl } from '../../../src/rest/url.ts';

const ruleFor = (rules: ReturnType<typeof readHosts>, url: string): string | undefined => {
  const parsed = parseUrl(url);
  return 'error' in parsed ? parsed.error : ruleOf(rules, parsed.authority)?.pattern;
};

describe('policies by host', () => {
  it('apply according to the most specific pattern', () => {
    const patterns = [
      'a.test',
      'a.test:81',
      '*.test',
      '*.b.test',
      '*.test:82',
      '[::1]',
      '192.0.2.1:80',
      'UPPER.test',
    ];
    const rules = readHosts(Object.fromEntries(patterns.map((pattern) => [pattern, {}])));
    const cases = {
      'http://a.test': 'a.test',
      'http://A.test:81/x': 'a.test:81',
      'http://c.test': '*.test',
      'http://c.test:82': '*.test:82',
      'http://c.b.test:82': '*.b.test',
      'http://[::1]:99': '[::1]',
      'https://192.0.2.1': undefined,
      'http://192.0.2.1': '192.0.2.1:80',
      'http://upper.test': 'UPPER.test',
      'http://test': undefined,
    };
    for (const [url, pattern] of Object.entries(cases))
      expect([url, ruleFor(rules, url)]).toEqual([url, pattern]);
    expect(ruleFor(readHosts({ '*': {}, '*:81': {} }), 'http://any:81')).toBe('*:81');
  });

  it.each<[hosts: unknown, message: string]>([
    [7, 'invalid hosts: 7; expected an object of policies by host'],
    [[], 'invalid hosts: an array'],
    [{ 'a b': {} }, "expected a host such as 'credit.example.org'"],
    [{ 'a:0': {} }, 'expected a host'],
    [{ 'a:65536': {} }, 'expected a host'],
    [{ 'http://a': {} }, 'expected a host'],
    [{ 'a*': {} }, 'expected a host'],
    [{ a: {}, A: {} }, 'hosts has "A" twice, also as "a"'],
    [{ a: 1 }, "invalid hosts['a']: 1; expected an object"],
    [{ a: { limit: {} } }, 'unknown option "limit" of hosts[\'a\']; did you mean limits?'],
    [{ a: { limits: { rates: 1 } } }, 'unknown option "rates" of hosts[\'a\'].limits; did you mean rate?'],
    [{ a: { limits: { rate: '5' } } }, 'invalid hosts[\'a\'].limits.rate: "5"; expected a number per second'],
    [{ a: { limits: { concurrency: -1 } } }, 'expected 0 to 100000'],
  ])('are checked: %j', (hosts, message) => {
    const create = () => new RestClient({ hosts } as RestClientOptions);
    expect(create).toThrow(RestOptionError);
    expect(create).toThrow(message);
  });

  it('keep state for a limited number of hosts, the most recently used', () => {
    const table = new StateTable<number>(3);
    for (const key of ['a', 'b', 'c', 'a', 'd']) table.of(key, () => key.charCodeAt(0));
    expect([table.size, table.of('a', () => 0), table.of('b', () => 0)]).toEqual([3, 97, 0]);
  });
});
