import { describe, expect, it } from 'vitest';
import { answerStun } from '../../src/sip/stun.ts';

/** RFC 5769, 2.1 without its attributes: the transaction of the sample request. */
const TRANSACTION = 'b7e7a701bc34d686fa87dfae';
const request = Buffer.from(`000100002112a442${TRANSACTION}`, 'hex');

describe('a STUN Binding request', () => {
  it.each([
    // the mapped addresses of RFC 5769, 2.2 and 2.3
    ['192.0.2.1', 32_853, '0101000c2112a442', '002000080001a147e112a643'],
    [
      '2001:db8:1234:5678:11:2233:4455:6677',
      32_853,
      '010100182112a442',
      '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9',
    ],
  ])('from %s is answered with its address', (address, port, head, attribute) => {
    expect(answerStun(request, { address, port })?.toString('hex')).toBe(head + TRANSACTION + attribute);
  });

  it.each([
    ['a message of SIP', Buffer.from('OPTIONS sip:a@b SIP/2.0\r\n\r\n')],
    ['a response', Buffer.from(`010100002112a442${TRANSACTION}`, 'hex')],
    ['another cookie', Buffer.from(`0001000000000000${TRANSACTION}`, 'hex')],
    ['a wrong length', Buffer.from(`000100042112a442${TRANSACTION}`, 'hex')],
    ['a piece', request.subarray(0, 19)],
    ['zeros', Buffer.alloc(4)],
  ])('is not %s', (_, data) => {
    expect(answerStun(data, { address: '192.0.2.1', port: 1 })).toBeNull();
  });
});
