/** How a phone answers requests. */
import type { SipRequest } from '../sip/index.ts';

/** A reply. */
export interface PhoneReply {
  /** 100 to 699. */
  readonly status: number;
  /** How long after the reply before, or the request, in ms. Default 0. */
  readonly after?: number | undefined;
  /** Default: the usual one. */
  readonly reason?: string | undefined;
  /** Header fields, by name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The body. Default: an SDP answer in a 2xx to an INVITE with SDP. */
  readonly body?: string | undefined;
  /** Default `application/sdp`. */
  readonly contentType?: string | undefined;
}

/** Replies in order; a number stands for one at once. Without any the phone is silent. */
export type PhoneAnswers = readonly (number | PhoneReply)[];

/** The replies, or what makes them of the request. */
export type PhoneResponder = PhoneAnswers | ((request: SipRequest) => PhoneAnswers);

/** With all times counted from the request. */
export function timedReplies(answers: PhoneAnswers): readonly (PhoneReply & { readonly at: number })[] {
  let at = 0;
  return answers.map((answer) => {
    const reply: PhoneReply = typeof answer === 'number' ? { status: answer } : answer;
    at += reply.after ?? 0;
    return { ...reply, at };
  });
}
