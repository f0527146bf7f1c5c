/** The uac_registrant module: registers this server with others. Source: modules/uac_registrant of the manual. */
import { defineModule } from '../../runtime/index.ts';
import { registrantCommands } from './commands.ts';
import { events } from './events.ts';
import { checkParameters, parameters } from './parameters.ts';
import { configured, registrations } from './registrations.ts';

export const uacRegistrant = defineModule({
  name: 'uac_registrant',
  summary: 'Registers the server with carriers, and keeps the registrations up.',
  source: 'modules/uac_registrant',
  requires: ['uac_auth'],
  parameters,
  validate: checkParameters,
  events,
  commands: registrantCommands,
  start: (routing) => {
    // a table that cannot be read prevents the start
    configured(routing);
    if (routing.host.number !== 0) return;
    const table = routing.host.states.get(registrations);
    routing.listeners.inForce.add(() => table.serve(routing));
    routing.listeners.closed.add(() => {
      if (table.isServedBy(routing)) table.stop();
    });
  },
});
