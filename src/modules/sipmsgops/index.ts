/** The sipmsgops module: functions that inspect and change messages. Source: modules/sipmsgops of the manual. */
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
    'Inspects and changes messages. Changes affect the forwarded request; except for codecs and body parts, the script still reads the received message.',
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
