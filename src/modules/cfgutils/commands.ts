/** Administration commands of cfgutils. Source: modules/cfgutils of the manual, its MI functions. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CommandError, defineCommands, messageOf, type Routing, StateKey } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { bytesOf, textOf } from '../command-text.ts';
import { parameters, probability, sharedVariables } from './state.ts';

const source = 'modules/cfgutils';

/** The MD5 of `hash_file` when the script was loaded; null without one. */
export const configHash = new StateKey<Routing, string | null>('cfgutils hash', () => null);

/** Throws if the file cannot be read. */
export const hashOf = (file: string): string => createHash('md5').update(readFileSync(file)).digest('hex');

function storedHash(routing: Routing): string {
  const hash = routing.states.get(configHash);
  if (hash === null) throw new CommandError(404, 'the parameter hash_file is not set');
  return hash;
}

const shown = (name: string | null, value: Value | undefined) => ({
  ...(name === null ? {} : { name: textOf(name) }),
  type: typeof value === 'number' ? 'integer' : 'string',
  value: typeof value === 'number' ? value : textOf(value ?? ''),
});

export const cfgutilsCommands = defineCommands([
  {
    name: 'cfgutils:rand_set_prob',
    aliases: ['rand_set_prob'],
    parameters: [{ name: 'prob_proc', type: 'int', minimum: 0, maximum: 100, summary: 'In percent.' }],
    summary: 'Sets how often rand_event() is true.',
    source,
    run: ({ prob_proc }, routing) => {
      probability.set(routing, prob_proc);
    },
  },
  {
    name: 'cfgutils:rand_reset_prob',
    aliases: ['rand_reset_prob'],
    parameters: [],
    summary: 'Resets that to initial_probability.',
    source,
    run: (_, routing) => {
      probability.set(routing, probability.initial(routing));
    },
  },
  {
    name: 'cfgutils:rand_get_prob',
    aliases: ['rand_get_prob'],
    parameters: [],
    summary: 'Tells how often rand_event() is true.',
    source,
    run: (_, routing) => ({ 'actual probability percent': probability.get(routing) }),
  },
  {
    name: 'cfgutils:get_config_hash',
    aliases: ['get_config_hash'],
    parameters: [],
    summary: 'The MD5 of hash_file when the script was loaded; the error 404 without one.',
    source,
    run: (_, routing) => storedHash(routing),
  },
  {
    name: 'cfgutils:check_config_hash',
    aliases: ['check_config_hash'],
    parameters: [],
    summary: 'Tells whether hash_file is as it was; the error 400 if it has changed.',
    source,
    run: (_, routing) => {
      const stored = storedHash(routing);
      const { hash_file } = routing.parameters(parameters);
      let now: string;
      try {
        now = hashOf(hash_file ?? '');
      } catch (error) {
        throw new CommandError(500, messageOf(error));
      }
      if (now !== stored) throw new CommandError(400, 'the file has changed since the script was loaded');
      return 'The actual config file hash is identical to the stored one.';
    },
  },
  {
    name: 'cfgutils:shv_set',
    aliases: ['shv_set'],
    parameters: [
      { name: 'name', type: 'string', summary: 'The name of the $shv.' },
      { name: 'type', type: 'string', oneOf: ['int', 'str'], summary: '`int` or `str`.' },
      { name: 'value', type: 'string', summary: 'The value.' },
    ],
    summary: 'Sets a $shv.',
    source,
    run: ({ name, type, value }, routing) => {
      if (type === 'int' && !/^[+-]?\d{1,10}$/.test(value))
        throw new CommandError(400, `"${value}" is not an int`);
      const stored = type === 'int' ? Number(value) | 0 : bytesOf(value);
      if (!sharedVariables(routing).set(bytesOf(name), stored))
        throw new CommandError(500, 'the store is full');
    },
  },
  {
    name: 'cfgutils:shv_get',
    aliases: ['shv_get'],
    parameters: [{ name: 'name', type: 'string', optional: true, summary: 'Only this $shv.' }],
    summary: 'Reads a $shv, or all of them.',
    source,
    run: ({ name }, routing) => {
      const values = sharedVariables(routing);
      if (name === undefined) return [[...values.keys()].map((one) => shown(one, values.get(one)))];
      const value = values.get(bytesOf(name));
      if (value === undefined) throw new CommandError(404, `no $shv named "${name}"`);
      return { VAR: shown(null, value) };
    },
  },
]);
