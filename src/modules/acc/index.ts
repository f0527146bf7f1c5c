/** The acc module: accounting of transactions and calls. Source: modules/acc of the manual; scenarios acc-*. */
import { accountant, defineModule } from '../../runtime/index.ts';
import { parameters as queueParameters } from '../rest-queue/parameters.ts';
import { followCalls } from './calls.ts';
import { events } from './events.ts';
import { functions } from './functions.ts';
import { accountantOf } from './handlers.ts';
import { checkParameters, parameters } from './parameters.ts';
import { variables } from './variables.ts';

export const acc = defineModule({
  name: 'acc',
  summary: 'Accounts transactions and calls: to the log, to events, to a REST service.',
  source: 'modules/acc; scenarios acc-*',
  requires: ['tm'],
  parameters,
  validate: checkParameters,
  start: (routing, { rest_url }) => {
    followCalls(routing);
    routing.states.set(accountant, accountantOf(routing));
    if (rest_url !== '' && routing.parameters(queueParameters).folder === '')
      throw new Error('rest_url needs the module rest_queue, loaded as well');
  },
  functions,
  variables,
  events,
});
