/** Records of transactions: when they are answered, and before their failure routes. */
import { isDownstream, relaying } from '../../relay/index.ts';
import { callIdOf, Listeners, type Request, type RunRouting } from '../../runtime/index.ts';
import { ownCopy, reasonPhrase, type ServerTransaction, type SipResponse } from '../../sip/index.ts';
import type { Accounting } from './accounting.ts';
import { parameters } from './parameters.ts';
import type { Answer, Subject, TransactionKind, TransactionRecord } from './record.ts';
import type { RecordType } from './selection.ts';
import { write } from './writers.ts';

/** What a record says of a reply. */
export type Outcome = Pick<Answer, 'code' | 'reason' | 'toTag'>;

/** The subject of a request. `isSwapped`: it comes from the callee, and acc detects that. */
export interface RequestSubject extends Subject {
  readonly isSwapped: boolean;
}

/** Writes records of a transaction from now on. */
export function followTransaction(
  routing: RunRouting,
  request: Request,
  state: Accounting,
  transaction: ServerTransaction,
): void {
  const following = new Following(routing, state, subjectOf(routing, request));
  transaction.onReply((status, response) => following.onReply(status, response));
  const relayed = request.state(relaying);
  relayed.failures ??= new Listeners();
  relayed.failures.add(({ status, response }) => following.onFailure(status, response));
}

class Following {
  readonly #routing: RunRouting;
  readonly #state: Accounting;
  readonly #subject: RequestSubject;

  constructor(routing: RunRouting, state: Accounting, subject: RequestSubject) {
    this.#routing = routing;
    this.#state = state;
    this.#subject = subject;
  }

  /** All branches have failed; the script's failure route may try others. */
  onFailure(status: number, response: SipResponse | null): void {
    this.#missed(outcomeOf(status, response, this.#subject));
  }

  onReply(status: number, response: SipResponse | null): void {
    const { early_media } = this.#routing.parameters(parameters);
    if (status < 200 && !(early_media && response !== null && response.body !== '')) return;
    const state = this.#state;
    const { selection } = state;
    const outcome = outcomeOf(status, response, this.#subject);
    if (status >= 300) {
      // a reply of the script, which no failure has preceded
      this.#missed(outcome);
      if (selection.hasFailed) this.#write(selection.types, 'answered', outcome);
      return;
    }
    if (status >= 200) state.answer ??= answerOf(this.#subject, outcome);
    if (!selection.hasCdr) this.#write(selection.types, 'answered', outcome);
  }

  /** Only once, until it is selected again. */
  #missed(outcome: Outcome): void {
    const { selection } = this.#state;
    const types = selection.missed;
    this.#write(types, 'missed', outcome);
    selection.drop(types, ['missed']);
  }

  #write(types: readonly RecordType[], kind: TransactionKind, outcome: Outcome): void {
    if (types.length === 0) return;
    write(this.#routing, types, recordOf(this.#routing, this.#state, this.#subject, kind, outcome));
  }
}

export function subjectOf(routing: RunRouting, request: Request): RequestSubject {
  const { message } = request;
  return {
    method: ownCopy(message?.method ?? ''),
    fromTag: ownCopy(message?.fromTag ?? ''),
    toTag: ownCopy(message?.toTag ?? ''),
    callId: ownCopy(message === null ? '' : callIdOf(routing.host, message)),
    isSwapped: routing.parameters(parameters).detect_direction && !isDownstream(request),
  };
}

/** `response`: null for a reply of this server, whose reason is that of its status, whatever the script has sent. */
function outcomeOf(status: number, response: SipResponse | null, { toTag }: Subject): Outcome {
  if (response === null) return { code: String(status), reason: reasonPhrase(status), toTag };
  // a 503 goes on as 500 (RFC 3261, 16.7, 6)
  const code = status === 500 && response.status === 503 ? 503 : status;
  return { code: String(code), reason: ownCopy(response.reason), toTag: ownCopy(response.toTag ?? '') };
}

function answerOf({ isSwapped, ...subject }: RequestSubject, { code, reason, toTag }: Outcome): Answer {
  const { fromTag } = subject;
  const tags = isSwapped ? { fromTag: toTag, toTag: fromTag } : { fromTag, toTag };
  return { ...subject, ...tags, code, reason };
}

/** `state`: null for a record on the spot of a request that was not selected, and has no values. */
export const recordOf = (
  routing: RunRouting,
  state: Accounting | null,
  subject: RequestSubject,
  kind: TransactionKind,
  outcome: Outcome,
): TransactionRecord => ({
  ...answerOf(subject, outcome),
  kind,
  at: routing.host.clock.date(),
  created: state === null ? null : (state.created ?? 0),
  values: state?.values ?? noValues,
  legs: state?.legs ?? [noValues],
});

const noValues: Accounting['values'] = new Map();
