/** W3C Trace Context in SIP requests: the header fields Traceparent and Tracestate. */
import type { SipRequest } from '../../sip/index.ts';
import type { TraceParent } from './span.ts';

/** Version, trace, parent and flags; a later version may have more behind them (Trace Context, 3.2.2 and 4.3). */
const form = /^(?!ff)([\da-f]{2})-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;
/** Longer ones are left out (3.3.1.1). */
const longestState = 512;

/** The trace that a request belongs to; null without one, or with several, or if it is invalid. */
export function traceParentOf(message: SipRequest): TraceParent | null {
  const [traceparent, ...others] = message.headerAll('traceparent');
  if (traceparent === undefined || others.length > 0) return null;
  const parsed = form.exec(traceparent.trim());
  if (parsed === null || (parsed[1] === '00' && parsed[2] !== undefined)) return null;
  const tracestate = message.headerAll('tracestate').join(',');
  return {
    traceparent: traceparent.trim(),
    tracestate: tracestate.length > longestState ? '' : tracestate,
  };
}
