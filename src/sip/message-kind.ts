/** What a message is, by its first bytes. */

const SLASH = 0x2f;
const SPACE = 0x20;
const ACK = Buffer.from('ACK ');

/** `SIP/2.0 200 ...`: no method has a slash. */
const isReply = (message: Uint8Array): boolean => message[3] === SLASH;

/** Whether a header is that of a SIP request, whose first line ends with the version. */
export const isSip = (header: Buffer): boolean => /^[^\r\n]* SIP\/2\.0\r?\n/.test(header.toString('latin1'));

/** Whether it is a request that is answered. */
export const wantsReply = (message: Buffer): boolean => !isReply(message) && ACK.compare(message, 0, 4) !== 0;

/** Whether the status, after the version and a space, begins with 2 to 6. */
export const isFinalReply = (message: Uint8Array): boolean =>
  isReply(message) && message[7] === SPACE && (message[8] ?? 0) > 0x31;
