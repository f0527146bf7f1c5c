/** The functions of drouting. Source: modules/drouting of the manual. */
import { isIP } from 'node:net';
import { defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument, type Status, type VariableReference } from '../../script/index.ts';
import { parseUri, type Uri, uriTransport } from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { setVariable } from '../parameter-text.ts';
import { parameters } from './parameters.ts';
import { type LoadedPartition, loadedOf, standard } from './partitions.ts';
import { listOf } from './records.ts';
import {
  currentOf,
  forget,
  type Outputs,
  rewriteUser,
  routeByList,
  routeByRules,
  routeOn,
  userFor,
  writeFound,
  writeMatched,
} from './route.ts';
import { type Peer, userKey } from './routing-data.ts';
import { disabledState, setGateway } from './states.ts';

const source = 'modules/drouting';

const attributes = (of: 'rule' | 'gw' | 'carrier', what: string) =>
  defineArgument({
    name: `${of}_attrs_pvar`,
    type: 'variable',
    optional: true,
    summary: `Gets the attributes of the ${what}.`,
  });
const ruleAttributes = attributes('rule', 'rule');
const gatewayAttributes = attributes('gw', 'gateway');
const carrierAttributes = attributes('carrier', 'carrier');
const partition = defineArgument({
  name: 'partition',
  type: 'string',
  optional: true,
  summary: 'The partition, with use_partitions.',
});
const anyPartition = { ...partition, summary: 'The partition, with use_partitions; `*` is any.' } as const;
const type = defineArgument({
  name: 'type',
  type: 'int',
  optional: true,
  summary: 'The type of the gateways; -1, the default: any.',
});
const flagsOf = (summary: string) =>
  defineArgument({ name: 'flags', type: 'string', optional: true, summary });
const matchFlags = flagsOf(
  '`s` strips the number in the request URI as the gateway says, `p` adds its prefix, `i` and `c` write gateway and carrier to gw_id_avp and carrier_id_avp, `n` ignores ports.',
);
const list = (name: string, summary: string) => defineArgument({ name, type: 'string', summary });

type Variable = VariableReference<Run> | undefined;

/** The partitions that a call means; none, with a complaint, if they are unknown. */
function partitionsFor(
  run: Run,
  what: string,
  name: string | undefined,
  isAnyAllowed = false,
): readonly LoadedPartition[] {
  const all = run.routing.states.get(loadedOf);
  const { use_partitions } = run.parameters(parameters);
  if (use_partitions && name === '*' && isAnyAllowed) return [...all.values()];
  const found = all.get(use_partitions ? (name ?? '') : standard);
  if (found !== undefined) return [found];
  run.complain(
    name === undefined && use_partitions
      ? `${what}: which partition?`
      : `${what}: unknown partition "${name ?? standard}"`,
  );
  return [];
}

/** The group of the user in From. */
function groupOf(run: Run, { data }: LoadedPartition): number | null {
  const { use_domain, default_group } = run.parameters(parameters);
  const from = run.request.message?.findFrom()?.uriParts;
  const key = userKey(from?.user ?? '', use_domain ? (from?.host ?? '') : null);
  return data.users.get(key) ?? default_group;
}

const now = (run: Run) => Math.floor(run.routing.host.clock.date() / 1000);

/** The members of a list, with `#` before carriers. */
function namesOf(run: Run, what: string, text: string | undefined): ReadonlySet<string> | null {
  if (text === undefined) return null;
  const read = listOf(text);
  if (typeof read === 'string') run.complain(`${what}: ${read}`);
  return new Set(
    typeof read === 'string' ? [] : read.map(({ id, isCarrier }) => (isCarrier ? `#${id}` : id)),
  );
}

/** Tells partition_id_pvar which partition `*` has found. */
function tellPartition(run: Run, name: string | undefined, found: LoadedPartition): void {
  if (name === '*') setVariable(run, run.parameters(parameters).partition_id_pvar, found.partition.name);
}

interface Routing {
  readonly group: number | undefined;
  readonly flags: string;
  readonly whitelist: string | undefined;
  readonly partition: string | undefined;
}

