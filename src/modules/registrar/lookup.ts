/** lookup(): sends a request to the contacts of its user. Source: modules/registrar of the manual; scenarios registrar-*. */
import { type MessageBranch, type MessageBranches, messageBranches } from '../../relay/index.ts';
import { findSocket, type Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { parseNameAddr, parseUri, uriParameter } from '../../sip/index.ts';
import { cachedRegex } from '../../text/index.ts';
import { type Awaitable, andThen, isPending } from '../../timers/index.ts';
import type { Contact, RecordName } from '../usrloc/location.ts';
import { locations } from '../usrloc/locations.ts';
import { addressOfRecord } from './address-of-record.ts';
import { lookupFlags } from './flags.ts';
import { readTemporaryGruu } from './gruu.ts';
import { oneFlowEach } from './outbound.ts';
import { parameters } from './parameters.ts';
import { isAsleep, wakeForRequest } from './push.ts';
import { withoutPush } from './push-parameters.ts';
import { withoutBrackets } from './reply.ts';

type Flags = ReadonlyMap<string, string>;

const noContact = -1;
const noMethod = -2;
/** All contacts have to be woken first. */
const onlyAsleep = 2;

interface Found {
  readonly record: RecordName;
  readonly contacts: readonly Contact[];
}

export function lookup(
  run: Run,
  table: string,
  flagText: string | undefined,
  aorText: string | undefined,
): Awaitable<Status> {
  const flags = lookupFlags.parse(flagText ?? '');
  const { request } = run;
  const branches = run.state(messageBranches);
  return andThen(contactsOf(run, table, aorText ?? request.requestUri, flags), (found) =>
    andThen(furtherOf(run, table, flags, branches), (further) => {
      if (typeof found === 'number' && further.length === 0) return found;
      const own = typeof found === 'number' ? null : found;
      const asleep = own?.contacts.filter((one) => isAsleep(run, one)) ?? [];
      const awake = own?.contacts.filter((one) => !asleep.includes(one)) ?? [];
      const toRequest = !flags.has('to-branches-only');
      const [first, ...others] = toRequest ? awake : [];
      if (first !== undefined) sendTo(run, branches.main, first);
      const rest = toRequest ? others : awake;
      const all = flags.has('no-branches') ? [] : [...rest, ...further];
      for (const contact of all) {
        if (!branches.add(targetUri(run, contact), branchOf(run, contact)))
          run.complain(`lookup(): no branch for the contact ${contact.uri}`);
      }
      if (own !== null && asleep.length > 0)
        wakeForRequest(run, own.record, asleep, (later, contact) =>
          sendTo(later, later.state(messageBranches).main, contact),
        );
      return first === undefined && all.length === 0 && asleep.length > 0 ? onlyAsleep : 1;
    }),
  );
}

/** The contacts of the added branches, which are removed if they have any. */
function furtherOf(
  run: Run,
  table: string,
  flags: Flags,
  branches: MessageBranches,
): Awaitable<readonly Contact[]> {
  let further: Awaitable<readonly Contact[]> = [];
  if (!flags.has('branch')) return further;
  for (let i = branches.lastIndex; i > 0; i--) {
    const more = contactsOf(run, table, branches.at(i)?.uri ?? '', flags);
    further = andThen(further, (known) =>
      andThen(more, (found) => {
        if (typeof found === 'number') return known;
        branches.remove(i);
        return [...found.contacts, ...known];
      }),
    );
  }
  return further;
}

/** The contacts of an address that take the request, the best first; or why there are none. */
function contactsOf(run: Run, table: string, uri: string, flags: Flags): Awaitable<Found | number> {
  const temporary = readTemporaryGruu(run, uri);
  const result = temporary ?? addressOfRecord(run, uri);
  if (!('aor' in result)) return noContact;
  const record = { table, aor: result.aor };
  const location = run.routing.host.states.get(locations).find(table, result.aor);
  if (location === null) return noContact;
  const contacts = location.contacts.filter(
    (one) =>
      (temporary === null
        ? isWanted(one, uri)
        : one.instance === temporary.instance && one.callId === temporary.callId) &&
      hasAgent(run, one, flags),
  );
  if (contacts.length === 0) return noContact;
  const method = run.request.message?.method ?? '';
  const able = contacts.filter(
    ({ methods }) => !flags.has('method-filtering') || methods === null || methods.includes(method),
  );
  if (able.length === 0) return noMethod;
  return andThen(byLatency(run, record, oneFlowEach(run, able), flags), (list) =>
    list.length === 0 ? noContact : { record, contacts: list },
  );
}

/** Without slow contacts, and the fastest first, as the flags say. A contact that has not been measured counts as fast. */
function byLatency(
  run: Run,
  record: RecordName,
  contacts: readonly Contact[],
  flags: Flags,
): Awaitable<readonly Contact[]> {
  const most = flags.has('max-ping-latency')
    ? Number(flags.get('max-ping-latency'))
    : Number.POSITIVE_INFINITY;
  const isSorted = flags.has('sort-by-latency');
  if (most === Number.POSITIVE_INFINITY && !isSorted) return contacts;
  const all = run.routing.host.states.get(locations);
  const measured = contacts.map((contact) => all.latencyOf(record, contact));
  const chosen = (latencies: readonly (number | null)[]) => {
    const list = contacts.map((contact, i) => ({ contact, latency: latencies[i] ?? 0 }));
    const fast = list.filter(({ latency }) => latency <= most);
    return (isSorted ? fast.toSorted((a, b) => a.latency - b.latency) : fast).map(({ contact }) => contact);
  };
  // a store that cannot be reached has measured nothing
  return measured.some(isPending)
    ? Promise.all(measured.map(async (latency) => latency)).then(chosen, () => contacts)
    : chosen(measured as readonly (number | null)[]);
}

const targetUri = (run: Run, { uri }: Contact): string => withoutPush(run.parameters(parameters), uri);

/** A request to a GRUU goes to its instance alone (RFC 5627, 5.4). */
function isWanted({ instance }: Contact, text: string): boolean {
  const uri = parseUri(text);
  const gruu = uri === null ? null : uriParameter(uri, 'gr');
  return gruu === null || gruu === '' || (instance !== null && withoutBrackets(instance) === gruu);
}

function hasAgent(run: Run, { userAgent }: Contact, flags: Flags): boolean {
  const [, pattern] = /^\/(.*)\/$/.exec(flags.get('ua-filtering') ?? '') ?? [];
  if (pattern === undefined) return true;
  const regex = cachedRegex(pattern, { ignoreCase: flags.has('case-insensitive') });
  if (regex === null) run.complain(`lookup(): invalid expression "${pattern}"`);
  return regex?.test(userAgent) === true;
}

/** What a branch to the contact consists of. */
function branchOf(run: Run, contact: Contact): Omit<MessageBranch, 'uri' | 'isMarked' | 'change'> {
  const { sockets } = run.routing.host;
  const next = contact.path === null ? null : (parseNameAddr(contact.path)?.uri ?? null);
  return {
    destinationUri: next ?? contact.received,
    q: contact.q === null ? null : String(contact.q),
    path: contact.path,
    // the socket may have been closed since
    socket: contact.socket !== null && findSocket(sockets, contact.socket) !== null ? contact.socket : null,
    flags: new Set(contact.flags),
    attributes: new Map(contact.attribute === null ? [] : [['attr', contact.attribute]]),
  };
}

function sendTo(run: Run, main: MessageBranch, contact: Contact): void {
  const { flags, attributes, ...fields } = branchOf(run, contact);
  run.request.setRequestUri(targetUri(run, contact));
  Object.assign(main, fields);
  for (const flag of flags) main.flags.add(flag);
  for (const [name, value] of attributes) main.attributes.set(name, value);
}
