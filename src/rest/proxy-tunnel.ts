/** A tunnel through an HTTP proxy to another server (RFC 9110, section 9.3.6), for TLS. */

import type { Proxy, Wire } from '../net/index.ts';
import { MAX_HEADER } from './limits.ts';

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r?\n/;
const HEAD_END = /\r?\n\r?\n/;
const MAX_INTERIM = 16;

/**
 * Asks the proxy for a tunnel. `done` is called once, with null or the reason of the failure; not if the owner destroys
 * the socket first.
 */
export function openTunnel(
  socket: Wire,
  proxy: Proxy,
  target: string,
  done: (failure: string | null) => void,
): void {
  let received = '';
  let interim = 0;
  const finish = (failure: string | null): void => {
    socket.off('data', onData);
    socket.off('error', onError);
    socket.off('end', onEnd);
    done(failure);
  };
  const onError = (error: NodeJS.ErrnoException): void =>
    finish(`the connection to the proxy ${proxy.shown} was lost: ${error.code ?? error.message}`);
  const onEnd = (): void => finish(`the proxy ${proxy.shown} closed the connection`);
  const onData = (piece: Buffer): void => {
    received += piece.toString('latin1');
    for (;;) {
      const end = HEAD_END.exec(received);
      if (end === null) {
        if (received.length > MAX_HEADER) finish(`the proxy ${proxy.shown} sent a header without an end`);
        return;
      }
      const [, code, phrase = ''] = STATUS_LINE.exec(received) ?? [];
      const status = Number(code);
      received = received.slice(end.index + end[0].length);
      if (code === undefined) {
        finish(`the proxy ${proxy.shown} did not answer in HTTP/1`);
      } else if (status >= 100 && status < 200 && interim++ < MAX_INTERIM) {
        continue;
      } else if (status < 200 || status > 299) {
        finish(
          `the proxy ${proxy.shown} refused a tunnel to ${target}: ${status} ${phrase.slice(0, 100)}`.trimEnd(),
        );
      } else {
        socket.pause();
        if (received !== '') socket.unshift(Buffer.from(received, 'latin1'));
        finish(null);
      }
      return;
    }
  };
  socket.on('data', onData);
  socket.on('error', onError);
  socket.on('end', onEnd);
  const authorization = proxy.authorization === '' ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(
    `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}Proxy-Connection: Keep-Alive\r\n\r\n`,
    'latin1',
  );
}
