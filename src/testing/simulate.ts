import { loadTested, type PolicyOptions, type TestedPolicy } from './load-policy.ts';
import { Simulation } from './simulation.ts';
import type { SimulationOptions } from './simulation-options.ts';

/** Options of {@link simulate}. */
export interface SimulateOptions extends SimulationOptions, PolicyOptions {}

/**
 * Starts a server on a policy, on a simulated network and by a simulated clock: no port is opened, and no real time
 * passes.
 * @param policy the path or URL of a file, `{ script: 'its text' }`, or what `defineServer()` returns
 * @throws SimulationError if the script has errors
 *
 * @example
 * await using test = await simulate('opensips.cfg');
 * test.services.on('credit.example', { status: 403 });
 * const call = test.caller('alice').invite('sip:bob@example.org');
 * assert.equal((await call.final()).status, 403);
 */
export async function simulate(policy: TestedPolicy, options: SimulateOptions = {}): Promise<Simulation> {
  return Simulation.start(await loadTested(policy, options), options);
}
