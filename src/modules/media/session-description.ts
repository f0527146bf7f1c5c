/** The session description in the body of a message, which may have other parts. */
import { type BodyPart, type Draft, mimeOf } from '../../runtime/index.ts';

const isDescription = ({ type, body }: BodyPart): boolean =>
  type === '' ? /^v=0\r?$/m.test(body) : mimeOf(type) === 'application/sdp';

/** With the script's changes; null without one. */
export const descriptionOf = (draft: Draft): string | null =>
  draft.body.parts.find(isDescription)?.body || null;

/** Replaces it. */
export function setDescription(draft: Draft, text: string): void {
  const { parts } = draft.body;
  const [only, second] = parts;
  if (only === undefined) return;
  if (second === undefined) draft.replaceBodyText(text);
  else {
    const at = parts.findIndex(isDescription);
    draft.replaceParts(parts.map((part, i) => (i === at ? { ...part, body: text } : part)));
  }
}
