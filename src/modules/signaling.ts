/** The signaling module: replies by the transaction if any, else without state. Source: modules/signaling of the manual. */
import { defineModule } from '../runtime/index.ts';
import { code, isStatusLine, reason } from './replies.ts';

export const signaling = defineModule({
  name: 'signaling',
  summary: 'Replies, with a transaction or without.',
  source: 'modules/signaling',
  functions: [
    {
      name: 'send_reply',
      arguments: [code, reason],
      routes: ['route', 'error_route', 'failure_route'],
      summary: 'Sends a reply: by the transaction if any, else without state.',
      source: 'modules/signaling; vectors pvar-reply-*',
      run: (run, status, phrase) =>
        isStatusLine(run, 'send_reply', status, phrase) && run.request.reply(status, phrase) ? 1 : -1,
    },
  ],
  variables: [
    {
      name: 'sig_local_totag',
      summary: 'The To tag that replies of siprest to this request carry.',
      source: 'modules/signaling',
      resolve: () => ({ get: (run) => run.request.localToTag }),
    },
  ],
});
