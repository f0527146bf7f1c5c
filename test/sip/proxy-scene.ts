/** A call through a simulated proxy: the callees' plans say what happens. */
import type { Phone } from '../../src/testing/phone.ts';
import { Caller, type Plan, type ProxyOptions, ProxyUnderTest, TestNetwork } from './proxy-network.ts';

export interface Scene {
  readonly network: TestNetwork;
  readonly caller: Caller;
  readonly proxy: ProxyUnderTest;
  readonly callees: readonly Phone[];
}

/** A caller, a proxy, and callees on ports 7001, 7002, ... */
export function scene(plans: readonly Plan[], options: ProxyOptions = {}): Scene {
  const network = new TestNetwork();
  const callees = plans.map((plan, i) => network.callee(7001 + i, plan));
  const proxy = new ProxyUnderTest(network, { branches: plans.map((_, i) => 7001 + i), ...options });
  return { network, caller: new Caller(network), proxy, callees };
}

/** How many requests of a method a callee has received. */
export const count = (callee: Phone | undefined, method: string): number =>
  callee?.methods.filter((one) => one === method).length ?? 0;

export const RING_ANSWER: Plan = [
  [10, 180],
  [500, 200],
];
export const RING: Plan = [[10, 180]];
export const SILENT: Plan = [];
export const refuse = (status: number, after = 50): Plan => [[after, status]];

/** Longer than any transaction may live once its call is decided. */
export const AFTERWARDS = 70_000;
