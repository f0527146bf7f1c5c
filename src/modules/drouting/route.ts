/**
 * Routing of a message: the destinations that a rule, a carrier or a list of gateways gives it, of which one after the
 * other becomes its request URI. Source: modules/drouting of the manual.
 */
import { forceSocket } from '../../relay/index.ts';
import { type Request, type Run, StateKey } from '../../runtime/index.ts';
import { enterRoute, type Status, type VariableReference } from '../../script/index.ts';
import { formatUri, parseUri, type Uri, withUser } from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { type Choice, type Destination, destinationsOf } from './destinations.ts';
import { type LoadedPartition, loadedOf, type Partition } from './partitions.ts';
import type { Carrier, Gateway, Rule } from './records.ts';
import type { Sought } from './rule-table.ts';
import { isActive } from './states.ts';

/** Variables that get attributes. */
export interface Outputs {
  readonly rule?: VariableReference<Run> | undefined;
  readonly gateway?: VariableReference<Run> | undefined;
  readonly carrier?: VariableReference<Run> | undefined;
}

/** What a message still has of its routing. */
interface Routed {
  readonly partition: Partition;
  /** The request URI before routing, whose user gateways change. */
  readonly uri: Uri;
  readonly rule: Rule | null;
  /** The first one is in use. */
  left: readonly Destination[];
  /** How the next rule is found once no destination is left; null: there is no other. */
  readonly fallback: Fallback | null;
}

interface Fallback {
  readonly sought: Sought;
  readonly allowed: ReadonlySet<string> | null;
}

/** By partition. */
const routedOf = new StateKey<Request, Map<string, Routed>>('drouting', () => new Map(), { isShared: true });

/** How a message is routed by rules. */
export interface RuleRouting extends Fallback {
  readonly isFallback: boolean;
  /** Only whether there is a rule. */
  readonly isCheck: boolean;
}

const choiceOf = (run: Run, { data }: LoadedPartition, allowed: Choice['allowed']): Choice => ({
  data,
  allowed,
  isUsable: (one) => isActive(run.routing.host, one),
  random: Math.random,
});

/** Routes a message by the first rule that gives a destination. -1 if none does. */
export function routeByRules(
  run: Run,
  loaded: LoadedPartition,
  how: RuleRouting,
  outputs: Outputs,
  last: Rule | null = null,
  uri: Uri | null = run.request.uri,
): Awaitable<Status> {
  const { sought, allowed } = how;
  const rule = loaded.data.rules.find(sought, last);
  if (rule === null || uri?.user == null) return -1;
  if (how.isCheck) {
    writeRule(run, loaded.partition, rule);
    outputs.rule?.set(run, rule.attributes);
    return 1;
  }
  return andThen(runRuleRoute(run, rule), (goesOn): Awaitable<Status> => {
    if (!goesOn) return 0;
    const left = destinationsOf(rule, choiceOf(run, loaded, allowed));
    const fallback = how.isFallback ? { sought, allowed } : null;
    if (left.length === 0) return how.isFallback ? routeByRules(run, loaded, how, outputs, rule, uri) : -1;
    const { partition } = loaded;
    return begin(run, { partition, uri, rule, left, fallback }, outputs);
  });
}

/** Runs the route of a rule, if any; false if it has ended the script. */
function runRuleRoute(run: Run, { route: name }: Rule): Awaitable<boolean> {
  if (name === null) return true;
  const route = run.routing.script.find('route', name);
  if (route === null) {
    run.complain(`drouting: unknown route[${name}]`);
    return true;
  }
  return andThen(enterRoute(run, route), () => !run.stopped);
}

/** Routes a message to a list of gateways, or of carriers. -1 if none can be used. */
export function routeByList(run: Run, loaded: LoadedPartition, list: Rule['list'], outputs: Outputs): Status {
  const { partition } = loaded;
  const { uri } = run.request;
  forget(run, partition);
  const left = destinationsOf({ list, sorting: 'none' }, choiceOf(run, loaded, null));
  if (left.length === 0 || uri?.user == null) return -1;
  return begin(run, { partition, uri, rule: null, left, fallback: null }, outputs);
}

/** Forgets how a message was routed before. */
export function forget(run: Run, { name, avps }: Partition): void {
  run.request.knownState(routedOf)?.delete(name);
  for (const avp of Object.values(avps)) if (avp !== null) run.request.avps.replace(avp, null);
}

function begin(run: Run, routed: Routed, outputs: Outputs): Status {
  run.state(routedOf).set(routed.partition.name, routed);
  return use(run, routed, outputs);
}

/** The destination that is in use; null if the message was not routed. */
export const currentOf = (run: Run, partition: string): Gateway | null =>
  run.state(routedOf).get(partition)?.left[0]?.gateway ?? null;

