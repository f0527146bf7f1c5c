/**
 * `{ip.resolve}`, `{ip.resolve4}`, `{ip.resolve6}`. A transformation cannot wait, and a look-up in the DNS that
 * is done at once would stop every worker, so names are looked for in the hosts file alone.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { asText, type Specification } from './define.ts';

type Family = 0 | 4 | 6;

/** How long the file's names are used before it is read again, in ms. */
const lifetime = 5000;

/** Names in lower case and their addresses, as hosts(5) has them. */
export function readHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = hosts.get(key);
      if (known === undefined) hosts.set(key, [address]);
      else known.push(address);
    }
  }
  return hosts;
}

let hosts: ReadonlyMap<string, readonly string[]> = new Map();
let readAt = Number.NEGATIVE_INFINITY;

function knownHosts(): ReadonlyMap<string, readonly string[]> {
  const now = performance.now();
  if (now - readAt < lifetime) return hosts;
  readAt = now;
  try {
    hosts = readHosts(readFileSync('/etc/hosts', 'latin1'));
  } catch {
    hosts = new Map();
  }
  return hosts;
}

function resolver(name: string, family: Family, what: string): Specification {
  return {
    name,
    summary: `The ${what} of a name in the hosts file; null, with a log line, for any other name, since a transformation cannot wait for the DNS. An address stays what it is.`,
    source: 'Script-Tran, ip.resolve',
    example: ['78.46.64.50', `{${name}}`, '78.46.64.50'],
    prepare: () => (value, _, run) => {
      if (value === null) return null;
      const text = asText(value);
      if (isIP(text) !== 0) return text;
      const all = knownHosts().get(text.toLowerCase()) ?? [];
      const found = all.find((address) => family === 0 || isIP(address) === family);
      if (found === undefined)
        run.complain(
          `{${name}}: "${text}" is not in the hosts file, and a transformation cannot wait for the DNS`,
        );
      return found ?? null;
    },
  };
}

export const resolveTransformations: readonly Specification[] = [
  resolver('ip.resolve', 0, 'address'),
  resolver('ip.resolve4', 4, 'IPv4 address'),
  resolver('ip.resolve6', 6, 'IPv6 address'),
];
