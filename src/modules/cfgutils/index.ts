/**
 * The cfgutils module: waiting, randomness, shared variables, the environment. Source: modules/cfgutils of the manual;
 * vector lang-cache-expiry.
 */

import { initialSlots, slot, subnameOf } from '../../core/index.ts';
import { defineFunction, defineModule, type Run } from '../../runtime/index.ts';
import { type Completion, InvalidUse, type Value } from '../../script/index.ts';
import { delay } from '../../timers/index.ts';
import { cfgutilsCommands, configHash, hashOf } from './commands.ts';
import { lockFunctions } from './locks.ts';
import { parameters, probability, sharedVariables } from './state.ts';
import { valueFunctions } from './values.ts';

/** `name=s:text` or `name=i:5`, as in the module's documentation. */
function assignments(sets: readonly string[]): Map<string, Value> {
  const variables = new Map<string, Value>();
  for (const text of sets) {
    const match = /^([^=]+)=([si]):(.*)$/s.exec(text);
    if (match === null)
      throw new InvalidUse(`"${text}" does not set a variable`, 'use name=s:text or name=i:5');
    const [, name = '', type, value = ''] = match;
    variables.set(name.trim(), type === 'i' ? Number(value) | 0 : value);
  }
  return variables;
}

const done: Completion<Run> = () => 1;

function sleeping(name: string, argument: string, unit: string, milliseconds: (amount: number) => number) {
  return defineFunction({
    name,
    arguments: [{ name: argument, type: 'int', summary: `How long, in ${unit}.` }],
    summary: `Waits; occupies the worker unless called by async().`,
    source: 'modules/cfgutils',
    start: ({ run, timeout }, amount) => {
      const wait = Math.max(0, milliseconds(amount));
      const longest = timeout === null ? wait : Math.min(wait, timeout * 1000);
      return delay(run.routing.host.clock, longest).then(() => done);
    },
  });
}

const noMemory = 'V8 manages memory; siprest status shows its usage';

const inert = (name: string, summary: string, why: string) =>
  defineFunction({
    name,
    arguments: [],
    summary,
    inert: why,
    run: () => 1,
  });

const timeParts: Readonly<Record<string, (now: Date) => number | string>> = {
  sec: (now) => now.getSeconds(),
  min: (now) => now.getMinutes(),
  hour: (now) => now.getHours(),
  mday: (now) => now.getDate(),
  mon: (now) => now.getMonth() + 1,
  year: (now) => now.getFullYear(),
  wday: (now) => now.getDay() + 1,
  yday: (now) =>
    Math.floor(
      (Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) - Date.UTC(now.getFullYear(), 0, 0)) /
        86_400_000,
    ),
  isdst: (now) =>
    now.getTimezoneOffset() <
    Math.max(
      new Date(now.getFullYear(), 0).getTimezoneOffset(),
      new Date(now.getFullYear(), 6).getTimezoneOffset(),
    )
      ? 1
      : 0,
};

