/** What the policies of a host cost, or save, by the CPU time of a request without any. */
import type { HostOptions, RestClientOptions } from '../../src/rest.ts';
import { medianInterval } from '../statistics.ts';
import { alternate } from './alternate.ts';

const forAll = (host: HostOptions): RestClientOptions => ({ hosts: { '*': host } });

/** A fresh answer is taken from the cache, since the service of the benchmark says that it is. */
const ROWS: readonly (readonly [what: string, options: RestClientOptions])[] = [
  ['policies of another host', { hosts: { 'other.example': { retry: {}, breaker: {} } } }],
  [
    'a limit, a circuit breaker and retries',
    forAll({ limits: { concurrency: 1_000 }, breaker: {}, retry: {} }),
  ],
  ['a cache, and the answer in it', forAll({ cache: {} })],
];

/** A table in Markdown. */
export async function policyCosts(product: string, url: string, smoke: boolean): Promise<string> {
  const sizes = smoke ? { slices: 6, requests: 50, warmUp: 1 } : {};
  const lines = [
    '| with | CPU by that without policies | 95 % | CPU, µs | without, µs |',
    '| --- | --- | --- | --- | --- |',
  ];
  for (const [what, options] of ROWS) {
    const pairs = await alternate(url, { product, options }, { product }, sizes);
    const { median, low, high } = medianInterval(pairs.map(({ ours, theirs }) => ours / theirs));
    const [cost, without] = (['ours', 'theirs'] as const).map((side) =>
      medianInterval(pairs.map((pair) => pair[side])).median.toFixed(1),
    );
    lines.push(
      `| ${what} | ${median.toFixed(3)} | ${low.toFixed(3)} to ${high.toFixed(3)} | ${cost} | ${without} |`,
    );
  }
  return lines.join('\n');
}
