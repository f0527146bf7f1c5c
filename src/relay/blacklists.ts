/**
 * The blacklists of a script, and which of them a request uses. Rules that are added or removed at run time hold in all
 * processes, and after a reload. The targets that failed lately are the list `dns`.
 */
import { type Host, type Request, type Routing, StateKey } from '../runtime/index.ts';
import {
  type BlacklistDefinition,
  type BlacklistFlag,
  type BlacklistRule,
  type BlacklistSubject,
  blacklistMatcher,
  editedMessage,
  type FailedTarget,
  formatBlacklistRule,
  isProtocol,
  parseBlacklistRule,
  type RequestEdits,
  type SipRequest,
  type Target,
} from '../sip/index.ts';
import { globMatches } from '../text/index.ts';

/** A rule in force. */
export interface ActiveRule {
  readonly rule: BlacklistRule;
  /** When it ends, in ms since 1970; 0: never. */
  readonly until: number;
}

export interface Blacklist {
  readonly name: string;
  readonly flags: ReadonlySet<BlacklistFlag>;
  readonly rules: readonly ActiveRule[];
}

interface PreparedRule extends ActiveRule {
  readonly matches: ReturnType<typeof blacklistMatcher>;
}

/** The list of targets that failed. */
const failedList = 'dns';
const failedFlags: ReadonlySet<BlacklistFlag> = new Set(['expire', 'default']);
const space = 'blacklists';
/** The value of a rule of the script that was removed. */
const removed = 'removed';
/** Limits the rules that are added at run time. */
const mostRules = 10_000;

const prepared = (rule: BlacklistRule, until: number): PreparedRule => ({
  rule,
  until,
  matches: blacklistMatcher(rule),
});

/** Rules that were added or removed at run time, by the lists' names and the rules' texts; null: removed. */
class ChangedRules {
  readonly #host: Host;
  readonly #lists = new Map<string, Map<string, PreparedRule | null>>();

  constructor(host: Host) {
    this.#host = host;
    const values = host.store.values(space);
    for (const key of values.keys()) this.#read(key);
    values.watch((key) => this.#read(key));
  }

  #read(key: string): void {
    const blank = key.indexOf(' ');
    const [name, text] = [key.slice(0, blank), key.slice(blank + 1)];
    const value = this.#host.store.values(space).get(key);
    const list = this.#lists.get(name) ?? new Map<string, PreparedRule | null>();
    this.#lists.set(name, list);
    const rule = parseBlacklistRule(text);
    if (value === undefined || 'invalid' in rule) list.delete(text);
    else list.set(text, value === removed ? null : prepared(rule, Number(value)));
  }

  /** Those of a list that have not ended. */
  of(name: string): ReadonlyMap<string, PreparedRule | null> {
    const list = this.#lists.get(name);
    if (list === undefined) return noRules;
    const now = this.#host.clock.date();
    for (const [text, rule] of list)
      if (rule !== null && rule.until > 0 && rule.until <= now) {
        list.delete(text);
        this.#host.store.values(space).delete(`${name} ${text}`);
      }
    return list;
  }

  /** False if there are too many. */
  set(name: string, text: string, value: string): boolean {
    const values = this.#host.store.values(space);
    const key = `${name} ${text}`;
    return (values.size < mostRules || values.get(key) !== undefined) && values.set(key, value);
  }

  delete(name: string, text: string): void {
    this.#host.store.values(space).delete(`${name} ${text}`);
  }
}

const noRules: ReadonlyMap<string, PreparedRule | null> = new Map();
const changedRules = new StateKey<Host, ChangedRules>(
  'changed blacklist rules',
  (host) => new ChangedRules(host),
);

/** The lists of a script. */
export class Blacklists {
  readonly #host: Host;
  readonly #changed: ChangedRules;
  readonly #defined: readonly BlacklistDefinition[];
  readonly #written: ReadonlyMap<string, ReadonlyMap<string, PreparedRule>>;
  readonly #hasFailed: boolean;

