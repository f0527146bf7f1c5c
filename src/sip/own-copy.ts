/**
 * A copy of the text. A substring of a message, or a concatenation of such substrings, keeps the whole message in
 * memory: use this for text that outlives the message.
 */
export function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
