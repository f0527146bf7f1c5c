/**
 * The message that a run is about, with the script's changes to it: the request in request, failure and branch routes
 * (each branch has its own), the response in reply routes. All code that reads or changes a message uses `run.draft`,
 * so that a change to a response never reaches the request.
 */
import type { SipMessage, SipResponse } from '../sip/index.ts';
import { type Body, type BodyPart, bodyParts, buildBody, receivedBody } from './body.ts';
import { type Edit, edits } from './edits.ts';
import type { Request } from './request.ts';
import { StateKey } from './state.ts';

export class Draft {
  /** As received; null in routes that no message triggers. */
  readonly message: SipMessage | null;
  /** In the order of the script. */
  readonly edits: Edit[];
  #received: Body | null = null;

  constructor(message: SipMessage | null, list: Edit[]) {
    this.message = message;
    this.edits = list;
  }

  static ofResponse(response: SipResponse): Draft {
    return new Draft(response, []);
  }

  get receivedBody(): Body {
    this.#received ??= receivedBody(this.message);
    return this.#received;
  }

  /** With all changes so far. */
  get body(): Body {
    return this.#lastBody()?.content ?? this.receivedBody;
  }

  /** The body as `$rb` shows it: as received until a change by `$sdp`, then with all changes. */
  get shownBody(): Body {
    const last = this.#lastBody();
    return last?.shown === true ? last.content : this.receivedBody;
  }

  /** The status of a response, as set by change_reply_status(); null for a request. */
  get status(): number | null {
    const changed = this.edits.findLast((edit) => edit.kind === 'status');
    if (changed !== undefined) return changed.status;
    return this.message?.kind === 'response' ? this.message.status : null;
  }

  #lastBody(): Extract<Edit, { kind: 'body' }> | undefined {
    return this.edits.findLast((edit) => edit.kind === 'body');
  }

  replaceParts(parts: readonly BodyPart[], { shown = false } = {}): void {
    const { contentType, body } = buildBody(parts, this.body.contentType);
    this.#setBody({ parts, contentType, text: body }, shown);
  }

  /** Replaces the body and keeps its Content-Type. */
  replaceBodyText(text: string): void {
    const { contentType } = this.body;
    this.#setBody({ parts: bodyParts(contentType, text), contentType, text }, false);
  }

  #setBody(content: Body, shown: boolean): void {
    this.edits.push({ kind: 'body', content, shown: shown || this.#lastBody()?.shown === true });
  }
}

/** The draft of a request. Copies for branches and replies have their own. */
export const requestDraft = new StateKey<Request, Draft>(
  'draft',
  (request) => new Draft(request.message, request.state(edits)),
);
