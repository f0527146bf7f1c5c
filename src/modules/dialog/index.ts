/** The dialog module: calls as wholes. Source: modules/dialog of the manual; scenarios dialog-*. */
import { dialogListeners, dialogParameters, trackDialogs } from '../../dialog/index.ts';
import { defineModule } from '../../runtime/index.ts';
import { callFunctions } from './call-functions.ts';
import { dialogCommands } from './commands.ts';
import { dataFunctions } from './data-functions.ts';
import { keepDialogs } from './dialog-file.ts';
import { dialogEvents, raiseStateChanged } from './events.ts';
import { dialogFigures } from './figures.ts';
import { dialogVariables } from './variables.ts';

export const dialog = defineModule({
  name: 'dialog',
  summary: 'Calls as wholes: their state, time, values and profiles, and their end.',
  source: 'modules/dialog',
  parameters: dialogParameters,
  events: dialogEvents,
  figures: dialogFigures,
  functions: [...callFunctions, ...dataFunctions],
  variables: dialogVariables,
  commands: dialogCommands,
  start: async (routing) => {
    trackDialogs(routing);
    routing.states
      .get(dialogListeners)
      .changed.add((changed, before) => raiseStateChanged(routing, changed, before));
    await keepDialogs(routing);
  },
});
