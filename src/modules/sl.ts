/** The sl module: stateless replies. Source: modules/sl of the manual. */
import { defineModule } from '../runtime/index.ts';
import { code, isStatusLine, reason } from './replies.ts';

const routes = ['route', 'error_route'] as const;

export const sl = defineModule({
  name: 'sl',
  summary: 'Replies without a transaction; the ACK to a negative reply never reaches the script.',
  source: 'modules/sl',
  parameters: [
    {
      name: 'enable_stats',
      type: 'boolean',
      default: true,
      summary: 'Whether to count replies.',
      inert: 'siprest always counts replies',
    },
  ],
  functions: [
    {
      name: 'sl_send_reply',
      arguments: [code, reason],
      routes,
      summary: 'Sends a reply without a transaction.',
      source: 'modules/sl; vector pvar-sl-reply',
      run: (run, status, phrase) =>
        isStatusLine(run, 'sl_send_reply', status, phrase) && run.request.replyStateless(status, phrase)
          ? 1
          : -1,
    },
    {
      name: 'sl_reply_error',
      arguments: [],
      routes,
      summary: 'Sends a 500 for the last internal error.',
      run: (run) => (run.request.replyStateless(500, 'Server error occurred (1/SL)') ? 1 : -1),
    },
  ],
});
