/** modparam("statistics", "stat_series_profile", "name: attribute=value ..."). Source: modules/statistics of the manual. */
import { InvalidUse } from '../../script/index.ts';

const algorithms = ['accumulate', 'average', 'percentage'] as const;
type Algorithm = (typeof algorithms)[number];

export interface SeriesProfile {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly group: string;
  /** In seconds. */
  readonly window: number;
  /** The number of slots in the window. */
  readonly slots: number;
  readonly percentageFactor: number;
}

/** The longest window, in seconds: a year. */
const longest = 366 * 24 * 3600;
const mostSlots = 86_400;

const attributes = ['algorithm', 'group', 'window', 'slots', 'percentage_factor', 'hash_size'] as const;

/** The text before the colon. */
export const profileName = (text: string): string => /^\s*([^\s:]*)/.exec(text)?.[1] ?? '';

/** @throws InvalidUse if the profile is invalid */
export function parseProfile(text: string): SeriesProfile {
  const [, name = '', rest = ''] = /^\s*([^\s:]+)\s*:\s*(.*)$/s.exec(text) ?? [];
  const wrong = (why: string, help = 'for example NAME: algorithm=average window=600 slots=10') =>
    new InvalidUse(`stat_series_profile "${text}": ${why}`, help);
  if (name === '') throw wrong('expected a name and a colon first');
  const given = new Map<string, string>();
  for (const word of rest.split(/\s+/).filter((one) => one !== '')) {
    const [, attribute = '', value = ''] = /^([^=]+)=(.+)$/s.exec(word) ?? [];
    if (!(attributes as readonly string[]).includes(attribute))
      throw wrong(`unknown attribute "${word}"`, `use ${attributes.join(', ')}, each as NAME=VALUE`);
    given.set(attribute, value);
  }
  const number = (attribute: string, fallback: number, most: number): number => {
    const value = given.get(attribute);
    if (value === undefined) return fallback;
    if (!/^\d{1,9}$/.test(value) || Number(value) < 1 || Number(value) > most)
      throw wrong(`invalid ${attribute} ${value}`, `use a number from 1 to ${most}`);
    return Number(value);
  };
  const algorithm = (given.get('algorithm') ?? 'accumulate') as Algorithm;
  if (!algorithms.includes(algorithm)) throw wrong(`unknown algorithm ${algorithm}`, algorithms.join(', '));
  const window = number('window', 60, longest);
  number('hash_size', 8, 1_000_000); // accepted without effect: a single map holds all series
  return {
    name,
    algorithm,
    group: given.get('group') ?? name,
    window,
    slots: number('slots', Math.min(window, mostSlots), mostSlots),
    percentageFactor: number('percentage_factor', 100, 1_000_000),
  };
}