export const cfgutils = defineModule({
  name: 'cfgutils',
  summary: 'Waiting, randomness, shared variables, the environment.',
  source: 'modules/cfgutils',
  parameters,
  validate: ({ shvset, varset }) => {
    assignments(shvset);
    assignments(varset);
    return [];
  },
  commands: cfgutilsCommands,
  start: (routing, { shvset, varset, hash_file }) => {
    if (hash_file !== null) routing.states.set(configHash, hashOf(hash_file));
    const variables = sharedVariables(routing);
    for (const [name, value] of assignments(shvset)) variables.initialize(name, value);
    routing.host.store.values('cfgutils').initialize('probability', probability.initial(routing));
    const slots = routing.states.get(initialSlots);
    for (const [name, value] of assignments(varset)) slots[slot(name)] = value;
  },
  functions: [
    inert('abort', 'Ends the server.', 'a single message must not stop the server'),
    inert('pkg_status', 'Logs the private memory.', noMemory),
    inert('shm_status', 'Logs the shared memory.', noMemory),
    sleeping('sleep', 'time', 'seconds', (seconds) => seconds * 1000),
    sleeping('usleep', 'time', 'microseconds', (microseconds) => microseconds / 1000),
    {
      name: 'rand_event',
      arguments: [
        {
          name: 'probability',
          type: 'int',
          optional: true,
          summary: 'The probability in percent; default: the current setting.',
        },
      ],
      summary: 'True at random.',
      source: 'modules/cfgutils',
      run: (run, percent) => (Math.random() * 100 < (percent ?? probability.get(run.routing)) ? 1 : -1),
    },
    {
      name: 'rand_set_prob',
      arguments: [
        { name: 'probability', type: 'int', summary: 'Percent: 0 or less is never, 100 or more always.' },
      ],
      summary: 'Sets how often rand_event() is true.',
      source: 'modules/cfgutils',
      run: (run, percent) => {
        probability.set(run.routing, percent);
        return 1;
      },
    },
    {
      name: 'rand_reset_prob',
      arguments: [],
      summary: 'Resets the probability of rand_event() to initial_probability.',
      source: 'modules/cfgutils',
      run: (run) => {
        probability.set(run.routing, probability.initial(run.routing));
        return 1;
      },
    },
    {
      name: 'rand_get_prob',
      arguments: [],
      summary:
        'Returns the probability of rand_event() in percent; 1 for 0, since a return code of 0 would end the script.',
      source: 'modules/cfgutils',
      run: (run) => probability.get(run.routing) || 1,
    },
    {
      name: 'get_accurate_time',
      arguments: [
        { name: 'sec', type: 'variable', summary: 'Gets the seconds since 1970.' },
        { name: 'usec', type: 'variable', summary: 'Gets the microseconds of that second.' },
        {
          name: 'str_sec_usec',
          type: 'variable',
          optional: true,
          summary: 'Gets both, as `seconds.microseconds`.',
        },
      ],
      summary: 'Reads the clock, to the microsecond.',
      source: 'modules/cfgutils',
      run: (run, seconds, microseconds, both) => {
        const now = run.routing.host.clock.date();
        const sec = Math.floor(now / 1000);
        const usec = Math.floor((now % 1000) * 1000);
        seconds.set(run, sec | 0);
        microseconds.set(run, usec);
        both?.set(run, `${sec}.${String(usec).padStart(6, '0')}`);
        return 1;
      },
    },
    ...lockFunctions,
    ...valueFunctions,
  ],
  variables: [
    {
      name: 'shv',
      subname: 'required',
      writable: true,
      summary: 'A variable that all workers share; 0 until it is set.',
      source: 'modules/cfgutils',
      resolve: (use) => {
        const name = subnameOf(use);
        return {
          get: (run) => sharedVariables(run.routing).get(name(run)) ?? 0,
          set: (run, value) => sharedVariables(run.routing).set(name(run), value),
        };
      },
    },
    {
      name: 'env',
      subname: 'required',
      summary: 'An environment variable.',
      source: 'modules/cfgutils',
      resolve: (use) => {
        const name = subnameOf(use);
        return {
          get: (run) => {
            const value = process.env[name(run)];
            return value === undefined ? null : Buffer.from(value).toString('latin1');
          },
        };
      },
    },
    {
      name: 'RANDOM',
      summary: 'A random number from 0 to 2147483647.',
      source: 'modules/cfgutils',
      resolve: () => ({ get: () => Math.floor(Math.random() * 0x8000_0000) }),
    },
    {
      name: 'ctime',
      subname: Object.keys(timeParts),
      summary: 'A part of the local time; months from 1, weekdays from 1 (Sunday).',
      source: 'modules/cfgutils',
      resolve: ({ subname }) => {
        const part = timeParts[String(subname)];
        if (part === undefined)
          throw new InvalidUse(
            `unknown time part (${String(subname)})`,
            `use one of: ${Object.keys(timeParts).join(', ')}`,
          );
        return { get: (run) => part(new Date(run.routing.host.clock.date())) };
      },
    },
  ],
});
