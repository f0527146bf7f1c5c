/**
 * Loop detection: a request that was forwarded and returns unchanged (RFC 3261, 16.3, 4 and 16.6, 8; RFC 5393, 4.2).
 */
import { branchLoopDigest } from './branch.ts';
import { Checksum } from './checksum.ts';
import type { SipRequest } from './message.ts';
import type { SocketRegistry } from './socket-registry.ts';

/**
 * Digest of the received fields that determine routing: a request that returns with another Request-URI is a spiral,
 * which is allowed. All fields are the same in an INVITE, its CANCEL, and the ACK to a non-2xx response, so the To tag
 * and credentials are left out (16.11).
 */
export function loopDigest(request: SipRequest): string {
  request.digest ??= digestOf(request);
  return request.digest;
}

function digestOf(request: SipRequest): string {
  const sum = new Checksum()
    .add(request.requestUri)
    .add(request.callId)
    .add(String(request.cseq.number))
    .add(request.fromTag ?? '');
  for (const { key, value } of request.headers) if (key === 'route') sum.add(value);
  return sum.digits;
}

/**
 * How often a request may pass this element. A spiral passes a few times; a thousand Routes that all name this element
 * would turn one request into a thousand, regardless of how the script handles Max-Forwards.
 */
const MAX_PASSES = 16;

/** Whether this element has forwarded the request too often; the answer is 483. */
export function hasPassedTooOften(request: SipRequest, sockets: SocketRegistry): boolean {
  let lines = 0;
  for (const { key } of request.headers) if (key === 'via') lines++; // each element adds its own line
  if (lines <= MAX_PASSES) return false;
  let passes = 0;
  for (const { host, port } of request.vias)
    if (sockets.isOwn(host, port) && ++passes > MAX_PASSES) return true;
  return false;
}

/** Whether this element has forwarded the same request before; the answer is 482. */
export function isLooped(request: SipRequest, sockets: SocketRegistry): boolean {
  const digest = loopDigest(request);
  // few requests contain the digest: skip checking all Vias of the others
  if (!request.raw.includes(`.${digest}`)) return false;
  return request.vias.some(
    ({ host, port, branch }) =>
      branch !== null && branchLoopDigest(branch) === digest && sockets.isOwn(host, port),
  );
}
