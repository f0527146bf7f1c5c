/** Functions on replies that siprest sends. */
import { defineFunctions } from '../../runtime/index.ts';
import type { RouteKind } from '../../script/index.ts';
import { code, isStatusLine, reason } from '../replies.ts';

const ofReplies: readonly RouteKind[] = ['route', 'failure_route', 'branch_route', 'error_route'];

export const replyFunctions = defineFunctions([
  {
    name: 'append_to_reply',
    arguments: [
      {
        name: 'txt',
        type: 'string',
        intoHeaders: true,
        summary: 'Whole header lines, each ending with `\\r\\n`. Variables may not contain line breaks.',
      },
    ],
    routes: ofReplies,
    summary: 'Adds header lines to all replies of siprest to this request. -1 if the text is invalid.',
    source: 'modules/sipmsgops; vector pvar-append-hf-reply',
    run: (run, text) => {
      if (text !== '' && run.request.appendToReply(text)) return 1;
      run.complain('append_to_reply(): expected header lines, each "Name: value" with \\r\\n');
      return -1;
    },
  },
  {
    name: 'append_body_to_reply',
    arguments: [
      {
        name: 'txt',
        type: 'string',
        summary: 'The body; use append_to_reply() to add its Content-Type.',
      },
    ],
    routes: ofReplies,
    summary: 'Sets the body of all replies of siprest to this request; the last call wins.',
    source: 'modules/sipmsgops',
    run: (run, text) => {
      run.request.setReplyBody(text);
      return 1;
    },
  },
  {
    name: 'append_time',
    arguments: [],
    routes: ['route', 'failure_route', 'branch_route', 'local_route'],
    summary: 'Adds a Date header with the current time to all replies of siprest to this request.',
    source: 'modules/sipmsgops',
    run: (run) => {
      const date = new Date(run.routing.host.clock.date());
      return run.request.appendToReply(`Date: ${date.toUTCString()}\r\n`) ? 1 : -1;
    },
  },
  {
    name: 'change_reply_status',
    arguments: [code, reason],
    routes: ['onreply_route'],
    summary:
      'Changes the status and the reason of a forwarded reply. `$rs` changes immediately, `$rr` keeps the received reason. -1 if the class changes and one of the two statuses is below 300.',
    source: 'modules/sipmsgops; RFC 3261, 17.2.1',
    run: (run, status, phrase) => {
      const { response } = run.subject;
      if (response === undefined || !isStatusLine(run, 'change_reply_status', status, phrase)) return -1;
      const isRefusal = status >= 300 && response.status >= 300;
      if (!isRefusal && Math.floor(status / 100) !== Math.floor(response.status / 100)) {
        run.complain(
          `change_reply_status(): cannot change ${response.status} to ${status}: statuses below 300 must keep their class`,
        );
        return -1;
      }
      run.draft.edits.push({ kind: 'status', status, reason: phrase });
      return 1;
    },
  },
]);
