/** What a script has without loading a module. */

import type { Run } from '../runtime/index.ts';
import type { FunctionSpec, VariableSpec } from '../script/index.ts';
import { advertisingFunctions } from './functions/advertising.ts';
import { blacklistFunctions } from './functions/blacklists.ts';
import { cacheFunctions } from './functions/cache.ts';
import { connectionFunctions } from './functions/connections.ts';
import { eventFunctions } from './functions/events.ts';
import { flagFunctions } from './functions/flags.ts';
import { logFunctions } from './functions/log.ts';
import { readinessFunctions } from './functions/readiness.ts';
import { relayFunctions } from './functions/relay.ts';
import { serialForkingFunctions } from './functions/serial-forking.ts';
import { uriFunctions } from './functions/uri.ts';
import { valueFunctions } from './functions/values.ts';
import { authVariables } from './variables/auth.ts';
import { bodyVariables } from './variables/body.ts';
import { branchVariables } from './variables/branches.ts';
import { inContext } from './variables/context.ts';
import { errorVariables } from './variables/errors.ts';
import { withExamples } from './variables/examples.ts';
import { formerBranchVariables } from './variables/former-branches.ts';
import { formerNameVariables } from './variables/former-names.ts';
import { withSenders } from './variables/from-message.ts';
import { headerVariables } from './variables/headers.ts';
import { messageVariables } from './variables/message.ts';
import { processVariables } from './variables/process.ts';
import { scriptStoreVariables } from './variables/script-store.ts';
import { sdpVariables } from './variables/sdp.ts';
import { uriVariables } from './variables/uris.ts';

export const coreFunctions: readonly FunctionSpec<Run>[] = [
  ...logFunctions,
  ...flagFunctions,
  ...uriFunctions,
  ...valueFunctions,
  ...cacheFunctions,
  ...relayFunctions,
  ...advertisingFunctions,
  ...connectionFunctions,
  ...blacklistFunctions,
  ...serialForkingFunctions,
  ...eventFunctions,
  ...readinessFunctions,
];

export const coreVariables: readonly VariableSpec<Run>[] = withSenders(
  withExamples(
    inContext([
      ...scriptStoreVariables,
      ...uriVariables,
      ...headerVariables,
      ...bodyVariables,
      ...sdpVariables,
      ...authVariables,
      ...messageVariables,
      ...formerNameVariables,
      ...processVariables,
      ...branchVariables,
      ...formerBranchVariables,
      ...errorVariables,
    ]),
  ),
);
