/** Acknowledges reliable provisional responses in the caller's place (RFC 3262), for the flag auto-prack. */
import { replyTo } from '../relay/index.ts';
import type { SipResponse } from '../sip/index.ts';
import type { Dialog } from './dialog.ts';
import type { DialogTable } from './dialog-table.ts';
import { sendWithin } from './send-within.ts';

export function acknowledgeProvisional(table: DialogTable, dialog: Dialog, response: SipResponse): void {
  const number = response.header('rseq')?.trim() ?? '';
  const leg = dialog.callees.find(({ tag }) => tag === response.toTag);
  if (leg === undefined || !/^\d{1,10}$/.test(number)) return;
  const { transaction } = dialog;
  const rack = `RAck: ${number} ${response.cseq.number} ${response.cseq.method}\r\n`;
  const request = { method: 'PRACK', body: '', contentType: null, headers: rack, withContact: false };
  void sendWithin(table, dialog, { ...request, towards: 'callee' }, leg).then((answer) => {
    const failed = answer === null || answer.status >= 300;
    if (failed && table.parameters.auto_prack_hangup_on_failure && transaction?.isFinal === false)
      replyTo(table.routing, transaction, 502, 'Bad Gateway');
  });
}
