/** The usrloc module: where users are. Source: modules/usrloc of the manual; scenarios registrar-*. */
import { defineModule, type FigureSpec, type Host, type Run, type RunRouting } from '../../runtime/index.ts';
import { defineArgument, type Status } from '../../script/index.ts';
import { type Awaitable, andThen, every } from '../../timers/index.ts';
import { usrlocCommands } from './commands.ts';
import { keepContacts } from './contact-file.ts';
import { events, raiseAor, raiseContact } from './events.ts';
import type { Location } from './location.ts';
import { locations } from './locations.ts';
import { keepsContacts, usrlocParameters } from './parameters.ts';

const source = 'modules/usrloc';

/** How often some of the records are searched for expired contacts, in ms. */
const sweepPeriod = 1000;

/** Removes expired contacts; one of the processes does it. */
function expireContacts(routing: RunRouting): void {
  const { host } = routing;
  if (host.number !== 0) return;
  const { timer_interval } = routing.parameters(usrlocParameters);
  const timer = every(host.clock, sweepPeriod, () =>
    host.states.get(locations).expire(sweepPeriod / (1000 * timer_interval), (record, contact, isLast) => {
      raiseContact(routing, 'DELETE', record, contact);
      if (isLast) raiseAor(routing, 'DELETE', record);
    }),
  );
  routing.listeners.closed.add(() => timer.stop());
}

export const table = defineArgument({
  name: 'domain',
  type: 'static',
  summary: 'The table, such as `location`.',
});
const aor = defineArgument({
  name: 'aor',
  type: 'string',
  summary: 'The address of record, as user@domain.',
});
const key = defineArgument({ name: 'key_name', type: 'string', summary: 'The name of the value.' });

/** Changes the values of an address of record; -1 for an unknown one. */
function changeKeys(
  run: Run,
  domain: string,
  name: string,
  change: (keys: Location['keys']) => Location['keys'],
): Awaitable<Status> {
  let isKnown = false;
  const changed = run.routing.host.states.get(locations).change(domain, name, (before) => {
    isKnown = before.contacts.length > 0;
    return isKnown ? { ...before, keys: change(before.keys) } : null;
  });
  return andThen(changed, ({ outcome }) => (isKnown && outcome !== 'full' ? 1 : -1));
}

function without(keys: Location['keys'], name: string): Location['keys'] {
  const { [name]: _, ...others } = keys;
  return others;
}

const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'usrloc_unwritten',
    kind: 'counter',
    unit: '',
    summary: 'Registrations that are in memory only, since the file of usrloc could not be written in time.',
    read: ({ states }) => states.get(locations).unwritten,
  },
];

export const usrloc = defineModule({
  name: 'usrloc',
  summary: 'Where registered users are.',
  source,
  parameters: usrlocParameters,
  events,
  commands: usrlocCommands,
  figures,
  validate: (values) => {
    keepsContacts(values);
    return [];
  },
  start: async (routing) => {
    await keepContacts(routing);
    expireContacts(routing);
  },
  functions: [
    {
      name: 'ul_add_key',
      arguments: [
        table,
        aor,
        key,
        { name: 'key_value', type: 'string', optional: true, summary: 'The value; default empty.' },
      ],
      summary: 'Stores a value with an address of record; -1 for an unknown one.',
      source: 'modules/usrloc; scenario registrar-ul-keys',
      run: (run, domain, name, keyName, value = '') =>
        changeKeys(run, domain, name, (keys) => ({ ...keys, [keyName]: value })),
    },
    {
      name: 'ul_get_key',
      arguments: [
        table,
        aor,
        key,
        { name: 'destination', type: 'variable', gives: 'text', summary: 'Gets the value.' },
      ],
      summary: 'Reads a value of an address of record; -1 if there is none.',
      source: 'modules/usrloc; scenario registrar-ul-keys',
      run: (run, domain, name, keyName, variable) => {
        const { keys = {} } = run.routing.host.states.get(locations).find(domain, name) ?? {};
        if (!Object.hasOwn(keys, keyName)) return -1;
        return variable.set(run, keys[keyName] ?? null) ? 1 : -1;
      },
    },
    {
      name: 'ul_del_key',
      arguments: [table, aor, key],
      summary: 'Removes a value of an address of record; -1 for an unknown one.',
      source: 'modules/usrloc; scenario registrar-ul-keys',
      run: (run, domain, name, keyName) => changeKeys(run, domain, name, (keys) => without(keys, keyName)),
    },
  ],
});
