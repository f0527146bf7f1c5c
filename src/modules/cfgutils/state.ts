/** The parameters of cfgutils, and what the whole server shares. */
import type { Routing } from '../../runtime/index.ts';
import { defineParameters } from '../../script/index.ts';

export const parameters = defineParameters([
  {
    name: 'initial_probability',
    type: 'int',
    default: 10,
    minimum: 0,
    maximum: 100,
    unit: '%',
    summary: 'How often rand_event() is true.',
  },
  {
    name: 'shvset',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'The initial value of a $shv: `name=s:text` or `name=i:5`.',
  },
  {
    name: 'varset',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'The initial value of a $var on every worker: `name=s:text` or `name=i:5`.',
  },
  {
    name: 'hash_file',
    type: 'string',
    default: null,
    summary: 'A file whose changes `cfgutils:check_config_hash` finds.',
  },
  {
    name: 'shv_hash_size',
    type: 'int',
    default: 64,
    summary: 'The size of a table.',
    inert: 'tables grow automatically',
  },
  {
    name: 'lock_pool_size',
    type: 'int',
    default: 32,
    summary: 'The number of locks.',
    inert: 'locks are created on demand',
  },
]);

/** `$shv`, shared by the whole server. */
export const sharedVariables = ({ host: { store } }: Routing) => store.values('$shv');

/** How often rand_event() is true, in percent, for the whole server. */
export const probability = {
  get: ({ host: { store } }: Routing) => Number(store.values('cfgutils').get('probability') ?? 0),
  set: ({ host: { store } }: Routing, percent: number) =>
    store.values('cfgutils').set('probability', percent),
  initial: (routing: Routing) => routing.parameters(parameters).initial_probability,
};
