import { type ReplyHook, relaying } from '../../relay/index.ts';
import type { Request } from '../../runtime/index.ts';

/** Lets a hook change the responses that go on to the sender of a request. */
export function addReplyHook(request: Request, hook: ReplyHook): void {
  const state = request.state(relaying);
  state.replyHooks = [...(state.replyHooks ?? []), hook];
}
