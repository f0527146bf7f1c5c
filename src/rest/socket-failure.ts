/** Explains connection errors for the log. */
import { firstLine, tlsErrorText } from './errors.ts';
import type { ExchangeFailure } from './failure.ts';

/** The connection was lost, and it is unknown whether the server acted on the request. */
const LOSSES = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'EHOSTUNREACH']);

const REASONS = new Map<string, string>([
  ['ECONNRESET', 'the server reset the connection'],
  ['EPIPE', 'the server closed the connection while the request was sent'],
]);

export function socketFailure(error: NodeJS.ErrnoException): ExchangeFailure {
  // with TLS 1.3 a server refuses the client's certificate after the handshake has ended here (RFC 8446, section
  // 4.4.2.4)
  const alert = tlsErrorText(error);
  if (alert !== null) return { code: 'tls', reason: `the server ended TLS: ${alert}`, fate: 'answered' };
  const { code = '', message } = error;
  const fate = LOSSES.has(code) ? 'unknown' : 'answered';
  const known = REASONS.get(code);
  if (known !== undefined) return { code: 'reset', reason: `${known} (${code})`, fate };
  const line = firstLine(message);
  return {
    code: fate === 'unknown' ? 'reset' : 'network',
    reason: line.includes(code) ? line : `${line} (${code})`,
    fate,
  };
}
