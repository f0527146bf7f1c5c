/** What a script requests for TLS connections that have to be opened for its requests. */
import { type RelayedBranch, type Request, type Routing, StateKey } from '../runtime/index.ts';
import { type ClientChoice, type Target, TRANSPORTS } from '../sip/index.ts';

/** `branch`: null for a request without a transaction. */
type Choose = (request: Request, branch: RelayedBranch | null) => ClientChoice | undefined;

/** Set by tls_mgm; null: nothing is requested. */
export const tlsChoice = new StateKey<Routing, Choose | null>('choice of TLS client domains', () => null);

/** The targets with what is requested for them. */
export function withChoice(
  targets: readonly Target[],
  request: Request,
  branch: RelayedBranch | null,
): readonly Target[] {
  const [first] = targets;
  if (first === undefined || !TRANSPORTS[first.transport].secure) return targets;
  const choice = request.routing.states.get(tlsChoice)?.(request, branch);
  return choice === undefined ? targets : targets.map((target) => ({ ...target, choice }));
}
