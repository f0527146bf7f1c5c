/** Administration commands of usrloc. Source: modules/usrloc of the manual, its MI functions. */
import { CommandError, defineCommands, type Host, type RunRouting } from '../../runtime/index.ts';
import { parseUri } from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { bytesOf, textOf } from '../command-text.ts';
import { raiseAor, raiseContact } from './events.ts';
import type { Contact, Location } from './location.ts';
import { locations } from './locations.ts';
import { methodBits, methodsOf } from './method-bits.ts';
import { usrlocParameters } from './parameters.ts';

const source = 'modules/usrloc';

const table = { name: 'table_name', type: 'string', summary: 'The table, such as `location`.' } as const;
const aor = {
  name: 'aor',
  type: 'string',
  summary: 'The address of record: `user`, or `user@domain` with use_domain.',
} as const;
const uri = { name: 'contact', type: 'string', summary: 'The URI of the contact.' } as const;

const shown = (contact: Contact, now: number) => ({
  Contact: textOf(contact.uri),
  Expires: Math.max(0, Math.round((contact.expires - now) / 1000)),
  Q: contact.q === null ? '' : String(contact.q),
  Callid: textOf(contact.callId),
  Cseq: contact.cseq,
  'User-agent': textOf(contact.userAgent),
  ...(contact.received === null ? {} : { Received: textOf(contact.received) }),
  ...(contact.path === null ? {} : { Path: textOf(contact.path) }),
  State: 'CS_NEW',
  Flags: 0,
  Cflags: contact.flags.join(' '),
  ...(contact.socket === null ? {} : { Socket: contact.socket }),
  Methods: methodBits(contact.methods),
  ...(contact.attribute === null ? {} : { Attr: textOf(contact.attribute) }),
  ...(contact.instance === null ? {} : { SIP_instance: textOf(contact.instance) }),
});

const described = (name: string, { contacts }: Location, { clock }: Host) => ({
  AOR: textOf(name),
  Contacts: contacts.map((one) => shown(one, clock.date())),
});

/** Throws a {@link CommandError} for an address without its domain, if that belongs to it. */
function checkAddress(routing: RunRouting, name: string): void {
  if (routing.parameters(usrlocParameters).use_domain && !name.includes('@'))
    throw new CommandError(400, 'Domain missing in AOR');
}

/** Throws a {@link CommandError} for an unknown address. */
function known(routing: RunRouting, domain: string, name: string): Location {
  const { host } = routing;
  checkAddress(routing, name);
  if (!host.states.get(locations).tables().has(bytesOf(domain)))
    throw new CommandError(404, 'Table not found');
  const found = host.states.get(locations).find(bytesOf(domain), bytesOf(name));
  if (found === null) throw new CommandError(404, 'AOR not found');
  return found;
}

/** Replaces the contacts of an address by some of them, and tells what is gone. */
function keep(
  routing: RunRouting,
  domain: string,
  name: string,
  isKept: (contact: Contact) => boolean,
): Awaitable<void> {
  let gone: readonly Contact[] = [];
  let isLast = false;
  const record = { table: bytesOf(domain), aor: bytesOf(name) };
  const changed = routing.host.states.get(locations).change(record.table, record.aor, (before) => {
    const contacts = before.contacts.filter(isKept);
    gone = before.contacts.filter((one) => !isKept(one));
    isLast = contacts.length === 0;
    return gone.length === 0 ? null : { ...before, contacts };
  });
  return andThen(changed, ({ outcome }) => {
    if (gone.length === 0) throw new CommandError(404, 'Contact not found');
    if (outcome === 'full') throw new CommandError(500, 'the store does not take the change');
    for (const one of gone) raiseContact(routing, 'DELETE', record, one);
    if (isLast) raiseAor(routing, 'DELETE', record);
  });
}