/** Takes the next destination. -1 if none is left. */
export function routeOn(run: Run, name: string, outputs: Outputs): Awaitable<Status> {
  const routed = run.state(routedOf).get(name);
  if (routed === undefined) return -1;
  const isUsable = ({ gateway }: Destination) => isActive(run.routing.host, gateway);
  routed.left = routed.left.slice(1);
  while (routed.left[0] !== undefined && !isUsable(routed.left[0])) routed.left = routed.left.slice(1);
  if (routed.left.length > 0) return use(run, routed, outputs);
  writeAvps(run, routed);
  if (routed.rule !== null) outputs.rule?.set(run, routed.rule.attributes);
  const loaded = run.routing.states.get(loadedOf).get(name);
  if (routed.fallback === null || routed.rule === null || loaded === undefined) return -1;
  const how = { ...routed.fallback, isFallback: true, isCheck: false };
  return routeByRules(run, loaded, how, outputs, routed.rule, routed.uri);
}

/** Sends the message to the first destination that is left. */
function use(run: Run, routed: Routed, outputs: Outputs): Status {
  const [destination] = routed.left;
  if (destination === undefined) return -1;
  const { gateway, carrier } = destination;
  run.request.requestUri = uriTo(routed.uri, gateway);
  if (gateway.socket !== null) forceSocket(run.request, gateway.socket);
  writeAvps(run, routed);
  outputs.rule?.set(run, routed.rule?.attributes ?? '');
  outputs.gateway?.set(run, gateway.attributes);
  if (outputs.carrier !== undefined) {
    // a gateway that was asked for by itself has the attributes of the first carrier that it belongs to
    const of = carrier ?? (routed.rule === null ? dataOf(run, routed)?.carrierOf(gateway) : null);
    outputs.carrier.set(run, of?.attributes ?? '');
  }
  return 1;
}

const dataOf = (run: Run, { partition }: Routed) =>
  run.routing.states.get(loadedOf).get(partition.name)?.data;

/** The user as a gateway wants it. */
export const userFor = ({ strip, prefix }: Gateway, user: string): string => prefix + user.slice(strip);

const nameOf = (parameter: string) => parameter.split('=', 1)[0];

/** The URI of a gateway, with the user of a request URI, and those of its parameters that the gateway does not have. */
function uriTo({ user, password, params }: Uri, gateway: Gateway): string {
  const changed = userFor(gateway, user ?? '') || null;
  const { parts } = gateway;
  const own = parts.params?.split(';') ?? [];
  const kept = (params?.split(';') ?? []).filter(
    (one) => !own.some((other) => nameOf(other) === nameOf(one)),
  );
  return formatUri({
    ...parts,
    user: changed,
    password: changed === null ? null : password,
    params: own.length + kept.length === 0 ? null : [...own, ...kept].join(';'),
  });
}

function writeAvps(run: Run, { partition, left, rule, uri }: Routed): void {
  const { avps } = run.request;
  const names = partition.avps;
  const write = (name: string | null, values: readonly (string | number)[]) => {
    if (name !== null) avps.set(name, values);
  };
  write(
    names.gateway,
    left.map(({ gateway }) => gateway.id),
  );
  write(
    names.uri,
    left.slice(1).map(({ gateway }) => uriTo(uri, gateway)),
  );
  write(
    names.socket,
    left.slice(1).map(({ gateway }) => gateway.socket ?? ''),
  );
  write(
    names.prefix,
    left.map(({ gateway }) => gateway.prefix),
  );
  write(
    names.carrier,
    left.map(({ carrier }) => carrier?.id ?? ''),
  );
  if (rule !== null) writeRule(run, partition, rule);
}

/** Writes the prefix that dr_match() has found. */
export function writeMatched(run: Run, { avps }: Partition, { prefix }: Rule): void {
  if (avps.rulePrefix !== null) run.request.avps.push(avps.rulePrefix, prefix);
}

function writeRule(run: Run, { avps }: Partition, { id, prefix }: Rule): void {
  if (avps.rule !== null) run.request.avps.replace(avps.rule, id);
  if (avps.rulePrefix !== null) run.request.avps.replace(avps.rulePrefix, prefix);
}

/** Writes the gateway and the carrier that functions such as is_from_gw() have found. */
export function writeFound(
  run: Run,
  { avps }: Partition,
  { gateway, carrier }: { readonly gateway: Gateway | null; readonly carrier: Carrier | null },
): void {
  if (gateway !== null && avps.gateway !== null) run.request.avps.push(avps.gateway, gateway.id);
  if (carrier !== null && avps.carrier !== null) run.request.avps.push(avps.carrier, carrier.id);
}

/** Applies what a gateway wants to the user of the request URI. */
export function rewriteUser(run: Run, change: (user: string) => string): void {
  const uri = run.request.uri ?? parseUri(run.request.requestUri);
  const changed = uri === null ? null : withUser(uri, change(uri.user ?? ''));
  if (changed !== null) run.request.requestUri = formatUri(changed);
}
