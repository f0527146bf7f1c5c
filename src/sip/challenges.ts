/** The challenges of several branches in one response. */
import { headerLines } from './forward.ts';
import type { HeaderText } from './header-text.ts';
import type { Branch, ResponseEdits } from './proxy-types.ts';

/** 16.7, 7: a 401 or 407 is forwarded with the challenges of all branches. */
export function withChallenges(best: Branch, round: readonly Branch[], edits: ResponseEdits): ResponseEdits {
  if (best.lastStatus !== 401 && best.lastStatus !== 407) return edits;
  const lines: HeaderText[] = [];
  for (const { response } of round) {
    if (response === null || response === best.response) continue;
    if (response.status !== 401 && response.status !== 407) continue;
    lines.push(headerLines(response, 'www-authenticate'), headerLines(response, 'proxy-authenticate'));
  }
  return lines.length === 0 ? edits : { ...edits, appended: [...(edits.appended ?? []), ...lines] };
}