function doRouting(
  run: Run,
  { group, flags, whitelist, partition: name }: Routing,
  outputs: Outputs,
): Awaitable<Status> {
  const what = 'do_routing()';
  const allowed = namesOf(run, what, whitelist);
  const tryAll = (left: readonly LoadedPartition[]): Awaitable<Status> => {
    const [first, ...others] = left;
    if (first === undefined) return -1;
    forget(run, first.partition);
    const wanted = group ?? groupOf(run, first);
    const sought = {
      group: wanted ?? 0,
      number: run.request.uri?.user ?? '',
      isWhole: flags.includes('L'),
      time: now(run),
    };
    const how = { sought, allowed, isFallback: flags.includes('F'), isCheck: flags.includes('C') };
    return andThen(
      wanted === null ? -1 : routeByRules(run, first, how, outputs),
      (status): Awaitable<Status> => {
        if (status !== -1) {
          tellPartition(run, name, first);
          return status;
        }
        return tryAll(others);
      },
    );
  };
  return tryAll(partitionsFor(run, what, name, true));
}

/** Looks for a gateway at an address, in one partition or in all. */
function match(
  run: Run,
  what: string,
  peer: Peer | null,
  flags: string,
  name: string | undefined,
  gateways: Variable,
  carriers: Variable,
): Status {
  if (peer === null) return -1;
  for (const loaded of partitionsFor(run, what, name, true)) {
    const gateway = loaded.data.at(flags.includes('n') ? { ...peer, port: 0 } : peer);
    if (gateway === null) continue;
    const carrier = loaded.data.carrierOf(gateway);
    const [strips, prefixes] = [flags.includes('s'), flags.includes('p')];
    if (strips || prefixes)
      rewriteUser(run, (user) =>
        userFor(
          { ...gateway, strip: strips ? gateway.strip : 0, prefix: prefixes ? gateway.prefix : '' },
          user,
        ),
      );
    writeFound(run, loaded.partition, {
      gateway: flags.includes('i') ? gateway : null,
      carrier: flags.includes('c') ? carrier : null,
    });
    gateways?.set(run, gateway.attributes);
    if (carrier !== null) carriers?.set(run, carrier.attributes);
    tellPartition(run, name, loaded);
    return 1;
  }
  return -1;
}

/** An address in a URI. */
function peerOf(uri: Uri | null, wanted: number | undefined): Peer | null {
  if (uri?.host == null) return null;
  return {
    address: uri.host,
    port: uri.port ?? 5060,
    transport: uriTransport(uri),
    type: wanted ?? -1,
  };
}

function sourceOf(run: Run, wanted: number | undefined, flags: string): Peer | null {
  const from = run.message?.source;
  if (from === undefined) return null;
  const { address, port, transport } = from;
  return { address, port, transport: flags.includes('r') ? transport : null, type: wanted ?? -1 };
}

