/**
 * Routes that look at what siprest itself is about to send: tm's local_request_route and local_reply_route. They
 * change nothing and hold nothing up. Source: modules/tm of the manual.
 */

import { Request, type RunRouting, runRoute, tmParameters } from '../runtime/index.ts';
import { parseMessage } from '../sip/index.ts';

export type LocalMessageRoute = 'local_request_route' | 'local_reply_route';

/** Runs the route that the parameter names, on a worker of its own. */
export function showLocalMessage(
  routing: RunRouting,
  parameter: LocalMessageRoute,
  message: Uint8Array | string,
): void {
  const name = routing.parameters(tmParameters)[parameter];
  const route = name === null ? null : routing.script.find('route', name);
  if (route === null) return;
  const parsed = parseMessage(typeof message === 'string' ? Buffer.from(message, 'latin1') : message);
  if (parsed.kind === 'malformed') return;
  routing.submit((worker) =>
    parsed.kind === 'request'
      ? runRoute(worker, Request.own(routing, parsed), route)
      : runRoute(worker, new Request(routing, null), route, { subject: { response: parsed } }),
  );
}
