import type { Draft } from '../runtime/index.ts';
import type { SipResponse, Source } from '../sip/index.ts';
import { MessageView } from './message-view.ts';
import { decode } from './text.ts';

/** A reply to a relayed request on its way to the caller. */
export class Reply extends MessageView {
  /** The target that sent it: the URI of its branch. */
  readonly target: string;
  /** The message as received, a byte string; see `siprest/sip`. */
  readonly message: SipResponse;
  #draft: Draft;
  #dropped = false;

  /** @internal */
  constructor(message: SipResponse, draft: Draft, target: string) {
    super();
    this.message = message;
    this.#draft = draft;
    this.target = target;
  }

  /** @internal */
  protected get draft(): Draft {
    return this.#draft;
  }

  /** Its status, as changed by {@link Reply.setStatus}. */
  get status(): number {
    return this.#draft.status ?? this.message.status;
  }

  /** The reason phrase as received. */
  get reason(): string {
    return decode(this.message.reason);
  }

  /** The sender. */
  get source(): Source {
    return this.message.source;
  }

  /**
   * Passes another status on. A status below 300 stays within its class.
   * @throws RangeError for an invalid status
   */
  setStatus(status: number, reason = ''): void {
    const from = Math.floor(this.message.status / 100);
    const to = Math.floor(status / 100);
    if (!Number.isInteger(status) || to < 1 || to > 6 || ((from < 3 || to < 3) && from !== to))
      throw new RangeError(`a ${this.message.status} cannot become a ${status}`);
    this.#draft.edits.push({ kind: 'status', status, reason });
  }

  /** Withholds a provisional reply from the caller; final ones are always forwarded. */
  drop(): void {
    this.#dropped = true;
  }

  /** @internal */
  get edits(): Draft['edits'] {
    return this.#draft.edits;
  }

  /** @internal */
  get isDropped(): boolean {
    return this.#dropped && this.message.status < 200;
  }
}
