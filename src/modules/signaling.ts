/**
 * The signaling module: replies through the transaction if any, else statelessly. Source: modules/signaling of the
 * manual.
 */
import { defineModule } from '../runtime/index.ts';
import { code, isStatusLine, reason } from './replies.ts';

export const signaling = defineModule({
  name: 'signaling',
  summary: 'Replies, with or without a transaction.',
  source: 'modules/signaling',
  functions: [
    {
      name: 'send_reply',
      arguments: [code, reason],
      routes: ['route', 'error_route', 'failure_route'],
      summary: 'Sends a reply: through the transaction if any, else statelessly.',
      source: 'modules/signaling; vectors pvar-reply-*',
      run: (run, status, phrase) =>
        isStatusLine(run, 'send_reply', status, phrase) && run.request.reply(status, phrase) ? 1 : -1,
    },
  ],
  variables: [
    {
      name: 'sig_local_totag',
      summary: 'Reads the To tag that siprest uses in its replies to this request.',
      source: 'modules/signaling',
      resolve: () => ({ get: (run) => run.request.localToTag }),
    },
  ],
});
