/**
 * The 2xx to an INVITE that have gone up to its caller. They may come again, and further ones from other callees
 * (forks further on), for half a minute after everything else of the call has been forgotten (RFC 6026, 7.2).
 */
import { detached } from './detached.ts';
import { forwardResponse } from './forward.ts';
import type { SipResponse } from './message.ts';
import type { ResponseEdits } from './proxy-types.ts';
import type { ServerTransaction } from './server-transaction.ts';

/** 2xx of different callees to one INVITE. */
const MAX_ANSWERS = 64;
const NO_EDITS: ResponseEdits = {};

interface Answer {
  readonly toTag: string;
  /** What was sent up, where that was changed by the transaction's user; null: as it came. */
  readonly text: string | null;
}

export class Answers {
  readonly #server: ServerTransaction;
  readonly #withLength: boolean;
  /** Most calls have one. */
  readonly #sent: Answer[] = [];

  /** `withLength`: the caller is reached by a stream, where Content-Length has to be there. */
  constructor(server: ServerTransaction, withLength: boolean) {
    this.#server = server;
    this.#withLength = withLength;
  }

  get isFull(): boolean {
    return this.#sent.length >= MAX_ANSWERS;
  }

  /** Sends up once more what was sent up for this answer before; false when it is a new one. */
  repeat(response: SipResponse): boolean {
    const toTag = response.toTag ?? '';
    const answer = this.#sent.find((sent) => sent.toTag === toTag);
    if (answer === undefined) return false;
    const { text } = answer;
    const data =
      text === null ? forwardResponse(response, NO_EDITS, this.#withLength) : Buffer.from(text, 'latin1');
    if (data !== null) this.#server.send(response.status, data);
    return true;
  }

  /** Sends a new one up; false when the caller's Via was lost on its way. */
  pass(response: SipResponse, edits: ResponseEdits = NO_EDITS): boolean {
    const data = forwardResponse(response, edits, this.#withLength);
    if (data === null) return false;
    const isChanged = Object.keys(edits).length > 0;
    this.#sent.push({
      toTag: detached(response.toTag ?? ''),
      text: isChanged ? data.toString('latin1') : null,
    });
    this.#server.send(edits.status ?? response.status, data);
    return true;
  }

  /** A 2xx after the transaction's user has gone: as it comes. */
  readonly receive = (response: SipResponse): void => {
    if (!this.repeat(response) && !this.isFull) this.pass(response);
  };
}
