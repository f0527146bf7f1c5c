/** dialog:send_sequential. Source: modules/dialog of the manual, its MI functions. */
import { type Dialog, type Dialogs, type RequestWithin, sendWithin } from '../../dialog/index.ts';
import { CommandError, defineCommands } from '../../runtime/index.ts';
import { headerText, isToken, type SipResponse } from '../../sip/index.ts';
import { bytes, dialogNamed, dialogsFor } from './command-arguments.ts';

type Side = RequestWithin['towards'];

const other = (side: Side): Side => (side === 'caller' ? 'callee' : 'caller');
const sdp = 'application/sdp';

/** The body of the first request. @throws CommandError */
function bodyOf(dialog: Dialog, side: Side, text: string): Pick<RequestWithin, 'body' | 'contentType'> {
  const [, type, custom] = /^custom:([^:]+):([^]*)$/.exec(text) ?? [];
  if (type !== undefined && custom !== undefined) return { body: bytes(custom), contentType: bytes(type) };
  if (text === 'none') return { body: '', contentType: null };
  if (text !== 'inbound' && text !== 'outbound')
    throw new CommandError(400, 'body must be none, inbound, outbound or custom:CONTENT_TYPE:BODY');
  // siprest changes no bodies here: what one side has sent is what the other one got
  const leg = other(side) === 'caller' ? dialog.caller : dialog.callee;
  if (leg?.body == null)
    throw new CommandError(400, 'the call has no stored body: create its dialog with a reinvite-ping flag');
  return { body: leg.body, contentType: sdp };
}

/** Gets a new offer from one side, and has the other one answer it (RFC 3725, flow I). */
async function negotiate(
  dialogs: Dialogs,
  dialog: Dialog,
  side: Side,
  first: RequestWithin,
): Promise<SipResponse | null> {
  let second: SipResponse | null = null;
  const answer = await sendWithin(dialogs, dialog, first, undefined, async (offer) => {
    const request = { ...first, towards: other(side), body: offer.body, contentType: sdp };
    second = await sendWithin(dialogs, dialog, request);
    return second === null || second.status >= 300 ? '' : second.body;
  });
  return second ?? answer;
}

export const [sequentialCommand] = defineCommands([
  {
    name: 'dialog:send_sequential',
    aliases: ['dlg_send_sequential'],
    parameters: [
      { name: 'callid', type: 'string', summary: 'The Call-ID of the dialog.' },
      { name: 'method', type: 'string', optional: true, summary: 'Default INVITE.' },
      {
        name: 'mode',
        type: 'string',
        optional: true,
        oneOf: ['caller', 'callee', 'challenge', 'challenge-caller', 'challenge-callee'],
        summary:
          'Who gets it, default `caller`; `challenge-…`: the side that is asked for a body, which the other one gets.',
      },
      {
        name: 'body',
        type: 'string',
        optional: true,
        summary:
          '`none` (default), `inbound` or `outbound`, the last body of the other side, or `custom:TYPE:BODY`.',
      },
      { name: 'headers', type: 'string', optional: true, summary: 'Header lines.' },
    ],
    summary: 'Sends a request within a dialog, and waits for its final response.',
    source: 'modules/dialog',
    run: async ({ callid, method = 'INVITE', mode = 'caller', body = 'none', headers = '' }, routing) => {
      const dialog = dialogNamed(routing, callid);
      const dialogs = dialogsFor(routing);
      if (!dialog.isAnswered) throw new CommandError(400, 'the call has not been answered');
      if (!isToken(method) || method === 'ACK' || method === 'CANCEL')
        throw new CommandError(400, `invalid method "${method}"`);
      const lines = bytes(headers.replaceAll('\\r\\n', '\r\n'));
      if (headerText(lines) === null) throw new CommandError(400, 'headers must be lines "Name: value"');
      const side: Side = mode.endsWith('callee') ? 'callee' : 'caller';
      const request: RequestWithin = {
        method,
        towards: side,
        ...bodyOf(dialog, side, body),
        headers: lines,
        withContact: true,
      };
      if (dialogs.find(dialog.did) === null) {
        // another process has it, which does not tell the response
        dialogs.change(dialog, { kind: 'send', ...request });
        return undefined;
      }
      const response = await (mode.startsWith('challenge')
        ? negotiate(dialogs, dialog, side, request)
        : sendWithin(dialogs, dialog, request));
      if (response === null) throw new CommandError(408, 'no response came');
      return { Status: `${response.status} ${response.reason}` };
    },
  },
]);