export const usrlocCommands = defineCommands([
  {
    name: 'usrloc:dump',
    aliases: ['ul_dump'],
    parameters: [
      {
        name: 'brief',
        type: 'string',
        optional: true,
        summary: '`brief`, or `1`: only the addresses and their contacts.',
      },
    ],
    summary: 'Lists all registered contacts.',
    source,
    run: ({ brief }, { host }) => {
      const all = host.states.get(locations);
      return {
        Domains: [...all.tables()].map((name) => ({
          name: textOf(name),
          AORs: [...all.addresses(name)].flatMap((one) => {
            const found = all.find(name, one);
            if (found === null) return [];
            if (brief === undefined) return described(one, found, host);
            return {
              AOR: textOf(one),
              Contacts: found.contacts.map((contact) => ({ Contact: textOf(contact.uri) })),
            };
          }),
        })),
      };
    },
  },
  {
    name: 'usrloc:show_contact',
    aliases: ['ul_show_contact'],
    parameters: [table, aor],
    summary: 'Lists the contacts of an address of record.',
    source,
    run: ({ table_name, aor: name }, routing) =>
      described(bytesOf(name), known(routing, table_name, name), routing.host),
  },
  {
    name: 'usrloc:rm',
    aliases: ['ul_rm'],
    parameters: [table, aor],
    summary: 'Removes an address of record with its contacts.',
    source,
    run: ({ table_name, aor: name }, routing) => {
      known(routing, table_name, name);
      return keep(routing, table_name, name, () => false);
    },
  },
  {
    name: 'usrloc:rm_contact',
    aliases: ['ul_rm_contact'],
    parameters: [table, aor, uri],
    summary: 'Removes a contact of an address of record.',
    source,
    run: ({ table_name, aor: name, contact }, routing) => {
      known(routing, table_name, name);
      return keep(routing, table_name, name, ({ uri: one }) => one !== bytesOf(contact));
    },
  },
  {
    name: 'usrloc:add',
    aliases: ['ul_add'],
    parameters: [
      table,
      aor,
      uri,
      { name: 'expires', type: 'int', minimum: 0, summary: 'How long it stays, in seconds; 0: forever.' },
      { name: 'q', type: 'string', summary: 'Its q, from 0 to 1; empty for none.' },
      { name: 'flags', type: 'int', summary: 'Without effect.' },
      { name: 'cflags', type: 'string', summary: 'Its branch flags, separated by blanks; 0 for none.' },
      {
        name: 'methods',
        type: 'int',
        minimum: 0,
        summary: 'The methods that it takes, as the sum of their bits; 32767: all.',
      },
    ],
    summary: 'Adds a contact to an address of record, or replaces it.',
    source,
    run: ({ table_name, aor: name, contact, expires, q, cflags, methods }, routing) => {
      if (parseUri(bytesOf(contact)) === null) throw new CommandError(400, `invalid contact "${contact}"`);
      if (q !== '' && !/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q))
        throw new CommandError(400, `invalid q "${q}"`);
      checkAddress(routing, name);
      const { host } = routing;
      const now = host.clock.date();
      const added: Contact = {
        uri: bytesOf(contact),
        received: null,
        path: null,
        q: q === '' ? null : Number(q),
        expires: expires === 0 ? Number.MAX_SAFE_INTEGER : now + 1000 * expires,
        callId: 'dfjrewr12386fd6-343@siprest.mi',
        cseq: 1,
        userAgent: 'siprest administration',
        socket: null,
        methods: methodsOf(methods),
        instance: null,
        regId: null,
        attribute: null,
        flags: cflags === '0' ? [] : cflags.split(/\s+/).filter((flag) => flag !== ''),
        modified: now,
      };
      const record = { table: bytesOf(table_name), aor: bytesOf(name) };
      let kind: 'UPDATE' | 'INSERT' = 'INSERT';
      let isFirst = true;
      const changed = host.states.get(locations).change(record.table, record.aor, (before) => {
        const others = before.contacts.filter((one) => one.uri !== added.uri);
        kind = others.length < before.contacts.length ? 'UPDATE' : 'INSERT';
        isFirst = before.contacts.length === 0;
        return { ...before, contacts: [...others, added] };
      });
      return andThen(changed, ({ outcome }) => {
        if (outcome === 'full') throw new CommandError(500, 'the store is full');
        if (isFirst) raiseAor(routing, 'INSERT', record);
        raiseContact(routing, kind, record, added);
      });
    },
  },
]);
