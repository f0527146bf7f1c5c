/**
 * The drouting module: routes numbers to gateways and carriers, by rules of tables. Source: modules/drouting of the
 * manual.
 */
import { defineModule } from '../../runtime/index.ts';
import { droutingCommands } from './commands.ts';
import { droutingFunctions } from './functions.ts';
import { parameters } from './parameters.ts';
import { checkParameters, openPartitions } from './partitions.ts';
import { followGateways, probeCodes } from './probing.ts';
import { events } from './states.ts';

export const drouting = defineModule({
  name: 'drouting',
  summary: 'Routes numbers to gateways and carriers, by prefix, time, weight and state.',
  source: 'modules/drouting',
  requires: ['tm'],
  parameters,
  events,
  validate: (values) => {
    checkParameters(values);
    probeCodes(values);
    return [];
  },
  start: async (routing) => {
    await openPartitions(routing);
    followGateways(routing);
  },
  commands: droutingCommands,
  functions: droutingFunctions,
});
