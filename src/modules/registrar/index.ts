/** The registrar module: phones register, and are found. Source: modules/registrar of the manual; scenarios registrar-*. */
import { namedSocket } from '../../relay/index.ts';
import { defineModule, type Run } from '../../runtime/index.ts';
import { defineArgument, type Status, type Value } from '../../script/index.ts';
import {
  bareHost,
  DEFAULT_PROTOCOL,
  defaultPort,
  headerText,
  parseNameAddr,
  parseUri,
  transportName,
} from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { raiseAor, raiseContact } from '../usrloc/events.ts';
import { table } from '../usrloc/index.ts';
import type { Contact } from '../usrloc/location.ts';
import { locations } from '../usrloc/locations.ts';
import { addressOfRecord, aorOf } from './address-of-record.ts';
import { lookupFlags, saveFlags } from './flags.ts';
import { lookup } from './lookup.ts';
import { parameters } from './parameters.ts';
import { processPurr } from './purr.ts';
import { refreshInTime } from './push.ts';
import { save } from './save.ts';
import { shareSecret } from './sealed.ts';

const source = 'modules/registrar';

const optional = <const Name extends string>(name: Name, summary: string) =>
  defineArgument({ name, type: 'string', optional: true, summary });
const given = optional(
  'aor',
  'The address of record, as a URI; default that of To for REGISTER, of From otherwise.',
);

const contactsOf = (run: Run, domain: string, aor: string | null): readonly Contact[] =>
  aor === null ? [] : (run.routing.host.states.get(locations).find(domain, aor)?.contacts ?? []);

/** Where the contact is reached: of its Path, its received address, or itself. */
function hop({ path, received, uri }: Contact): { readonly host: string; readonly port: number } {
  const next = path === null ? (received ?? uri) : (parseNameAddr(path)?.uri ?? uri);
  const parts = parseUri(next);
  return { host: bareHost(parts?.host ?? ''), port: parts?.port ?? defaultPort(DEFAULT_PROTOCOL) };
}

/** Removes the contacts that pass the test: 1, -1 if the store cannot do it. */
function removeWhere(
  run: Run,
  domain: string,
  aor: string,
  test: (contact: Contact) => boolean,
): Awaitable<Status> {
  let [kept, gone]: [readonly Contact[], readonly Contact[]] = [[], []];
  const changed = run.routing.host.states.get(locations).change(domain, aor, (before) => {
    gone = before.contacts.filter(test);
    kept = before.contacts.filter((one) => !gone.includes(one));
    return gone.length === 0 ? null : { ...before, contacts: kept };
  });
  return andThen(changed, ({ outcome }) => {
    if (outcome === 'full') return -1;
    const record = { table: domain, aor };
    for (const contact of gone) raiseContact(run.routing, 'DELETE', record, contact);
    if (gone.length > 0 && kept.length === 0) raiseAor(run.routing, 'DELETE', record);
    return 1;
  });
}

const isAddress = (value: Value | undefined, text: string) =>
  value != null && bareHost(String(value)) === text;

