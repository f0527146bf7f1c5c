/**
 * The 2xx responses to an INVITE that were forwarded to the caller. They may be retransmitted, and others may arrive
 * from other callees (downstream forks), for 32 s after everything else about the call is gone (RFC 6026, 7.2).
 */

import type { ClientUser } from './client-transaction.ts';
import { forwardResponse } from './forward.ts';
import type { SipResponse } from './message.ts';
import { ownCopy } from './own-copy.ts';
import type { ResponseEdits } from './proxy-types.ts';
import type { ServerTransaction } from './server-transaction.ts';

/** Limit on 2xx responses of different callees to one INVITE. */
const MAX_ANSWERS = 64;
const NO_EDITS: ResponseEdits = {};

interface Answer {
  readonly toTag: string;
  /** The response as the transaction's user changed it; null if it was forwarded unchanged. */
  readonly text: string | null;
}

/** Takes the place of the branches once they are over. */
export class Answers implements ClientUser {
  readonly #server: ServerTransaction;
  readonly #withLength: boolean;
  /** Most calls have one. */
  #sent: readonly Answer[] = [];
  /** Changes to those that follow after the transaction's user has ended; null: none. */
  editsLater: ((response: SipResponse) => ResponseEdits) | null = null;

  /** @param withLength the caller is reached by a stream, which requires Content-Length */
  constructor(server: ServerTransaction, withLength: boolean) {
    this.#server = server;
    this.#withLength = withLength;
  }

  get isFull(): boolean {
    return this.#sent.length >= MAX_ANSWERS;
  }

  /** Forwards a retransmission with the changes of its first copy; false if the answer is new. */
  repeat(response: SipResponse): boolean {
    const toTag = response.toTag ?? '';
    const answer = this.#sent.find((sent) => sent.toTag === toTag);
    if (answer === undefined) return false;
    const { text } = answer;
    const data =
      text === null ? forwardResponse(response, NO_EDITS, this.#withLength) : Buffer.from(text, 'latin1');
    if (data !== null) this.#server.relay(response.status, data, null);
    return true;
  }

  /** Forwards a new answer; false if the caller's Via is missing. */
  pass(response: SipResponse, edits: ResponseEdits = NO_EDITS): boolean {
    const data = forwardResponse(response, edits, this.#withLength);
    if (data === null) return false;
    const isChanged = Object.keys(edits).length > 0;
    const answer = { toTag: ownCopy(response.toTag ?? ''), text: isChanged ? data.toString('latin1') : null };
    this.#sent = [...this.#sent, answer];
    this.#server.relay(edits.status ?? response.status, data, response);
    return true;
  }

  /** Forwards a 2xx after the transaction's user has ended. */
  onResponse(response: SipResponse): void {
    if (!this.repeat(response) && !this.isFull) this.pass(response, this.editsLater?.(response));
  }

  onEnd(): void {
    // the transaction has nothing else to report
  }
}
