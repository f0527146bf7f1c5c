/**
 * The same text in memory of its own. A text that was cut out of a message keeps the whole message in memory, and so
 * does one put together from such cuts: this is for what stays when the message has gone.
 */
export function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
