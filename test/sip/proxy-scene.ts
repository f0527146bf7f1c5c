/** A call through a simulated proxy: the callees' plans say what happens. */
import {
  Callee,
  Caller,
  contactOf,
  type Plan,
  type ProxyOptions,
  ProxyUnderTest,
  SimulatedNetwork,
} from './simulated-network.ts';

export interface Scene {
  readonly network: SimulatedNetwork;
  readonly caller: Caller;
  readonly proxy: ProxyUnderTest;
  readonly callees: Callee[];
}

/** A caller, a proxy, and callees on ports 7001, 7002, ... */
export function scene(plans: readonly Plan[], options: ProxyOptions = {}): Scene {
  const network = new SimulatedNetwork();
  const callees = plans.map((plan, i) => new Callee(network, 7001 + i, plan, contactOf(7001 + i)));
  const proxy = new ProxyUnderTest(network, { branches: plans.map((_, i) => 7001 + i), ...options });
  return { network, caller: new Caller(network), proxy, callees };
}

export const RING_ANSWER: Plan = [
  [10, 180],
  [500, 200],
];
export const RING: Plan = [[10, 180]];
export const SILENT: Plan = [];
export const refuse = (status: number, after = 50): Plan => [[after, status]];

/** Longer than any transaction may live once its call is decided. */
export const AFTERWARDS = 70_000;
