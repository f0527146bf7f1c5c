/** Administration commands of blacklists. Source: the manual's Interface-CoreMI. */
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type ActiveRule, blacklists } from '../relay/index.ts';
import { CommandError, defineCommands, type RunRouting } from '../runtime/index.ts';
import { type BlacklistFlag, type BlacklistRule, parseBlacklistRule } from '../sip/index.ts';
import { globMatches } from '../text/index.ts';

const source = 'Interface-CoreMI';
const name = { name: 'name', type: 'string', summary: 'The list.' } as const;
const rule = {
  name: 'rule',
  type: 'string',
  summary: 'A rule as in `dst_blacklist`: `!tcp,192.0.2.1,5060`.',
} as const;
const subject = [
  { name: 'proto', type: 'string', optional: true, summary: 'The transport; default any.' },
  { name: 'ip', type: 'string', summary: 'The address.' },
  { name: 'port', type: 'int', optional: true, minimum: 0, summary: 'The port; default 0, any.' },
  {
    name: 'pattern',
    type: 'string',
    optional: true,
    summary: 'The text that the patterns of rules must match.',
  },
] as const;

interface Sought {
  readonly proto: string | undefined;
  readonly ip: string;
  readonly port: number | undefined;
  readonly pattern: string | undefined;
}

function matchIn(routing: RunRouting, list: string, { proto = 'any', ip, port = 0, pattern }: Sought) {
  const sought = { transport: proto.toLowerCase(), address: ip, port };
  return routing.states.get(blacklists).match(list, sought, (one) => globMatches(one, pattern ?? ''));
}

/** As OpenSIPS shows it. */
function described(
  { rule: { isNegated, transport, network, port, pattern }, until }: ActiveRule,
  now: number,
) {
  const [address = '', bits] = network.split('/');
  const [kind, most] = isIPv6(address) ? ([ipaddr.IPv6, 128] as const) : ([ipaddr.IPv4, 32] as const);
  return {
    flags: Number(isNegated),
    IP: address,
    Mask: kind.subnetMaskFromPrefixLength(Number(bits ?? most)).toString(),
    Proto: transport,
    Port: port,
    ...(pattern === '' ? {} : { Match: pattern }),
    ...(until === 0 ? {} : { Expire: Math.max(0, Math.ceil((until - now) / 1000)) }),
  };
}

const flagName = (flag: BlacklistFlag) => (flag === 'readonly' ? 'read-only' : flag);

function readRule(text: string): BlacklistRule {
  const read = parseBlacklistRule(text);
  if ('invalid' in read) throw new CommandError(400, read.invalid);
  return read;
}

function known(routing: RunRouting, list: string): string {
  if (!routing.states.get(blacklists).has(list)) throw new CommandError(404, `no blacklist "${list}"`);
  return list;
}

function check(refusal: string | null): string {
  if (refusal !== null) throw new CommandError(refusal.includes('readonly') ? 403 : 404, refusal);
  return 'OK';
}

export const blacklistCommands = defineCommands([
  {
    name: 'blacklists:list',
    aliases: ['list_blacklists'],
    parameters: [{ ...name, optional: true }],
    summary: 'Lists the blacklists with their rules; `dns` has the targets that failed lately.',
    source,
    run: ({ name: wanted }, routing) => {
      if (wanted !== undefined) known(routing, wanted);
      const now = routing.host.clock.date();
      const all = routing.states
        .get(blacklists)
        .all.filter((one) => wanted === undefined || one.name === wanted);
      return {
        Lists: all.map((one) => ({
          name: one.name,
          owner: one.name === 'dns' ? 'dns' : 'script',
          flags: [...one.flags].map(flagName),
          Rules: one.rules.map((each) => described(each, now)),
        })),
      };
    },
  },
  {
    name: 'blacklists:check_all',
    aliases: ['check_blacklists'],
    parameters: subject,
    summary: 'Names the lists that a destination is in.',
    source,
    run: (sought, routing) =>
      routing.states
        .get(blacklists)
        .all.flatMap((one) => (matchIn(routing, one.name, sought) === null ? [] : one.name)),
  },
  {
    name: 'blacklists:check',
    aliases: ['check_blacklist'],
    parameters: [name, ...subject],
    summary: 'Tells the first rule of a list that a destination matches; the error 404 if there is none.',
    source,
    run: ({ name: list, ...sought }, routing) => {
      const found = matchIn(routing, known(routing, list), sought);
      if (found === null) throw new CommandError(404, 'Not Matched');
      return described(found, routing.host.clock.date());
    },
  },
  {
    name: 'blacklists:add_rule',
    aliases: ['add_blacklist_rule'],
    parameters: [
      name,
      rule,
      { name: 'expire', type: 'int', optional: true, minimum: 0, summary: 'After how many seconds it ends.' },
    ],
    summary: 'Adds a rule to a list that is not `readonly`.',
    source,
    run: ({ name: list, rule: text, expire = 0 }, routing) =>
      check(routing.states.get(blacklists).add(list, readRule(text), expire)),
  },
  {
    name: 'blacklists:del_rule',
    aliases: ['del_blacklist_rule'],
    parameters: [name, rule],
    summary: 'Removes a rule from a list that is not `readonly`; one of `dns` makes a target be tried again.',
    source,
    run: ({ name: list, rule: text }, routing) =>
      check(routing.states.get(blacklists).remove(list, readRule(text))),
  },
]);
