import { responseEdits } from '../relay/index.ts';
import type { ReplyVerdict } from '../sip/index.ts';
import { type Awaitable, isPending } from '../timers/index.ts';
import type { Reply } from './reply.ts';

/** Applies a function's changes to a reply. If it fails, the reply is forwarded unchanged. */
export function responseVerdict(
  reply: Reply,
  change: (reply: Reply) => unknown,
  failed: (error: unknown) => void,
): Awaitable<ReplyVerdict> {
  const verdict = (): ReplyVerdict => {
    if (reply.isDropped) return 'drop';
    const { edits } = reply;
    return edits.length === 0 ? 'forward' : (responseEdits(reply.message, edits) ?? 'forward');
  };
  try {
    const done = change(reply);
    if (!isPending(done)) return verdict();
    return done.then(verdict, (error: unknown) => {
      failed(error);
      return 'forward';
    });
  } catch (error) {
    failed(error);
    return 'forward';
  }
}
