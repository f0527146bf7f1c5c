/** Requests that keep a way through a NAT open: sent once, in a transaction that waits for the answer and nothing else. */
import type { RunRouting } from '../runtime/index.ts';
import {
  buildRequest,
  formatHostPort,
  type HeaderText,
  newBranch,
  randomToken,
  type SendingSocket,
  type Target,
  type TimerValues,
  TRANSPORTS,
} from '../sip/index.ts';

export interface OnceRequest {
  readonly method: string;
  readonly uri: string;
  /** The URI in From. */
  readonly from: string;
  /** Further header lines. */
  readonly headers: HeaderText;
  /** How long to wait for a final answer, in ms. */
  readonly within: number;
}

/** It is not sent again, and nothing of it stays after its answer. */
const onceOnly: TimerValues = { t1: 3_600_000, t2: 3_600_000, t4: 0 };

/** Sends a request; `done` gets the status of its final answer, or null without one. */
export function sendOnce(
  { host: own }: RunRouting,
  { method, uri, from, headers, within }: OnceRequest,
  target: Target,
  { transport, host, port }: SendingSocket,
  done: (status: number | null) => void,
): void {
  const branch = newBranch(own.number);
  const via = `SIP/2.0/${TRANSPORTS[transport.protocol].via} ${host}:${port};branch=${branch};rport`;
  const callId = `${randomToken()}@${formatHostPort(transport.local.address, null)}`;
  const data = buildRequest({
    method,
    uri,
    via,
    from: `<${from}>;tag=${randomToken()}`,
    to: `<${uri}>`,
    callId,
    cseq: 1,
    headers,
    defaults: { 'Max-Forwards': '70' },
  });
  // what an ACK or CANCEL would need: there is none
  const request = {
    method,
    requestUri: uri,
    callId,
    cseq: { number: 1, method },
    header: () => null,
    headerList: () => [],
    via: { branch, text: via },
  };
  let isDone = false;
  const end = (status: number | null) => {
    if (!isDone) done(status);
    isDone = true;
  };
  own.ownRequests.count++;
  own.proxy.clients
    .create({
      request,
      data,
      transport,
      sentBy: { host, port },
      destination: target,
      values: onceOnly,
      timeout: within,
      user: {
        onResponse: ({ status }) => {
          if (status >= 200) end(status);
        },
        onEnd: (ending) => {
          if (ending !== 'done') end(null);
        },
      },
    })
    .start();
}
