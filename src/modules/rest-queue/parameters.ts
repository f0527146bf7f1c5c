/** The parameters of rest_queue. */
import { defineParameters } from '../../script/index.ts';

export const parameters = defineParameters([
  {
    name: 'folder',
    type: 'string',
    default: '',
    summary:
      'Where messages wait, in a file for each process; relative to the folder of the script. It is created if its parent exists. Needed.',
  },
  {
    name: 'max_size',
    type: 'int',
    default: 64,
    minimum: 1,
    maximum: 65_536,
    unit: 'MB',
    summary: 'How much may wait in a process, in memory and on the disk. Beyond it messages are refused.',
  },
  {
    name: 'lifetime',
    type: 'int',
    default: 259_200,
    minimum: 1,
    maximum: 31_536_000,
    unit: 's',
    summary: 'How long delivery is tried; then a message is dropped, with a line in the log.',
  },
  {
    name: 'timeout',
    type: 'int',
    default: 10,
    minimum: 1,
    maximum: 600,
    unit: 's',
    summary: 'How long a service may take to answer.',
  },
  {
    name: 'first_delay',
    type: 'int',
    default: 1000,
    minimum: 1,
    maximum: 3_600_000,
    unit: 'ms',
    summary: 'How long to wait after a failure; doubled with each further one.',
  },
  {
    name: 'longest_delay',
    type: 'int',
    default: 60_000,
    minimum: 1,
    maximum: 86_400_000,
    unit: 'ms',
    summary: 'The longest such wait.',
  },
  {
    name: 'concurrency',
    type: 'int',
    default: 10,
    minimum: 1,
    maximum: 1000,
    summary: 'How many messages a process sends to a URL at a time.',
  },
]);