export const registrar = defineModule({
  name: 'registrar',
  summary: 'Registers phones, and finds them.',
  source,
  requires: ['usrloc'],
  parameters,
  start: (routing) => {
    shareSecret(routing);
    refreshInTime(routing);
  },
  functions: [
    {
      name: 'save',
      arguments: [
        table,
        {
          name: 'flags',
          type: 'string',
          optional: true,
          flags: saveFlags,
          summary: `Any of ${saveFlags.names.join(', ')}.`,
        },
        optional('aor', 'The address of record, as a URI; default that of To.'),
        optional('ownership_tag', 'Accepted without effect: siprest instances do not form a cluster.'),
      ],
      routes: ['route', 'onreply_route'],
      summary:
        'Registers the contacts of a REGISTER and answers it: 1, or -2 if it was refused. In a reply route, registers them for as long as the other registrar has said.',
      source: 'modules/registrar; scenarios registrar-*',
      run: (run, domain, flags, aor) => save(run, domain, flags, aor),
    },
    {
      name: 'lookup',
      arguments: [
        table,
        {
          name: 'flags',
          type: 'string',
          optional: true,
          flags: lookupFlags,
          summary: `Any of ${lookupFlags.names.join(', ')}.`,
        },
        optional('aor', 'The address of record, as a URI; default the request URI.'),
      ],
      routes: ['route', 'failure_route'],
      summary:
        'Sends the request to the contacts of its user, the best one first and others as branches: 1, -1 if nobody is registered, -2 if none takes the method. With push notifications, 2 if all its devices sleep: the request then goes to them by itself when they have registered.',
      source: 'modules/registrar; scenarios registrar-*',
      run: (run, domain, flags, aor) =>
        run.request.message === null && aor === undefined ? -3 : lookup(run, domain, flags, aor),
    },
    {
      name: 'is_registered',
      aliases: ['registered'],
      arguments: [table, given],
      summary: 'Whether an address of record has a contact.',
      source: 'modules/registrar; scenario registrar-is-registered',
      run: (run, domain, aor) => (contactsOf(run, domain, aorOf(run, aor)).length > 0 ? 1 : -1),
    },
    {
      name: 'is_contact_registered',
      arguments: [
        table,
        given,
        optional(
          'contact',
          'The URI of the contact; default that of the request, unless a Call-ID is given.',
        ),
        optional('callid', 'The Call-ID of its registration.'),
      ],
      summary: 'Whether an address of record has a contact with this URI, or from this registration.',
      source: 'modules/registrar; scenario registrar-is-contact-registered',
      run: (run, domain, aor, uri, callId) => {
        const own = callId === undefined ? run.request.message?.contacts?.[0]?.uri : undefined;
        const wanted = uri ?? own;
        const isIt = (one: Contact) =>
          (wanted === undefined || one.uri === wanted) && (callId === undefined || one.callId === callId);
        return contactsOf(run, domain, aorOf(run, aor)).some(isIt) ? 1 : -1;
      },
    },
    {
      name: 'is_ip_registered',
      arguments: [
        table,
        given,
        { name: 'IPvar', type: 'variable', readOnly: true, summary: 'The address, or several of them.' },
        {
          name: 'PORTvar',
          type: 'variable',
          readOnly: true,
          optional: true,
          summary: 'The ports beside them.',
        },
      ],
      summary: 'Whether an address of record has a contact at one of these addresses.',
      source: 'modules/registrar; scenario registrar-is-ip-registered',
      run: (run, domain, aor, addresses, ports) => {
        const wanted = addresses.list(run);
        const portList = ports?.list(run) ?? [];
        const isAt = (one: Contact) => {
          const { host, port } = hop(one);
          return wanted.some(
            (value, i) => isAddress(value, host) && (portList[i] == null || Number(portList[i]) === port),
          );
        };
        return contactsOf(run, domain, aorOf(run, aor)).some(isAt) ? 1 : -1;
      },
    },
    {
      name: 'remove',
      arguments: [
        table,
        { name: 'aor', type: 'string', summary: 'The address of record, as a URI.' },
        optional('contact', 'Only the contact with this URI.'),
        optional('next_hop', 'Only contacts at this address.'),
        optional('sip_instance', 'Only contacts of this instance.'),
        optional('bflag', 'Only contacts with this branch flag.'),
      ],
      summary: 'Removes contacts of an address of record.',
      source: 'modules/registrar; scenario registrar-remove-contact',
      run: (run, domain, aor, uri, address, instance, flag) => {
        const found = addressOfRecord(run, aor);
        if ('defect' in found) return -1;
        return removeWhere(
          run,
          domain,
          found.aor,
          (one) =>
            (uri === undefined || one.uri === uri) &&
            (address === undefined || hop(one).host === bareHost(address)) &&
            (instance === undefined || one.instance === instance) &&
            (flag === undefined || one.flags.includes(flag)),
        );
      },
    },
    {
      name: 'remove_ip_port',
      arguments: [
        { name: 'ip', type: 'string', summary: 'The address.' },
        { name: 'port', type: 'int', summary: 'The port.' },
        table,
        optional('aor', 'Only contacts of this address of record.'),
      ],
      summary: 'Removes the contacts at an address and port.',
      source: 'modules/registrar; scenario registrar-remove-ip-port',
      run: (run, address, port, domain, aor) => {
        const isThere = (one: Contact) => {
          const at = hop(one);
          return at.host === bareHost(address) && at.port === port;
        };
        if (aor !== undefined) {
          const found = addressOfRecord(run, aor);
          return 'defect' in found ? -1 : removeWhere(run, domain, found.aor, isThere);
        }
        const all = [...run.routing.host.states.get(locations).addresses(domain)];
        return all.reduce<Awaitable<Status>>(
          (done, one) => andThen(done, () => removeWhere(run, domain, one, isThere)),
          1,
        );
      },
    },
    {
      name: 'pn_process_purr',
      arguments: [table],
      routes: ['route'],
      summary:
        'Wakes the device that a request within a call is for, by the reference of its registration, and waits until it has registered: 1, or 2 if there is none to wake. With async() no worker waits.',
      source,
      start: ({ run }, domain) => andThen(processPurr(run, domain), (status) => () => status),
    },
    {
      name: 'add_sock_hdr',
      arguments: [
        { name: 'hdr_name', type: 'string', intoHeaders: true, summary: 'The name of the header.' },
      ],
      routes: ['route'],
      summary:
        'Adds a header with the socket that received the request, for the flag socket-header of another registrar.',
      source,
      run: (run, name) => {
        const socket = namedSocket(run.request);
        const lines = socket === null ? null : headerText(`${name}: ${transportName(socket.transport)}\r\n`);
        if (lines === null) return -1;
        run.draft.edits.push({ kind: 'append', lines });
        return 1;
      },
    },
  ],
});
