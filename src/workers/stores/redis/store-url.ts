/** The URL of a store for several servers: where it is, and what happens without it. */
import { parseRedisAddress, type RedisAddress, withoutLogin } from '../../../redis/index.ts';
import { InvalidUse } from '../../../script/index.ts';

/** What operations do while the store cannot be reached, by their kind; the first is the default. */
const choices = {
  /** Values and counters of cachedb_local: functions fail, or this server has its own. */
  caches: ['closed', 'local'],
  /** What is counted to limit it: by this server alone, not at all, or everything is refused. */
  limits: ['local', 'open', 'closed'],
  /** Locks: among the processes of this server, or refused. */
  locks: ['local', 'closed'],
} as const;

type Choices = typeof choices;
export type StoreRules = { readonly [Kind in keyof Choices]: Choices[Kind][number] };

export interface StoreAddress {
  readonly address: RedisAddress;
  /** Of all keys. */
  readonly prefix: string;
  /** Deadline of an operation, in ms. */
  readonly timeout: number;
  readonly rules: StoreRules;
}

const defaultTimeout = 200;
const longestTimeout = 60_000;

/**
 * Reads `redis://USER:PASSWORD@HOST:PORT/DATABASE?prefix=NAME&timeout=MS&caches=...&limits=...&locks=...`, or `rediss:` for
 * TLS. User and password may be percent-encoded. @throws InvalidUse
 */
export function readStoreUrl(url: string): StoreAddress {
  const address = parseRedisAddress(url, decoded);
  const { id, options } = address;
  if (id !== 'redis' && id !== 'rediss')
    throw new InvalidUse(`"${withoutLogin(url)}" has a group`, 'write redis://HOST:PORT');
  const { prefix = 'siprest', timeout = String(defaultTimeout), ...others } = Object.fromEntries(options);
  if (!/^[\w.-]{1,64}$/.test(prefix))
    throw new InvalidUse(`invalid prefix "${prefix}"`, 'use up to 64 letters, digits, dots and hyphens');
  if (!/^\d{1,5}$/.test(timeout) || Number(timeout) < 1 || Number(timeout) > longestTimeout)
    throw new InvalidUse(`invalid timeout "${timeout}"`, `a number of ms, up to ${longestTimeout}`);
  const rules: Record<string, string> = { caches: 'closed', limits: 'local', locks: 'local' };
  for (const [name, value] of Object.entries(others)) {
    if (name === 'socket') continue;
    const allowed: readonly string[] | undefined = Object.hasOwn(choices, name)
      ? choices[name as keyof Choices]
      : undefined;
    if (allowed === undefined)
      throw new InvalidUse(
        `unknown option "${name}" of a store`,
        `known are prefix, timeout, ${Object.keys(choices).join(', ')}`,
      );
    if (!allowed.includes(value)) throw new InvalidUse(`${name} is "${value}"`, allowed.join(' or '));
    rules[name] = value;
  }
  return { address, prefix, timeout: Number(timeout), rules: rules as unknown as StoreRules };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
