/** lookup(): sends a request to the contacts of its user. Source: modules/registrar of the manual; scenarios registrar-*. */
import { type MessageBranch, messageBranches } from '../../relay/index.ts';
import { findSocket, type Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { parseNameAddr, parseUri, uriParameter } from '../../sip/index.ts';
import { cachedRegex } from '../../text/index.ts';
import { type Contact, locations } from '../usrloc/locations.ts';
import { addressOfRecord } from './address-of-record.ts';
import { lookupFlags } from './flags.ts';
import { readTemporaryGruu } from './gruu.ts';
import { withoutBrackets } from './reply.ts';

type Flags = ReadonlyMap<string, string>;

const noContact = -1;
const noMethod = -2;

export function lookup(
  run: Run,
  table: string,
  flagText: string | undefined,
  aorText: string | undefined,
): Status {
  const flags = lookupFlags.parse(flagText ?? '');
  const { request } = run;
  const branches = run.state(messageBranches);
  const found = contactsOf(run, table, aorText ?? request.requestUri, flags);
  const toRequest = !flags.has('to-branches-only');
  const further: Contact[] = [];
  if (flags.has('branch')) {
    for (let i = branches.lastIndex; i > 0; i--) {
      const more = contactsOf(run, table, branches.at(i)?.uri ?? '', flags);
      if (typeof more === 'number') continue;
      branches.remove(i);
      further.unshift(...more);
    }
  }
  if (typeof found === 'number' && further.length === 0) return found;
  const own = typeof found === 'number' ? [] : found;
  const [first, ...others] = toRequest ? own : [];
  if (first !== undefined) sendTo(run, branches.main, first);
  const rest = toRequest ? others : own;
  const all = flags.has('no-branches') ? [] : [...rest, ...further];
  for (const contact of all) {
    const branch = branchOf(run, contact);
    if (!branches.add(contact.uri, branch))
      run.complain(`lookup(): no branch for the contact ${contact.uri}`);
  }
  return 1;
}

/** The contacts of an address that take the request, the best first; or why there are none. */
function contactsOf(run: Run, table: string, uri: string, flags: Flags): readonly Contact[] | number {
  const temporary = readTemporaryGruu(run, uri);
  const result = temporary ?? addressOfRecord(run, uri);
  if (!('aor' in result)) return noContact;
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
  return able.length === 0 ? noMethod : able;
}

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
  run.request.setRequestUri(contact.uri);
  Object.assign(main, fields);
  for (const flag of flags) main.flags.add(flag);
  for (const [name, value] of attributes) main.attributes.set(name, value);
}
