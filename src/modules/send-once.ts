/** Requests that keep a way through a NAT open: sent once, in a transaction that waits for the answer and nothing else. */
import { sendOwnRequest } from '../relay/index.ts';
import type { Routing } from '../runtime/index.ts';
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
  routing: Pick<Routing, 'host' | 'owner'>,
  { method, uri, from, headers, within }: OnceRequest,
  target: Target,
  socket: SendingSocket,
  done: (status: number | null) => void,
): void {
  const { transport, host, port } = socket;
  const branch = newBranch(routing.host.number);
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
  // neither an ACK nor a CANCEL follows, so what they would need is empty
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
  sendOwnRequest(routing, socket, {
    request,
    data,
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
  });
}
