/** Functions that attach data to a transaction, and read it. Source: modules/tm of the manual. */
import { relaying, replyTo } from '../../relay/index.ts';
import { defineFunctions, type Run } from '../../runtime/index.ts';
import { type HeaderText, headerText } from '../../sip/index.ts';
import { code, isStatusLine, reason } from '../replies.ts';

function headerLinesOf(run: Run, name: string, text: string): HeaderText | null {
  const lines = headerText(text);
  if (lines === null) run.complain(`${name}(): expected header lines, each "Name: value" with \\r\\n`);
  return lines;
}

export const transactionFunctions = defineFunctions([
  {
    name: 't_add_hdrs',
    arguments: [
      {
        name: 'sip_hdrs',
        type: 'string',
        intoHeaders: true,
        summary: 'Header lines, each ending with CRLF.',
      },
    ],
    routes: ['route', 'branch_route', 'failure_route'],
    summary: 'Adds headers to every request that the transaction sends: its branches and their CANCELs.',
    source: 'modules/tm',
    run: (run, text) => {
      const lines = headerLinesOf(run, 't_add_hdrs', text);
      if (lines === null) return -1;
      const state = run.state(relaying);
      state.headers = (state.headers + lines) as HeaderText;
      return 1;
    },
  },
  {
    name: 't_add_cancel_reason',
    arguments: [
      {
        name: 'Reason_hdr',
        type: 'string',
        intoHeaders: true,
        summary: 'A whole Reason header line, ending with CRLF.',
      },
    ],
    routes: ['route'],
    summary: 'Sets the Reason of the next relayed CANCEL.',
    source: 'modules/tm',
    run: (run, text) => {
      const lines = headerLinesOf(run, 't_add_cancel_reason', text);
      if (lines === null) return -1;
      run.state(relaying).cancelReason = lines;
      return 1;
    },
  },
  {
    name: 't_flush_flags',
    arguments: [],
    routes: ['route', 'branch_route'],
    summary: 'Always true, since flags belong to the transaction as soon as they are set.',
    source: 'modules/tm',
    run: () => 1,
  },
  {
    name: 't_reply_by_callid',
    arguments: [
      code,
      { ...reason, name: 'reason_phrase' },
      { name: 'callid', type: 'string', optional: true, summary: "Default: this request's." },
      { name: 'cseq', type: 'string', optional: true, summary: "The number; default: this request's." },
    ],
    routes: ['route'],
    summary: 'Answers a pending INVITE. -1 if there is none.',
    source: 'modules/tm',
    run: (run, status, phrase, callId, cseq) => {
      const { message } = run.request;
      if (message === null || !isStatusLine(run, 't_reply_by_callid', status, phrase)) return -1;
      const id = callId ?? message.callId;
      const number = Number(cseq ?? message.cseq.number);
      for (const transaction of run.routing.host.transactions) {
        const { request } = transaction; // null once answered
        if (request?.method !== 'INVITE' || request.callId !== id || request.cseq.number !== number) continue;
        return replyTo(run.routing, transaction, status, phrase) ? 1 : -1;
      }
      return -1;
    },
  },
  {
    name: 't_get_branch_idx_by_attr',
    arguments: [
      { name: 'attr', type: 'string', summary: 'The name of an attribute.' },
      { name: 'val_str', type: 'string', optional: true, summary: 'Its value as text.' },
      { name: 'val_int', type: 'int', optional: true, summary: 'Its value as a number.' },
      { name: 'result_var', type: 'variable', optional: true, summary: 'Gets the number of the branch.' },
      { name: 'offset', type: 'int', optional: true, summary: 'The branch to start with; default 0.' },
    ],
    routes: ['onreply_route', 'branch_route', 'failure_route'],
    summary: 'Finds a branch of the transaction by an attribute. -1 if none matches.',
    source: 'modules/tm',
    run: (run, name, text, number, result, offset = 0) => {
      const branches = run.state(relaying).proxy?.branches ?? [];
      const found = branches.find(({ index, spec }) => {
        const value = spec.data.attributes.get(name);
        if (index < offset || value === undefined) return false;
        if (text !== undefined) return value === text;
        return number === undefined || value === number;
      });
      if (found === undefined) return -1;
      result?.set(run, found.index);
      return 1;
    },
  },
]);
