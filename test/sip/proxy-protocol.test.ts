import { describe, expect, it } from 'vitest';
import { readProxyHeader } from '../../src/sip/proxy-protocol.ts';
import { proxyHeader } from '../support/proxy-header.ts';

describe('a PROXY header', () => {
  it.each([
    ['192.0.2.7', 5555],
    ['2001:db8::7', 65_535],
    ['::1', 1],
  ])('names the client %s', (address, port) => {
    const header = proxyHeader({ address, port });
    expect(readProxyHeader(Buffer.concat([header, Buffer.from('OPTIONS ')]))).toEqual({
      client: { address, port },
      length: header.length,
    });
    for (let cut = 0; cut < header.length; cut++)
      expect(readProxyHeader(header.subarray(0, cut)), `${cut} bytes`).toBe('more');
  });

  it('may have extensions, or no client', () => {
    const extended = proxyHeader({ address: '192.0.2.7', port: 1 }, Buffer.alloc(100));
    expect(readProxyHeader(extended)).toMatchObject({ length: extended.length });
    expect(readProxyHeader(proxyHeader(null))).toEqual({ client: null, length: 16 });
  });

  const usual = proxyHeader({ address: '192.0.2.7', port: 1 });
  const changed = (at: number, ...bytes: readonly number[]): Buffer => {
    const copy = Buffer.from(usual);
    copy.set(bytes, at);
    return copy;
  };

  it.each<[string, Buffer, RegExp]>([
    ['another protocol', Buffer.from('OPTIONS sip:a@b SIP/2.0\r\n'), /no PROXY header/],
    ['version 1', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 5555 5060\r\n'), /version 1; use version 2/],
    ['version 3', changed(12, 0x31), /unknown version or command/],
    ['a Unix socket', changed(13, 0x31), /names no TCP client/],
    ['UDP', changed(13, 0x12), /names no TCP client/],
    ['a short address', changed(14, 0, 4), /names no TCP client/],
    ['a giant', changed(14, 0xff, 0xff), /too long/],
  ])('is refused for %s', (_, bytes, reason) => {
    expect(readProxyHeader(bytes)).toEqual({ defect: expect.stringMatching(reason) });
  });
});
