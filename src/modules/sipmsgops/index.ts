/** The sipmsgops module: looking at messages and changing them. Source: modules/sipmsgops of the manual. */
import { defineModule } from '../../runtime/index.ts';
import { bodyFunctions } from './body.ts';
import { headerFunctions } from './headers.ts';
import { optionFunctions } from './options.ts';
import { replyFunctions } from './replies.ts';
import { testFunctions } from './tests.ts';
import { uriFunctions } from './uri.ts';
import { validateFunction } from './validate.ts';

export const sipmsgops = defineModule({
  name: 'sipmsgops',
  summary:
    'Inspects and changes messages. Changes go into the forwarded request: what the script reads, apart from codecs and body parts, is still the received message.',
  source: 'modules/sipmsgops',
  functions: [
    ...testFunctions,
    ...headerFunctions,
    ...optionFunctions,
    ...replyFunctions,
    ...uriFunctions,
    ...bodyFunctions,
    validateFunction,
  ],
});
