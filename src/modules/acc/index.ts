/** The acc module: accounting of transactions. Source: modules/acc of the manual; scenarios acc-*. */
import { accountant, defineModule } from '../../runtime/index.ts';
import { events } from './events.ts';
import { functions } from './functions.ts';
import { accountantOf } from './handlers.ts';
import { checkParameters, parameters } from './parameters.ts';
import { variables } from './variables.ts';

export const acc = defineModule({
  name: 'acc',
  summary: 'Accounts transactions: to the log, to events.',
  source: 'modules/acc; scenarios acc-*',
  requires: ['tm'],
  parameters,
  validate: checkParameters,
  start: (routing) => {
    routing.states.set(accountant, accountantOf(routing));
  },
  functions,
  variables,
  events,
});