export const droutingFunctions = defineFunctions([
  {
    name: 'do_routing',
    arguments: [
      {
        name: 'groupID',
        type: 'int',
        optional: true,
        summary: 'The group of the rules; default: that of the user in From.',
      },
      flagsOf(
        '`F`: once all destinations have failed, the next rule follows; `L`: the prefix of a rule must be the whole number; `C`: only checks whether there is a rule.',
      ),
      {
        ...list('gw_whitelist', 'The gateways and #carriers that may be used; default all.'),
        optional: true,
      },
      ruleAttributes,
      gatewayAttributes,
      carrierAttributes,
      anyPartition,
    ],
    summary:
      'Routes the request by the rules for the number in its URI: sets the request URI to the first gateway, and keeps the others for use_next_gw(). -1 if there is none.',
    source,
    run: (run, group, flags = '', whitelist, rule, gateway, carrier, name) =>
      doRouting(run, { group, flags, whitelist, partition: name }, { rule, gateway, carrier }),
  },
  {
    name: 'route_to_carrier',
    arguments: [
      list('carriers', 'Carriers, separated by commas.'),
      gatewayAttributes,
      carrierAttributes,
      partition,
    ],
    summary: 'Routes the request to the gateways of carriers. -1 if none can be used.',
    source,
    run: (run, carriers, gateway, carrier, name) => {
      const read = listOf(carriers.replaceAll('#', ''));
      const [loaded] = partitionsFor(run, 'route_to_carrier()', name);
      if (typeof read === 'string' || loaded === undefined) return -1;
      return routeByList(
        run,
        loaded,
        read.map((one) => ({ ...one, isCarrier: true })),
        { gateway, carrier },
      );
    },
  },
  {
    name: 'route_to_gw',
    arguments: [
      list('gw_id', 'Gateways, separated by commas.'),
      gatewayAttributes,
      carrierAttributes,
      partition,
    ],
    summary: 'Routes the request to gateways, in this order. -1 if none can be used.',
    source,
    run: (run, gateways, gateway, carrier, name) => {
      const read = listOf(gateways);
      const [loaded] = partitionsFor(run, 'route_to_gw()', name);
      if (typeof read === 'string' || loaded === undefined) return -1;
      return routeByList(run, loaded, read, { gateway, carrier });
    },
  },
  {
    name: 'use_next_gw',
    aliases: ['next_routing'],
    arguments: [ruleAttributes, gatewayAttributes, carrierAttributes, partition],
    summary: 'Sets the request URI to the next gateway. -1 if none is left.',
    source,
    run: (run, rule, gateway, carrier, name) => {
      const [loaded] = partitionsFor(run, 'use_next_gw()', name);
      return loaded === undefined ? -1 : routeOn(run, loaded.partition.name, { rule, gateway, carrier });
    },
  },
  {
    name: 'goes_to_gw',
    arguments: [type, matchFlags, gatewayAttributes, carrierAttributes, anyPartition],
    summary:
      'Whether the destination URI, or without one the request URI, has the address of a gateway; names are not resolved.',
    source,
    run: (run, wanted, flags = '', gateway, carrier, name) => {
      const { destinationUri, uri } = run.request;
      const peer = peerOf(destinationUri === null ? uri : parseUri(destinationUri), wanted);
      return match(run, 'goes_to_gw()', peer && { ...peer, transport: null }, flags, name, gateway, carrier);
    },
  },
  {
    name: 'is_from_gw',
    arguments: [
      type,
      { ...matchFlags, summary: `${matchFlags.summary.slice(0, -1)}, \`r\` compares the transport.` },
      gatewayAttributes,
      carrierAttributes,
      anyPartition,
    ],
    summary: 'Whether the message comes from the address and port of a gateway.',
    source,
    run: (run, wanted, flags = '', gateway, carrier, name) =>
      match(run, 'is_from_gw()', sourceOf(run, wanted, flags), flags, name, gateway, carrier),
  },
  {
    name: 'dr_is_gw',
    arguments: [
      { name: 'sip_uri', type: 'string', summary: 'A SIP URI; a name in it is resolved.' },
      type,
      matchFlags,
      gatewayAttributes,
      carrierAttributes,
      anyPartition,
    ],
    summary: 'Whether a URI has the address of a gateway.',
    source,
    run: (run, text, wanted, flags = '', gateway, carrier, name) => {
      const uri = parseUri(text);
      const peer = peerOf(uri, wanted);
      if (uri === null || peer === null) return -1;
      const at = (address: string) =>
        match(run, 'dr_is_gw()', { ...peer, address, transport: null }, flags, name, gateway, carrier);
      if (isIP(peer.address.replace(/^\[|\]$/g, '')) !== 0) return at(peer.address);
      return andThen(run.routing.host.destinations(uri), ({ targets }): Status => {
        for (const { address } of targets) if (at(address) === 1) return 1;
        return -1;
      });
    },
  },
  {
    name: 'dr_disable',
    arguments: [anyPartition],
    summary: 'Disables the gateway that the request was sent to last, in all processes.',
    source,
    run: (run, name) => {
      let status: Status = -1;
      for (const { partition: one } of partitionsFor(run, 'dr_disable()', name, true)) {
        const gateway = currentOf(run, one.name);
        if (gateway === null) continue;
        setGateway(run.routing, one.name, gateway, disabledState(gateway));
        status = 1;
      }
      return status;
    },
  },
  {
    name: 'dr_match',
    arguments: [
      { name: 'groupID', type: 'int', summary: 'The group of the rules.' },
      flagsOf('`L`: the prefix of a rule must be the whole number.'),
      { name: 'number', type: 'string', summary: 'The number.' },
      ruleAttributes,
      partition,
    ],
    summary: 'Whether there is a rule for a number.',
    source,
    run: (run, group, flags = '', number, rule, name) => {
      const [loaded] = partitionsFor(run, 'dr_match()', name);
      const sought = { group, number, isWhole: flags.includes('L'), time: now(run) };
      const found = loaded?.data.rules.find(sought) ?? null;
      if (loaded === undefined || found === null) return -1;
      writeMatched(run, loaded.partition, found);
      rule?.set(run, found.attributes);
      return 1;
    },
  },
]);
