/** The administration commands of uac_registrant. Source: modules/uac_registrant of the manual. */
import { CommandError, defineCommands, type Host } from '../../runtime/index.ts';
import { type RegistrantFields, registrantOf } from './registrant.ts';
import { type Registration, states } from './registration.ts';
import { configured, registrations } from './registrations.ts';

const source = 'modules/uac_registrant';

const text = <const Name extends string>(name: Name, summary: string) =>
  ({ name, type: 'string', summary }) as const;
const optional = <const Name extends string>(name: Name, summary: string) =>
  ({ ...text(name, summary), optional: true }) as const;

const aor = 'The address of record, as a URI.';
const contact = 'The URI of the Contact.';
const registrar = 'The URI of the registrar.';
const key = [text('aor', aor), text('contact', contact), text('registrar', registrar)] as const;
const optionalKey = [
  optional('aor', aor),
  optional('contact', contact),
  optional('registrar', registrar),
] as const;

interface KeyArguments {
  readonly aor?: string | undefined;
  readonly contact?: string | undefined;
  readonly registrar?: string | undefined;
}

/** The registration that is named, or all if none is. */
function selected(host: Host, args: KeyArguments): readonly Registration[] {
  const table = host.states.get(registrations);
  const { aor: user, contact: uri, registrar: server } = args;
  if (user === undefined && uri === undefined && server === undefined) return [...table.all];
  if (user === undefined || uri === undefined || server === undefined)
    throw new CommandError(400, 'give aor, contact and registrar');
  const found = table.find({ aor: user, contact: uri, registrar: server });
  if (found === null) throw new CommandError(404, 'there is no such registration');
  return [found];
}

const date = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

const shown = ({ registrant, state, lastSent, registeredUntil, failure }: Registration) => ({
  AOR: registrant.aor,
  expires: registrant.expiry,
  state: `${state}_STATE`,
  number: states[state],
  'last register sent': date(lastSent),
  'registration expires': date(registeredUntil),
  registrar: registrant.registrar,
  binding: `${registrant.contact}${registrant.params}`,
  ...(registrant.proxies.length === 0 ? {} : { proxy: registrant.proxies.join(' ') }),
  ...(failure === null ? {} : { failure }),
});

export const registrantCommands = defineCommands([
  {
    name: 'uac_registrant:list',
    aliases: ['reg_list'],
    parameters: optionalKey,
    processes: 'every',
    summary: 'Lists registrations with their state, or one of them.',
    source,
    run: (args, { host }) => ({ Records: host.number === 0 ? selected(host, args).map(shown) : [] }),
  },
  {
    name: 'uac_registrant:reload',
    aliases: ['reg_reload'],
    parameters: optionalKey,
    processes: 'every',
    summary: 'Reads the table again: begins new registrations and takes back those that are gone.',
    source,
    run: (_, routing) => {
      if (routing.host.number === 0) routing.host.states.get(registrations).load(configured(routing));
    },
  },
  {
    name: 'uac_registrant:enable',
    aliases: ['reg_enable'],
    parameters: key,
    processes: 'every',
    summary: 'Keeps up a registration that was disabled.',
    source,
    run: (args, { host }) => {
      if (host.number !== 0) return;
      for (const one of selected(host, args)) {
        one.registrant = { ...one.registrant, isEnabled: true };
        one.register();
      }
    },
  },
  {
    name: 'uac_registrant:disable',
    aliases: ['reg_disable'],
    parameters: key,
    processes: 'every',
    summary: 'Takes a registration back, until it is enabled again.',
    source,
    run: (args, { host }) => {
      if (host.number !== 0) return;
      for (const one of selected(host, args)) {
        one.registrant = { ...one.registrant, isEnabled: false };
        void one.unregister();
      }
    },
  },
  {
    name: 'uac_registrant:force_register',
    aliases: ['reg_force_register'],
    parameters: key,
    processes: 'every',
    summary: 'Registers again now.',
    source,
    run: (args, { host }) => {
      if (host.number !== 0) return;
      for (const one of selected(host, args)) {
        if (!one.registrant.isEnabled) throw new CommandError(500, 'the registration is disabled');
        one.register();
      }
    },
  },
  {
    name: 'uac_registrant:upsert',
    aliases: ['reg_upsert'],
    parameters: [
      ...key,
      optional('proxy', 'The URIs of next hops, separated by blanks.'),
      optional('third_party_registrant', 'The URI of From.'),
      optional('username', 'The user name of its credentials.'),
      optional('password', 'Their password.'),
      optional('binding_params', 'Parameters of the Contact, each with its `;`.'),
      optional('expiry', 'In seconds.'),
      optional('forced_socket', 'The socket that sends.'),
      optional('cluster_shtag', 'Accepted without effect.'),
      optional('state', '0: enabled, 1: disabled.'),
    ],
    processes: 'every',
    summary: 'Adds a registration or changes it, until it is deleted or the server ends.',
    source,
    run: (args, { host }) => {
      const fields: RegistrantFields = {
        aor: args.aor,
        contact: args.contact,
        registrar: args.registrar,
        proxy: args.proxy ?? null,
        third_party: args.third_party_registrant ?? null,
        username: args.username ?? null,
        password: args.password ?? null,
        params: args.binding_params ?? null,
        expiry: args.expiry ?? null,
        socket: args.forced_socket ?? null,
        state: args.state ?? null,
      };
      const made = registrantOf(fields);
      if (typeof made === 'string') throw new CommandError(400, made);
      if (host.number === 0) host.states.get(registrations).upsert(made);
    },
  },
  {
    name: 'uac_registrant:delete',
    aliases: ['reg_delete'],
    parameters: key,
    processes: 'every',
    summary: 'Takes a registration back and forgets it.',
    source,
    run: (args, { host }) => {
      if (host.number !== 0) return;
      for (const one of selected(host, args)) host.states.get(registrations).delete(one);
    },
  },
]);
