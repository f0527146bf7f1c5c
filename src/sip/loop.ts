/** Loops: a request that comes back as it was when it was sent on (RFC 3261, 16.3, 4 and 16.6, 8; RFC 5393, 4.2). */
import { branchLoopDigest } from './branch.ts';
import { Checksum } from './checksum.ts';
import type { SipRequest } from './message.ts';
import type { SocketRegistry } from './socket-registry.ts';

/**
 * What routing goes by, as it was received: one that comes back with another Request-URI is a spiral, and fine.
 * Nothing is in it that a CANCEL, or the ACK to a non-2xx response, does not share with its INVITE: To tag and
 * credentials are not (16.11).
 */
export function loopDigest(request: SipRequest): string {
  const sum = new Checksum()
    .add(request.requestUri)
    .add(request.callId)
    .add(String(request.cseq.number))
    .add(request.fromTag ?? '');
  for (const { key, value } of request.headers) if (key === 'route') sum.add(value);
  return sum.digits;
}

/**
 * How often a request may come by here. A spiral comes by a few times; a set of a thousand Routes that all name this element
 * would make a thousand requests of one, whatever the script does about Max-Forwards.
 */
const MAX_PASSES = 16;

/** Whether this element has sent a request on so often already that it goes nowhere; its answer is 483. */
export function hasPassedTooOften(request: SipRequest, sockets: SocketRegistry): boolean {
  let lines = 0;
  for (const { key } of request.headers) if (key === 'via') lines++; // each element adds a line of its own
  if (lines <= MAX_PASSES) return false;
  let passes = 0;
  for (const { host, port } of request.vias)
    if (sockets.isOwn(host, port) && ++passes > MAX_PASSES) return true;
  return false;
}

/** Whether this element has sent the same request on before; its answer is 482. */
export function isLooped(request: SipRequest, sockets: SocketRegistry): boolean {
  const digest = loopDigest(request);
  // few requests have it anywhere: the others are spared a look at all their Vias
  if (!request.raw.includes(`.${digest}`)) return false;
  return request.vias.some(
    ({ host, port, branch }) =>
      branch !== null && branchLoopDigest(branch) === digest && sockets.isOwn(host, port),
  );
}
