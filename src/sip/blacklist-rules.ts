/**
 * Lists of destinations that get no requests. Source: the manual's Script-CoreParameters, `dst_blacklist`:
 * `name[/flags][:rules]`, with a rule as `[!]([transport,]network[,port[,pattern]])`.
 */
import ipaddr from 'ipaddr.js';
import { isIP, Networks } from '../net/index.ts';
import { isProtocol } from './transports.ts';
import { bareHost } from './uri.ts';

export interface BlacklistRule {
  /** All others match instead. */
  readonly isNegated: boolean;
  /** A transport, or `any`. */
  readonly transport: string;
  /** `192.0.2.0/24`, `2001:db8::1` */
  readonly network: string;
  /** 0: any. */
  readonly port: number;
  /** A pattern as of file names that the whole request has to match; '' for any. */
  readonly pattern: string;
}

const flagNames = ['expire', 'default', 'readonly'] as const;
export type BlacklistFlag = (typeof flagNames)[number];

/** A list as the script defines it. */
export interface BlacklistDefinition {
  readonly name: string;
  readonly flags: ReadonlySet<BlacklistFlag>;
  readonly rules: readonly BlacklistRule[];
}

/** A destination. Only rules for any transport, or port, match one without. */
export interface BlacklistSubject {
  readonly transport: string;
  readonly address: string;
  readonly port: number;
}

/** What is wrong with a definition or a rule. */
export interface Invalid {
  readonly invalid: string;
}

const DEFINITION = /^([\w.-]+)\s*(?:\/\s*([\w\s,]*?))?\s*(?::\s*(\S.*?))?$/s;
const RULE = /\s*(!?)\s*\(((?:[^()"]|"(?:[^"\\]|\\.)*")*)\)\s*(,|$)/y;
const FIELD = /\s*(?:"((?:[^"\\]|\\.)*)"|([^,"]*?))\s*(,|$)/y;

export function parseBlacklist(text: string): BlacklistDefinition | Invalid {
  const [, name, flagText = '', ruleText = ''] = DEFINITION.exec(text.trim()) ?? [];
  if (name === undefined) return { invalid: 'use NAME:{(transport, network, port, "pattern")}' };
  const words = flagText.split(',').map((word) => word.trim());
  const unknown = words.find((word) => word !== '' && !isFlag(word));
  if (unknown !== undefined) return { invalid: `unknown flag "${unknown}": use ${flagNames.join(', ')}` };
  const flags = new Set<BlacklistFlag>(words.filter(isFlag));
  if (flags.size === 0) flags.add('readonly');
  const rules = parseRules(ruleText);
  return 'invalid' in rules ? rules : { name, flags, rules };
}

const isFlag = (word: string): word is BlacklistFlag => (flagNames as readonly string[]).includes(word);

function parseRules(text: string): readonly BlacklistRule[] | Invalid {
  if (text === '') return [];
  const [, inner] = /^\{(.*)\}$/s.exec(text) ?? [];
  if (inner === undefined) {
    const rule = parseBlacklistRule(text);
    return 'invalid' in rule ? rule : [rule];
  }
  const rules: BlacklistRule[] = [];
  let at = 0;
  while (at < inner.length) {
    RULE.lastIndex = at;
    const [whole = '', not = '', fields] = RULE.exec(inner) ?? [];
    if (fields === undefined) return { invalid: `invalid rule "${inner.slice(at).trim()}"` };
    const rule = parseBlacklistRule(`${not}${fields}`);
    if ('invalid' in rule) return rule;
    rules.push(rule);
    at += whole.length;
  }
  return rules;
}

/** A rule as in a definition, or without parentheses: `!tcp,192.0.2.0/24,5060,"INVITE*"`. */
export function parseBlacklistRule(text: string): BlacklistRule | Invalid {
  const [, not, parenthesized, plain = ''] = /^\s*(!?)\s*(?:\((.*)\)|(.*?))\s*$/s.exec(text) ?? [];
  const fields = fieldsOf(parenthesized ?? plain);
  const invalid = { invalid: `invalid rule "${text}": use [!][transport,]network[,port[,pattern]]` };
  if (fields === null) return invalid;
  const hasTransport = networkOf(fields[0] ?? '') === null;
  const [transport = '', network = '', port = '0', pattern = ''] = hasTransport ? fields : ['any', ...fields];
  return (
    blacklistRule({ isNegated: not === '!', transport, network, port: Number(port || 0), pattern }) ?? invalid
  );
}

/** With its parts in their usual form; null if one is invalid. */
export function blacklistRule(rule: BlacklistRule): BlacklistRule | null {
  const transport = rule.transport.toLowerCase();
  const network = networkOf(rule.network);
  if (network === null || (transport !== 'any' && !isProtocol(transport) && transport !== 'sctp'))
    return null;
  if (!Number.isInteger(rule.port) || rule.port < 0 || rule.port > 65_535) return null;
  return { ...rule, transport, network };
}

function fieldsOf(text: string): readonly string[] | null {
  const fields: string[] = [];
  for (let at = 0; fields.length < 5; ) {
    FIELD.lastIndex = at;
    const [whole, quoted, plain = '', end] = FIELD.exec(text) ?? [];
    if (whole === undefined) return null;
    fields.push(quoted?.replace(/\\(.)/gs, '$1') ?? plain);
    at += whole.length;
    if (end === '') return fields;
  }
  return null;
}

/** A mask such as 255.255.255.0 becomes the number of its bits; null for anything else than an address or a network. */
function networkOf(text: string): string | null {
  const [host = '', mask] = text.trim().split('/');
  const address = bareHost(host);
  const version = isIP(address);
  if (version === 0) return null;
  if (mask === undefined) return address;
  const bits = isIP(mask) === version ? ipaddr.process(mask).prefixLengthFromSubnetMask() : Number(mask);
  const isLength = bits !== null && mask !== '' && Number.isInteger(bits) && bits >= 0;
  return isLength && bits <= (version === 4 ? 32 : 128) ? `${address}/${bits}` : null;
}

/** The same for equal rules; as MI commands take it. */
export const formatBlacklistRule = ({
  isNegated,
  transport,
  network,
  port,
  pattern,
}: BlacklistRule): string =>
  `${isNegated ? '!' : ''}${transport},${network},${port},"${pattern.replace(/["\\]/g, '\\$&')}"`;

/** Whether rules match, prepared once. @param hasPattern asked last, since the request may have to be written for it */
export function blacklistMatcher(
  rule: BlacklistRule,
): (subject: BlacklistSubject, hasPattern: (pattern: string) => boolean) => boolean {
  const { isNegated, transport, network, port, pattern } = rule;
  const networks = new Networks();
  networks.add(network);
  return (subject, hasPattern) => {
    const matches =
      (transport === 'any' || transport === subject.transport) &&
      (port === 0 || port === subject.port) &&
      networks.has(subject.address) &&
      (pattern === '' || hasPattern(pattern));
    return matches !== isNegated;
  };
}
