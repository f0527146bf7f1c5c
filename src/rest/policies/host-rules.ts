/** Which policies apply to which host: reads the configuration, and finds the rule of a host. */
import { invalidOption, RestOptionError } from '../errors.ts';
import type { OptionTable } from '../options.ts';
import { objectOf, readTable } from '../read-options.ts';
import type { Authority } from '../url.ts';
import { type AuthSecrets, readAuth } from './auth.ts';
import { HOST_OPTIONS, type HostSection, type HostSettings, type HostsOption } from './host-options.ts';
import { readPlace } from './replica-discovery.ts';

const MAX_RULES = 1_000;
const SECTIONS = Object.keys(HOST_OPTIONS) as readonly HostSection[];
const SECTION_NAMES: ReadonlySet<string> = new Set(SECTIONS);
/** A name, an address, or one that begins with `*.`; and a port. */
const PATTERN =
  /^(\*|(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/;

const SERVICE = /^_[A-Za-z0-9-]+\._(?:tcp|udp)(?:\.[A-Za-z0-9_-]+)+\.?$/;
const PROBE_PATH = /^\/[\x21-\x7e]*$/;

/** A rule of the configuration. */
export interface HostRule {
  /** As it was written. */
  readonly pattern: string;
  readonly settings: HostSettings;
  /** Of `auth`, if that is configured. */
  readonly secrets: AuthSecrets | null;
}

/** The rules of a client, by pattern. */
export type HostRules = ReadonlyMap<string, HostRule>;

/** Rules of files, by the object that they were read from: all clients of a process share them, and their secrets. */
const ofFiles = new WeakMap<object, HostRules>();

/** Reads rules that nobody changes any more: they are read once, whatever number of clients gets them. */
export function readHostsOfFile(hosts: HostsOption): void {
  ofFiles.set(hosts, readHosts(hosts));
}

/** @throws RestOptionError that names the host and the option */
export function readHosts(hosts: unknown): HostRules {
  if (hosts === null || typeof hosts !== 'object' || Array.isArray(hosts))
    throw invalidOption('hosts', hosts, 'an object of policies by host');
  const known = ofFiles.get(hosts);
  if (known !== undefined) return known;
  const rules = new Map<string, HostRule>();
  for (const [pattern, given] of Object.entries(hosts)) {
    const key = keyOf(pattern);
    const known = rules.get(key);
    if (known !== undefined) {
      throw new RestOptionError(
        'wrong-type',
        'hosts',
        `hosts has "${pattern}" twice, also as "${known.pattern}"`,
      );
    }
    const name = `hosts['${pattern}']`;
    const settings = readHost(name, given);
    const secrets = settings.auth === null ? null : readAuth(settings.auth, `${name}.auth`);
    rules.set(key, { pattern, settings, secrets });
  }
  if (rules.size > MAX_RULES)
    throw new RestOptionError(
      'out-of-range',
      'hosts',
      `hosts has ${rules.size} entries; expected at most ${MAX_RULES}`,
    );
  return rules;
}

function keyOf(pattern: string): string {
  const [, name, port] = PATTERN.exec(pattern) ?? [];
  if (name === undefined || Number(port ?? 1) > 65_535 || port === '0') {
    throw invalidOption(
      'hosts',
      pattern,
      "a host such as 'credit.example.org', 'credit.example.org:8080', '*.example.org' or '*'",
    );
  }
  const plain = name.replace(/^\[|\]$/g, '').toLowerCase();
  return port === undefined ? plain : `${plain}:${Number(port)}`;
}

function readHost(name: string, given: unknown): HostSettings {
  const sections = objectOf(name, given, SECTION_NAMES, name);
  const read = <Table extends OptionTable>(section: HostSection, table: Table) => {
    const value = sections[section];
    if (value === undefined) return null;
    const full = `${name}.${section}`;
    return readTable(table, objectOf(full, value, new Set(Object.keys(table)), full), `${full}.`);
  };
  return {
    redirects: read('redirects', HOST_OPTIONS.redirects),
    cookies: read('cookies', HOST_OPTIONS.cookies),
    cache: read('cache', HOST_OPTIONS.cache),
    decode: read('decode', HOST_OPTIONS.decode),
    retry: read('retry', HOST_OPTIONS.retry),
    breaker: read('breaker', HOST_OPTIONS.breaker),
    auth: read('auth', HOST_OPTIONS.auth),
    limits: read('limits', HOST_OPTIONS.limits),
    replicas: checkReplicas(`${name}.replicas`, read('replicas', HOST_OPTIONS.replicas)),
  };
}

/** @throws RestOptionError */
function checkReplicas(name: string, replicas: HostSettings['replicas']): HostSettings['replicas'] {
  if (replicas === null) return null;
  const { discover, addresses, service, probePath } = replicas;
  for (const text of addresses) readPlace(text, `${name}.addresses`);
  const wanted = { list: addresses.length > 0, addresses: true, srv: SERVICE.test(service) }[discover];
  if (!wanted) {
    const expected =
      discover === 'list' ? `${name}.addresses` : `${name}.service, such as '_http._tcp.example.org'`;
    throw new RestOptionError(
      'wrong-type',
      name,
      `invalid ${name}: discover '${discover}' needs ${expected}`,
    );
  }
  if (probePath !== '' && !PROBE_PATH.test(probePath))
    throw invalidOption(`${name}.probePath`, probePath, "a path such as '/health'");
  return replicas;
}

/**
 * The rule of a host: the most specific one alone. A name is more specific than a pattern, a longer pattern than a
 * shorter one, and each with its port than without.
 */
export function ruleOf(rules: HostRules, { hostname, port }: Authority): HostRule | null {
  const names = [hostname];
  for (let dot = hostname.indexOf('.'); dot >= 0; dot = hostname.indexOf('.', dot + 1))
    names.push(`*${hostname.slice(dot)}`);
  for (const name of [...names, '*']) {
    const rule = rules.get(`${name}:${port}`) ?? rules.get(name);
    if (rule !== undefined) return rule;
  }
  return null;
}