  constructor({ host, settings }: Routing) {
    this.#host = host;
    this.#changed = host.states.get(changedRules);
    this.#defined = settings.blacklists;
    this.#hasFailed = settings.avoidance !== null;
    this.#written = new Map(
      this.#defined.map(({ name, rules }) => [
        name,
        new Map(rules.map((rule) => [formatBlacklistRule(rule), prepared(rule, 0)])),
      ]),
    );
  }

  has(name: string): boolean {
    return this.#written.has(name) || (name === failedList && this.#hasFailed);
  }

  get all(): readonly Blacklist[] {
    const failed = this.#hasFailed
      ? [{ name: failedList, flags: failedFlags, rules: this.#host.failedTargets.all.map(ruleOf) }]
      : [];
    return [
      ...this.#defined.map(({ name, flags }) => ({ name, flags, rules: [...this.#rules(name).values()] })),
      ...failed,
    ];
  }

  /** The names of those that every request uses unless it says otherwise. */
  get defaults(): readonly string[] {
    return this.#defined.flatMap(({ name, flags }) => (flags.has('default') ? name : []));
  }

  /** The first rule of a list that matches; null if none does. */
  match(
    name: string,
    subject: BlacklistSubject,
    hasPattern: (pattern: string) => boolean = () => false,
  ): ActiveRule | null {
    if (name === failedList) {
      const same = ({ target }: FailedTarget) =>
        target.address === subject.address &&
        target.port === subject.port &&
        target.transport === subject.transport;
      const found = this.#host.failedTargets.all.find(same);
      return found === undefined ? null : ruleOf(found);
    }
    for (const rule of this.#rules(name).values()) if (rule.matches(subject, hasPattern)) return rule;
    return null;
  }

  /** Adds a rule, or changes when it ends. What prevents it, if anything. @param seconds 0: it does not end */
  add(name: string, rule: BlacklistRule, seconds: number): string | null {
    const refusal = this.#refusal(name);
    if (refusal !== null) return refusal;
    const list = this.#defined.find((one) => one.name === name);
    if (list === undefined) return `the list ${failedList} has the targets that failed, and takes no rules`;
    if (seconds > 0 && !list.flags.has('expire')) return `the rules of ${name} do not expire`;
    const until = seconds > 0 ? this.#host.clock.date() + 1000 * seconds : 0;
    const isAdded = this.#changed.set(name, formatBlacklistRule(rule), String(until));
    return isAdded ? null : 'too many rules were added';
  }

  /** What prevents it, if anything. */
  remove(name: string, rule: BlacklistRule): string | null {
    const refusal = this.#refusal(name);
    if (refusal !== null) return refusal;
    const unknown = `${name} has no such rule`;
    if (name === failedList) {
      const { transport, network: address, port } = rule;
      const target = isProtocol(transport) ? { transport, address, port } : null;
      if (target === null || !this.#host.failedTargets.isAvoided(target)) return unknown;
      this.#host.failedTargets.answered(target);
      return null;
    }
    const text = formatBlacklistRule(rule);
    if (!this.#rules(name).has(text)) return unknown;
    if (this.#written.get(name)?.has(text) !== true) this.#changed.delete(name, text);
    else if (!this.#changed.set(name, text, removed)) return 'too many rules were changed';
    return null;
  }

  #refusal(name: string): string | null {
    if (!this.has(name)) return `no blacklist ${name}`;
    return this.#defined.find((one) => one.name === name)?.flags.has('readonly') === true
      ? `the list ${name} is readonly`
      : null;
  }

  #rules(name: string): ReadonlyMap<string, PreparedRule> {
    const written = this.#written.get(name) ?? new Map<string, PreparedRule>();
    const changed = this.#changed.of(name);
    if (changed.size === 0) return written;
    const rules = new Map(written);
    for (const [text, rule] of changed)
      if (rule === null) rules.delete(text);
      else rules.set(text, rule);
    return rules;
  }
}

const ruleOf = ({ target, until }: FailedTarget): ActiveRule => ({
  rule: {
    isNegated: false,
    transport: target.transport,
    network: target.address,
    port: target.port,
    pattern: '',
  },
  until,
});

export const blacklists = new StateKey<Routing, Blacklists>(
  'blacklists',
  (routing) => new Blacklists(routing),
);

/** Lists that a request uses, or does not, other than by default. */
const chosen = new StateKey<Request, Map<string, boolean>>('blacklists in use', () => new Map(), {
  isShared: true,
});

/** use_blacklist() and unuse_blacklist(). */
export function useBlacklist(request: Request, name: string, isUsed: boolean): void {
  request.state(chosen).set(name, isUsed);
}

/** The names of the lists that a request uses, without that of failed targets. */
export function blacklistsInUse(request: Request): readonly string[] {
  const used = new Set(request.routing.states.get(blacklists).defaults);
  for (const [name, isUsed] of request.knownState(chosen) ?? [])
    if (isUsed) used.add(name);
    else used.delete(name);
  return [...used];
}

const anyway = { anyway: true } as const;

/** How the targets of a request are looked up: after `unuse_blacklist("dns")` as if none had failed. */
export const lookupOf = (request: Request): { readonly anyway: true } | undefined =>
  !request.routing.host.failedTargets.isEmpty && request.knownState(chosen)?.get(failedList) === false
    ? anyway
    : undefined;

/** The targets that no list forbids. @param edits what the request becomes, which patterns are compared with */
export function permitted(
  request: Request,
  message: SipRequest,
  targets: readonly Target[],
  edits: RequestEdits,
): readonly Target[] {
  const { settings, host } = request.routing;
  if (settings.blacklists.length === 0 && host.failedTargets.isEmpty) return targets;
  const names = blacklistsInUse(request);
  if (names.length === 0) return targets;
  const lists = request.routing.states.get(blacklists);
  let text: string | null = null;
  const hasPattern = (pattern: string): boolean => {
    text ??= editedMessage(message, edits).toString('latin1');
    return globMatches(pattern, text);
  };
  return targets.filter((target) => names.every((name) => lists.match(name, target, hasPattern) === null));
}
