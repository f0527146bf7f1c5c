/**
 * The dispatcher module: sets of destinations, chosen by hashes, in turn, by weight or load, and watched. Source:
 * modules/dispatcher of the manual; scenarios dispatcher-*.
 */
import { defineModule } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { replyCodes } from '../gateways/probes.ts';
import { keepSpace } from '../kept-space.ts';
import { dispatcherCommands } from './commands.ts';
import { events } from './events.ts';
import { dispatcherFigures, showFigures } from './figures.ts';
import { dispatcherFunctions } from './functions.ts';
import { parameters } from './parameters.ts';
import { keptSpace, openPartitions } from './partition.ts';
import { partitionsOf } from './partition-settings.ts';
import { probeDestinations } from './probing.ts';

export const dispatcher = defineModule({
  name: 'dispatcher',
  summary:
    'Sets of gateways: chosen by hashes, in turn, by weight or load, watched, and tried one after another.',
  source: 'modules/dispatcher',
  parameters,
  events,
  figures: dispatcherFigures,
  commands: dispatcherCommands,
  validate: (values) => {
    partitionsOf(values);
    replyCodes('options_reply_codes', values.options_reply_codes);
    if (values.setid_pvar !== null && !values.setid_pvar.startsWith('$'))
      throw new InvalidUse(
        `setid_pvar must be a variable, not "${values.setid_pvar}"`,
        'for example $var(set)',
      );
    return [];
  },
  start: async (routing, { state_file: given }) => {
    const settings = [...partitionsOf(routing.parameters(parameters)).values()];
    const isKept = settings.some(({ url, isPersistent }) => isPersistent && url !== null);
    await keepSpace(routing, {
      ...{ module: 'dispatcher', name: 'dispatcher', space: keptSpace, what: 'states of destinations are' },
      ...{ given, isKept },
    });
    const opened = await openPartitions(routing);
    probeDestinations(routing, opened);
    showFigures(routing, opened);
  },
  functions: dispatcherFunctions,
});
