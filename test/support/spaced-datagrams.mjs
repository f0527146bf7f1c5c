/**
 * Loaded before a program by `node --import`: its UDP sockets send datagrams one after the other with some
 * milliseconds between them, in the order in which it sent them. Several processes that share a socket may read what
 * is sent back to back in either order, as a network may deliver it; a test of what they answer is not about that.
 */
import { Socket } from 'node:dgram';

const milliseconds = 25;
const send = Socket.prototype.send;
const next = new WeakMap();

Socket.prototype.send = function spaced(...args) {
  const now = performance.now();
  const due = Math.max(now, next.get(this) ?? 0);
  next.set(this, due + milliseconds);
  if (due === now) return send.apply(this, args);
  setTimeout(() => {
    try {
      send.apply(this, args);
    } catch {
      // it was closed meanwhile
    }
  }, due - now);
};
