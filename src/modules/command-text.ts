/** Text of administration commands, which is UTF-16, and of messages and scripts, which are byte strings. */

export const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

export const textOf = (bytes: string | number): string =>
  Buffer.from(String(bytes), 'latin1').toString('utf8');
